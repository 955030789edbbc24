// Package tracking hears which keys are written, by anybody, on the servers of a client, and proves
// how recent that knowledge is. It knows keys and no values. All caches of a client in the process
// share a Tracker.
//
// # A link
//
// For each primary there is a link: one connection with CLIENT TRACKING in broadcast mode, on which
// the server pushes the keys that are written. A Session is what was heard on it without a gap. A
// new connection is a new Session, and so is what follows a FLUSHALL or a change of the layout of a
// cluster.
//
// # A proof
//
// A connection may be silent since nobody writes, or since it leads nowhere. So the link sends
// canaries: a script, by the client that the caches read with, that publishes a number on a channel
// which the connection is subscribed to.
//
// A server may push the echo of a canary before the key of a write that it acknowledged earlier. It
// may if both fall in one turn of its event loop, or if several threads of it write. It does not do
// so across two echoes. Say that canary n is heard, and canary m was heard before n was sent. Then
// every write that was acknowledged before m was sent has been heard of. The time at which m was
// sent is the proof.
//
// A PING would prove less: a primary that was replaced, and knows it, answers it. The script has a
// command that writes, and so it fails there.
//
// # What a proof holds for
//
// Say that a value was read from a primary after the session began, with no push of its key between
// the sending of the read and its reply. Then it is what a read at the time of the proof, or of any
// earlier one, would have found, or newer. This holds for a Session that has ended too: its last
// proof stays true, and grows old.
package tracking
