// Package faults puts a cache under load on real servers, breaks them, and judges what the callers
// saw.
//
// A load writes values that name the write that made them, also by Add and Upsert. It reads them
// back, deletes some, lets some expire, and sweeps. Each step goes through a plain cache, one with
// auto-pipelining, one with Options.Near or, under Active, one with a tolerance. A fault is a
// function that breaks a server and heals it.
//
// The verdict is about every read and every error. No read may return a value that was never
// written, or that belongs to another key. None may return a value that is older than the same
// primary had before, or whose record was gone. With Options.Near a read may return what was so
// within the Staleness before it began, but nothing older than what such a cache of this process
// has written. Every error must be of a kind that the fault explains, and come within the deadline.
// A second after the server is writable again nothing may fail. At the end no key is without a TTL.
//
//	go test ./internal/faults -faults.seed 42     the load's choices of a run again
//	go test ./internal/faults -faults.soak 10m    each fault again and again for so long
package faults
