// Package staleness checks what Options.Near promises, under faults: a read from memory returns
// nothing whose replacement was acknowledged longer ago than the bound, counted from the begin of
// the read. It has only tests:
//
//	go -C benchmarks test ./staleness -run TestStaleness -count 1 -timeout 2h -v
//
// It shares no code with what it checks. A writer, with clients of its own, notes when each version
// of a record was acknowledged. Readers note when they last began a read that returned a version.
// In the end both are compared.
//
// All clocks are read so that a busy machine makes no read look older than it is: a write counts
// from behind its reply, and a read from before its call.
package staleness
