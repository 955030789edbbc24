// Package near keeps decoded copies of records in this process. It returns a copy only while it is
// proven to be no older than a bound. The package knows no codec and no command.
//
// # When a copy may be kept
//
// A read marks its key before it is sent. A push of the key removes all marks. A write of this
// process does so too, before it is sent and after its reply. A copy is kept if the read still has
// its mark, and if the session of the primary that answered is still the same. Then this process
// will still hear of any write that the copy does not show.
//
// Every answer of the server ends an older copy, and removes the marks of older reads, even if no
// new copy is kept. So no read returns an older value than an earlier read.
//
// # When a copy may be returned
//
// The session of the copy must have a proof that is not older than the bound. After that check, the
// copy must not be dropped. The order of the two checks matters. A push between them drops the
// copy, and the second check sees that. In the other order, the first check could miss a push, and
// a proof that comes after that push would still allow the copy.
//
// A copy does not outlive the record. It lives for the TTL that the server returned, counted from
// before the read was sent.
package near
