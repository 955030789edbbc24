package ttl

import (
	"errors"
	"fmt"
	"time"
)

// Min is the shortest TTL: Redis expires keys to the millisecond.
const Min = time.Millisecond

// Policy describes the life of the records of one cache. Active and Fixed are
// the policies of this package; a type of your own may describe another
// combination of [Terms].
type Policy interface {
	// Terms returns the policy in numbers. The cache calls it once and refuses
	// terms that do not pass [Terms.Validate].
	Terms() Terms
}

// Terms are what a policy says, in numbers.
type Terms struct {
	// TTL is how long a record lives after it was written and, when Renews is
	// set, after it was last read or updated. At least [Min].
	TTL time.Duration

	// Renews says that an access gives the record its whole TTL again.
	Renews bool

	// MaxAge is the age at which a renewed record dies all the same, counted
	// from the Set that wrote it. Zero means no such age.
	MaxAge time.Duration

	// Tolerance is the part of TTL that must have passed before an access renews
	// the record. Zero means that each access renews it.
	Tolerance time.Duration

	// Jitter is the largest part of TTL, from 0 to less than 1, by which a
	// record's life is shortened at random when it is written. Zero means none.
	Jitter float64
}

// Validate reports the first of the terms that is out of range or that
// contradicts another.
func (t Terms) Validate() error {
	if err := Check(t.TTL); err != nil {
		return err
	}
	switch {
	case t.MaxAge < 0:
		return errors.New("MaxAge must be positive")
	case t.MaxAge != 0 && !t.Renews:
		return fmt.Errorf("MaxAge %v is for a policy that renews: a fixed TTL is an absolute age already", t.MaxAge)
	case t.MaxAge != 0 && t.MaxAge < t.TTL:
		return fmt.Errorf("MaxAge %v is shorter than the TTL %v, which no record would reach: use Fixed(%v)", t.MaxAge, t.TTL, t.MaxAge)
	case t.Tolerance != 0 && t.Tolerance < Min:
		return fmt.Errorf("Tolerance %v is less than %v", t.Tolerance, Min)
	case t.Tolerance != 0 && !t.Renews:
		return fmt.Errorf("Tolerance %v is for a policy that renews: a fixed TTL is not renewed at all", t.Tolerance)
	case t.Tolerance.Milliseconds() >= t.TTL.Milliseconds():
		return fmt.Errorf("Tolerance %v is not less than the TTL %v: a record could die while it is used", t.Tolerance, t.TTL)
	case !(t.Jitter >= 0 && t.Jitter < 1): // written so that NaN is out of range too
		return fmt.Errorf("Jitter %v is not from 0 to less than 1", t.Jitter)
	case t.Jitter != 0 && t.Renews:
		return fmt.Errorf("Jitter %v is for a fixed TTL: records that are renewed are spread by their use", t.Jitter)
	case t.Jitter != 0 && time.Duration(float64(t.TTL)*(1-t.Jitter)) < Min:
		return fmt.Errorf("Jitter %v can shorten the TTL %v to less than %v", t.Jitter, t.TTL, Min)
	}
	return nil
}

// Check reports whether Redis can hold d as a TTL: at least [Min]. The longest
// time.Duration, 292 years, is within what Redis holds.
func Check(d time.Duration) error {
	if d < Min {
		return fmt.Errorf("%v is less than %v", d, Min)
	}
	return nil
}

// Option adds to what [Active] or [Fixed] says.
type Option interface{ apply(*Terms) }

// Active returns the sliding policy: a record lives d from its last read or
// update. It takes [MaxAge] and [Tolerance]. A duration out of range is refused by
// the function that is given the policy.
func Active(d time.Duration, opts ...Option) Policy {
	return newPolicy(Terms{TTL: d, Renews: true}, opts)
}

// Fixed returns the absolute policy: a record lives d from when it was written,
// and no read or update moves that. It takes [Jitter]. A duration out of range
// is refused by the function that is given the policy.
func Fixed(d time.Duration, opts ...Option) Policy {
	return newPolicy(Terms{TTL: d}, opts)
}

// MaxAge bounds the whole life of a record under an Active policy: however
// often it is read, it dies d after the Set that wrote it, and is loaded afresh.
// It is the cure for a hot record that never leaves the cache. d must not be
// shorter than the policy's TTL; a record's own TTL is cut off at the same age.
//
// It costs a script per read in place of one GETEX, and about 80 bytes of Redis
// memory per record. Records that were written before the policy had a MaxAge
// get one from their next Set.
func MaxAge(d time.Duration) Option { return maxAge(d) }

// Tolerance spares renewals under an Active policy: an access renews a record only
// when at least d of its TTL has passed. So a record lives at least TTL - d after its
// last access, to the millisecond, or until its MaxAge; and however many processes
// read it however often, it is renewed once in d. d is from a millisecond to less
// than the TTL; a small part of the TTL, such as a minute of an hour, has most of the
// effect. A record with a TTL of its own that is shorter than the policy's has the
// same part of that as its tolerance.
//
// A process remembers up to 65,536 records that it knows to be renewed, and reads
// them by a plain GET (LRANGE, for a record with terms of its own): no write, nothing
// to replicate, allowed on a replica, and served from memory by a client that caches.
// What it does not remember costs a script, which renews the record if it is due.
// It takes 512 KiB, and some 10 MiB when it is full, more if keys are long.
//
// All processes of a cache are to have the same TTL, and a sweeper the tolerance: what
// a process knows to be renewed it does not look at again until d has passed, and a
// sweeper without it takes a record for idle that is read. Where the TTL or the
// tolerance changes, sweepers go first.
//
// A read counts from when it was called, by the process's clock, which stands while
// the machine is suspended. A renewal that a failover loses is made again when d has
// passed, not by the next read. A sweep lets records stay for up to d longer, since
// their last access may have been as much later than their last renewal.
func Tolerance(d time.Duration) Option { return tolerance(d) }

// Jitter lets records that were written together die apart: each lives at
// random between (1-fraction)·TTL and TTL, never longer than the TTL. It takes
// 0 to less than 1 and is for a Fixed policy; a TTL that a record is given of
// its own is kept exactly.
func Jitter(fraction float64) Option { return jitter(fraction) }

type maxAge time.Duration

func (m maxAge) apply(t *Terms) {
	t.MaxAge = time.Duration(m)
	if m == 0 {
		t.MaxAge = -1 // asked for and out of range, unlike the zero of Terms
	}
}

type tolerance time.Duration

func (d tolerance) apply(t *Terms) {
	t.Tolerance = time.Duration(d)
	if d == 0 {
		t.Tolerance = -1 // as for maxAge
	}
}

type jitter float64

func (j jitter) apply(t *Terms) { t.Jitter = float64(j) }

type policy struct{ terms Terms }

func newPolicy(t Terms, opts []Option) Policy {
	for _, o := range opts {
		if o != nil {
			o.apply(&t)
		}
	}
	return policy{t}
}

func (p policy) Terms() Terms { return p.terms }

// String returns the policy as it is written in Go.
func (p policy) String() string {
	name := "ttl.Fixed"
	if p.terms.Renews {
		name = "ttl.Active"
	}
	s := fmt.Sprintf("%s(%v", name, p.terms.TTL)
	if p.terms.MaxAge != 0 {
		s += fmt.Sprintf(", ttl.MaxAge(%v)", p.terms.MaxAge)
	}
	if p.terms.Tolerance != 0 {
		s += fmt.Sprintf(", ttl.Tolerance(%v)", p.terms.Tolerance)
	}
	if p.terms.Jitter != 0 {
		s += fmt.Sprintf(", ttl.Jitter(%v)", p.terms.Jitter)
	}
	return s + ")"
}
