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

	// MaxAge is the age at which a record expires although it is renewed, counted from the Set that
	// wrote it. Zero means no such age.
	MaxAge time.Duration

	// Tolerance is the part of TTL that must have passed before an access renews
	// the record. Zero means that each access renews it.
	Tolerance time.Duration

	// Jitter is the largest part of TTL, from 0 to less than 1, by which a
	// record's life is shortened at random when it is written. Zero means none.
	Jitter float64

	// Refresh is the last part of a record's life, before its TTL or MaxAge ends it, in which
	// GetOrLoad has it loaded again. Zero means that it is not.
	Refresh time.Duration
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
		return fmt.Errorf("MaxAge %v is for a policy that renews: a fixed TTL is an absolute "+
			"age already", t.MaxAge)
	case t.MaxAge != 0 && t.MaxAge < t.TTL:
		return fmt.Errorf("MaxAge %v is shorter than the TTL %v, which no record would reach: "+
			"use Fixed(%v)", t.MaxAge, t.TTL, t.MaxAge)
	case t.Tolerance != 0 && t.Tolerance < Min:
		return fmt.Errorf("Tolerance %v is less than %v", t.Tolerance, Min)
	case t.Tolerance != 0 && !t.Renews:
		return fmt.Errorf("Tolerance %v is for a policy that renews: a fixed TTL is not "+
			"renewed at all", t.Tolerance)
	case t.Tolerance.Milliseconds() >= t.TTL.Milliseconds():
		return fmt.Errorf("Tolerance %v is not less than the TTL %v: a record could die while "+
			"it is used", t.Tolerance, t.TTL)
	case !(t.Jitter >= 0 && t.Jitter < 1): // written so that NaN is out of range too
		return fmt.Errorf("Jitter %v is not from 0 to less than 1", t.Jitter)
	case t.Jitter != 0 && t.Renews:
		return fmt.Errorf("Jitter %v is for a fixed TTL: records that are renewed are spread by "+
			"their use", t.Jitter)
	case t.Jitter != 0 && time.Duration(float64(t.TTL)*(1-t.Jitter)) < Min:
		return fmt.Errorf("Jitter %v can shorten the TTL %v to less than %v", t.Jitter, t.TTL, Min)
	case t.Refresh != 0 && t.Refresh < Min:
		return fmt.Errorf("Refresh %v is less than %v", t.Refresh, Min)
	case t.Refresh != 0 && t.Renews && t.MaxAge == 0:
		return fmt.Errorf("Refresh %v under Active needs a MaxAge: a record that is renewed "+
			"without end has no age at which it is due", t.Refresh)
	case t.Refresh != 0 && t.Renews && t.Refresh >= t.MaxAge:
		return fmt.Errorf("Refresh %v is not less than MaxAge %v: each read would find the "+
			"record due", t.Refresh, t.MaxAge)
	case t.Refresh != 0 && !t.Renews && float64(t.Refresh) >= (1-t.Jitter)*float64(t.TTL):
		return fmt.Errorf("Refresh %v is not less than the shortest life of a record, %v: each "+
			"read could find it due", t.Refresh, time.Duration((1-t.Jitter)*float64(t.TTL)))
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

// Active returns the sliding policy: a record lives d from its last read or update. It takes
// [MaxAge], [Tolerance] and, with MaxAge, [Refresh]. Active never fails: the function that is given
// the policy returns an error for a duration out of range.
func Active(d time.Duration, opts ...Option) Policy {
	return newPolicy(Terms{TTL: d, Renews: true}, opts)
}

// Fixed returns the absolute policy: a record lives d from when it was written, and no read or
// update changes that. It takes [Jitter] and [Refresh]. Fixed never fails: the function that is
// given the policy returns an error for a duration out of range.
func Fixed(d time.Duration, opts ...Option) Policy {
	return newPolicy(Terms{TTL: d}, opts)
}

// MaxAge bounds the whole life of a record under an Active policy: it expires d after the Set that
// wrote it, even if it is read often. Without it, a record that is always in use never expires and
// is never loaded again. d must not be shorter than the policy's TTL. A record's own TTL ends at
// the same age.
//
// It costs a script per read in place of one GETEX, and about 80 bytes of Redis memory per record.
// Records that were written before the policy had a MaxAge get one from their next Set.
func MaxAge(d time.Duration) Option { return maxAge(d) }

// Tolerance saves renewals under an Active policy: an access renews a record only when at least d
// of its TTL has passed. So a record lives at least TTL - d after its last access, to the
// millisecond, or until its MaxAge. It is renewed at most once in d, however many processes read
// it. d is from a millisecond to less than the TTL. A small part of the TTL, such as a minute of an
// hour, has most of the effect. A record with a shorter TTL of its own has the same part of that
// TTL as its tolerance.
//
// A process remembers up to 65,536 records that it knows to be renewed, and reads them by a plain
// GET (LRANGE, for a record with terms of its own). Such a read writes and replicates nothing. A
// replica may answer it, and so may a client that caches. A record that the process does not
// remember costs a script, which renews it if it is due. The memory grows with use, up to about 10
// MiB, more if keys are long.
//
// All processes of a cache must have the same TTL, and a process that sweeps must have the
// tolerance. A process does not look again, until d has passed, at a record that it knows to be
// renewed. A sweeper without the tolerance removes records that are in use. When you change the TTL
// or the tolerance, deploy the sweepers first.
//
// A read counts from when it was called, by the clock of the process, which stops while the machine
// is suspended. If a failover loses a renewal, it is made again when d has passed, and not by the
// next read. A sweep lets records stay for up to d longer, since their last access may be that much
// later than their last renewal.
func Tolerance(d time.Duration) Option { return tolerance(d) }

// Jitter lets records that were written together expire at different times. Each lives at random
// between (1-fraction)·TTL and TTL, never longer than the TTL. fraction is from 0 to less than 1.
// Jitter is for a Fixed policy. A record's own TTL is kept exactly.
func Jitter(fraction float64) Option { return jitter(fraction) }

// Refresh lets GetOrLoad load a record again before it expires, in the background. In the last d of
// its life, before its TTL under Fixed and before its MaxAge under Active, the record is due: the
// first caller of GetOrLoad that reads it gets the value and has it loaded again, one process of
// all at a time. If that fails, the old value stays until the record expires. Nothing but the
// GetOrLoad family refreshes records.
//
// d must be less than the shortest life that the policy gives a record. A record with a shorter TTL
// of its own under Fixed has the same part of that TTL as its Refresh. Such records take about 80
// bytes more of Redis memory.
//
// A process remembers up to 65,536 records that it knows not to be due, and reads them as without
// Refresh. A record that it does not remember costs a script in place of a GET.
func Refresh(d time.Duration) Option { return refresh(d) }

type refresh time.Duration

func (d refresh) apply(t *Terms) {
	t.Refresh = time.Duration(d)
	if d == 0 {
		t.Refresh = -1 // as for maxAge
	}
}

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
	if p.terms.Refresh != 0 {
		s += fmt.Sprintf(", ttl.Refresh(%v)", p.terms.Refresh)
	}
	return s + ")"
}
