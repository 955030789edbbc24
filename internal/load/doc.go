// Package load gets records from Redis, or else from a function of the caller, the loader. One
// process loads a record at a time, once for all callers that wait for it. A value that was loaded
// before a later write is not stored. The package knows keys and bytes, and no codec.
//
// # How a load goes
//
// Each caller reads for itself (Find). If there is no record, it joins the flight of the key in
// this process (Load). The first caller starts a run in its own goroutine. The run ends the flight:
//
//  1. The run claims the record: a script reads it, or writes a lease to its key.
//  2. If another process has the lease, the run looks again, until it finds the record or can take
//     the lease.
//  3. If it has the lease, it calls the loader, and renews the lease until the loader returns.
//  4. It writes what was loaded if the key still holds its lease. Any other write has removed or
//     replaced the lease.
//
// A run serves one key, or the keys of a batch. It calls the loader once for all of them.
//
// # How a run writes
//
//   - fill: under a lease in the record's key.
//   - refill: over a record that was found (due, not decodable, or by a Reload), if the key still
//     holds the same bytes with the same expiry.
//   - verify: it writes nothing, and only checks whether the record is still the same.
//   - none: it writes nothing, since Redis does not work or refuses it.
package load
