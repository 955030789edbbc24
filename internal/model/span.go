package model

import "time"

// span is a time that is known to be between lo and hi, both included.
type span struct{ lo, hi time.Duration }

// never is when a key without a TTL expires.
const never = time.Duration(1) << 61

func (s span) plus(d time.Duration) span { return span{s.lo + d, s.hi + d} }

// first returns the earlier one of two times.
func first(a, b span) span { return span{min(a.lo, b.lo), min(a.hi, b.hi)} }

// both returns the common part of two spans of one time, and whether there is one.
func both(a, b span) (span, bool) {
	s := span{max(a.lo, b.lo), min(a.hi, b.hi)}
	return s, s.lo <= s.hi
}

// from returns how much later s is than t.
func (s span) from(t span) span { return span{s.lo - t.hi, s.hi - t.lo} }

func (s span) has(d time.Duration) bool { return s.lo <= d && d <= s.hi }
