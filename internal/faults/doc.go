// Package faults puts a cache under load on real servers, breaks them, and judges what the callers saw.
//
// A load writes values that say which write they are, reads them back, deletes some and lets some expire, and sweeps, each time
// through a cache as it comes, one with auto-pipelining or, under Active, one with a tolerance. A
// fault is a function that breaks a server and heals it. The verdict says of every read whether it can be: not a value that
// was never written, not one of another key, not an older one than the same primary had before, not one of a record that was
// gone; of every error, whether it is of a kind that the fault explains and came within the deadline; and that nothing fails
// any more a second after the server is writable again. At the end no key is without a TTL.
//
//	go test ./internal/faults -faults.seed 42     the load's choices of a run again, as far as they do not hang on time
//	go test ./internal/faults -faults.soak 10m    each fault again and again for so long
package faults
