// Package faults puts a cache under load on real servers, breaks them, and judges what the callers
// saw.
//
// A load writes values that name the write that made them, also by Add and Upsert. It reads them
// back, deletes some, lets some expire, and sweeps. Each step goes through a plain cache, one with
// auto-pipelining, one with Options.Near or, under Active, one with a tolerance. A fault is a
// function that breaks a server and heals it.
//
// Every read and every error is judged. No read may return a value that was never written, or that
// belongs to another key. None may return a value that is older than the same primary had before,
// or whose record was gone. With Options.Near a read may return what was current at a moment within
// the Staleness before it began. But it may return nothing older than what such a cache of this
// process has written. Every error must be of a kind that the fault explains, and come within the
// deadline. A second after the server is writable again nothing may fail. At the end no key is
// without a TTL.
//
//	go test ./internal/faults -faults.seed 42     repeats the load's choices of a run
//	go test ./internal/faults -faults.soak 10m    repeats each fault for 10 minutes
package faults
