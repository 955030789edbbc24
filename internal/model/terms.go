package model

import (
	"math/big"
	"time"

	"github.com/activettl/rediscache/ttl"
)

// terms are the policy of a member, and whether it tracks accesses.
type terms struct {
	ttl.Terms
	tracked bool
}

// ttlOf returns the TTL that an access gives the record.
func (m terms) ttlOf(s state) time.Duration {
	if s.own > 0 {
		return s.own
	}
	return m.TTL
}

// toleranceOf returns the tolerance of the policy, or the same part of a shorter own TTL, in whole
// ms.
func (m terms) toleranceOf(s state) time.Duration {
	if s.own == 0 || s.own >= m.TTL {
		return m.Tolerance
	}
	part := big.NewInt(int64(m.Tolerance))
	part.Mul(part, big.NewInt(int64(s.own))).Div(part, big.NewInt(int64(m.TTL)))
	return time.Duration(part.Int64()).Truncate(time.Millisecond)
}

// set returns the record that a Set leaves. own is its own TTL, or 0 for the policy's.
func (m terms) set(v Value, own time.Duration, now span) []state {
	s := state{kind: text, value: v, used: now, met: now}
	if m.Renews && (own > 0 || m.MaxAge > 0) {
		s.kind, s.own = list, own
		if m.MaxAge > 0 {
			s.deadline = now.plus(m.MaxAge)
		}
		return m.renew(s, now)
	}
	if own > 0 && own < m.TTL && m.Refresh > 0 {
		s.kind, s.own, s.deadline = list, own, now.plus(own)
	}
	if own > 0 {
		s.expires = now.plus(own)
	} else {
		s.expires = now.plus(m.TTL)
		s.expires.lo -= time.Duration(m.Jitter * float64(m.TTL)).Truncate(time.Millisecond)
		if m.Jitter > 0 {
			s.expires.lo -= time.Millisecond // of rounding
		}
	}
	return []state{s}
}

// renew gives a record its full TTL again, but not beyond its deadline.
func (m terms) renew(s state, now span) (may []state) {
	s.used = now
	if !m.Renews {
		return []state{s}
	}
	s.foreign, s.cut = false, false
	s.expires = now.plus(m.ttlOf(s))
	if s.deadline == (span{}) {
		return []state{s}
	}
	// A renewal that is short by less than 1 ms counts as cut.
	late := s.expires.plus(time.Millisecond).from(s.deadline)
	s.expires = first(s.expires, s.deadline)
	if late.lo < 0 {
		may = append(may, s)
	}
	if late.hi >= 0 {
		s.cut = true
		may = append(may, s)
	}
	return may
}

// access returns what a Get or Touch leaves of a record. Until trusts, the member may act on what
// it knows of the key.
func (m terms) access(s state, now span, trusts time.Duration) (may []state) {
	if m.Tolerance == 0 {
		return m.renew(s, now)
	}
	whole := m.ttlOf(s)
	since := span{whole, whole}.from(s.expires.from(now)) // its last renewal
	tolerance := m.toleranceOf(s)
	if s.cut || since.lo < tolerance && since.hi >= 0 || s.foreign && now.lo < trusts {
		may = append(may, s)
	}
	if !s.cut && (since.hi >= tolerance || since.lo < 0) {
		may = append(may, m.renew(s, now)...)
	}
	return may
}

// window is how old the note of an access may be before the next access is noted.
func (m terms) window() time.Duration { return min(m.TTL/20, time.Minute) }

// swept reports whether a sweep may remove a record, and whether it may leave it.
func (m terms) swept(s state, now span, maxIdle time.Duration) (goes, stays bool) {
	if m.tracked {
		known := span{max(s.used.lo, s.met.lo), max(s.used.hi, s.met.hi)}
		return now.from(s.used).hi >= maxIdle, s.foreign || now.from(known).lo < maxIdle+m.window()
	}
	if s.cut || s.expires.lo >= never {
		return false, true
	}
	whole := m.ttlOf(s)
	idle := span{whole, whole}.from(s.expires.from(now))
	return idle.hi >= maxIdle+m.Tolerance, idle.lo < maxIdle+m.Tolerance
}
