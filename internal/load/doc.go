// Package load gets records from where they are: from Redis, or else by a function of the caller,
// the loader. It sees to it that one process loads a record at a time, once for all who wait for
// it, and that nothing is stored that was loaded before a later write. It knows keys and bytes, and
// no codec.
//
// # How a load goes
//
// Each caller reads by itself (Find). If there is no record, it joins the flight of the key in this
// process (Load). The first one starts a run, a goroutine of its own, which ends the flight:
//
//  1. The run claims the record: a script reads it, or puts a lease in its key.
//  2. If another process has the lease, the run looks again, until the record or the right to load
//     it is there.
//  3. If it has the lease, it calls the loader, and keeps the lease meanwhile.
//  4. It writes what was loaded if its lease still stands there. Every write in between has removed
//     or replaced the lease.
//
// A run serves one key, or the keys of a batch, for which it calls the loader once.
//
// # How a run writes
//
//   - fill: under a lease in the record's key.
//   - refill: where a record was found (due, undecodable, or by a Reload), if the same bytes with
//     the same expiry still stand there.
//   - verify: not at all; it only looks whether the record is still the same.
//   - none: not at all, since Redis does not work or does not let it.
package load
