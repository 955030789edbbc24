// Package staleness checks the promise of Options.Near under faults. A read from memory returns no
// value that was replaced more than the bound before the read started. A value is replaced when the
// write of the next one is acknowledged. The package has only tests:
//
//	go -C benchmarks test ./staleness -run TestStaleness -count 1 -timeout 2h -v
//
// The tests share no code with the cache. A writer, with its own clients, notes when each version
// of a record was acknowledged. Readers note when they last started a read that returned a version.
// At the end both are compared.
//
// A write counts from after its reply, and a read from before its call. So on a busy machine a read
// looks younger than it is, never older.
package staleness
