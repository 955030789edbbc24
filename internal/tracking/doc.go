// Package tracking hears which keys are written, by any program, on the servers of a client. It
// also proves how recent that knowledge is. It knows keys and no values. All caches of a client in
// the process share a Tracker.
//
// # A link
//
// For each primary there is a link: one connection with CLIENT TRACKING in broadcast mode, on which
// the server pushes the keys that are written. A Session is a period in which the link heard
// everything, without a gap. A new connection begins a new Session. So does a FLUSHALL, or a change
// of the layout of a cluster.
//
// # A proof
//
// A connection may be silent because nobody writes, or because it is dead. So the link sends
// canaries. A canary is a script that publishes a number on a channel. The client of the caches
// sends it, and the connection is subscribed to the channel. The message that comes back is the
// echo.
//
// A server may push the echo of a canary before the key of a write that it acknowledged earlier.
// This happens if both fall in one turn of its event loop, or if several of its threads write. It
// does not happen across two echoes. Say that canary n is heard, and canary m was heard before n
// was sent. Then every write that was acknowledged before m was sent has been heard of. The time at
// which m was sent is the proof.
//
// A PING would prove less, since a primary that has become a replica still answers it. The script
// has a command that writes, so it fails on a replica.
//
// # What a proof means
//
// Say that a value was read from a primary after the session began, and that no push of its key
// came since the read was sent. Then the value is at least as new as what a read at the time of the
// proof would have found. This also holds for a Session that has ended: its last proof stays true,
// and becomes older.
package tracking
