// Package near keeps decoded copies of records in this process, and hands them out only while they
// are proven to be no older than a bound. It knows no codec and no command.
//
// # When a copy may be kept
//
// A read marks its key before it is sent. A push of the key takes all marks away, and so does a
// write of this process, before it is sent and after its reply. What was read without losing the
// mark, and within one session of the primary that has answered, is kept: any write that it lacks
// will still be heard of.
//
// Whatever the server answers ends a copy that was read before, also if nothing is kept in its
// place, and so does it with the marks of older reads. So nobody reads what is older than what was
// read before.
//
// # When a copy may be handed out
//
// The session of the copy has a proof that is not older than the bound, and after that was looked
// up, the copy has not been dropped. The order matters. A push that is heard between the two drops
// the copy. In the other order, a proof that comes between the two would be one of a push that was
// not seen.
//
// A copy does not outlive the record: its time is the TTL that the server told, from before the
// read was sent.
package near
