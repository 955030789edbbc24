package ttl

import (
	"errors"
	"fmt"
	"time"
)

// Min is the shortest TTL: Redis expires keys to the millisecond.
const Min = time.Millisecond

// Policy describes the life of the records of one cache. [Active] and [Fixed] return policies. Your
// own type may describe another combination of [Terms].
type Policy interface {
	// Terms returns the policy in numbers. cache.New calls it once and returns cache.ErrTTL for
	// terms that do not pass [Terms.Validate].
	Terms() Terms
}

// Terms are a policy in numbers. The zero value is not valid: it has no TTL.
type Terms struct {
	// TTL is how long a record lives after it was written. If Renews is set, it counts from the
	// last read or update. It is at least [Min].
	TTL time.Duration

	// Renews says that each access gives the record its whole TTL again.
	Renews bool

	// MaxAge is the age at which a record expires even if it is renewed. It counts from the Set
	// that wrote the record. Zero means no such age.
	MaxAge time.Duration

	// Tolerance is how much of TTL must have passed before an access renews the record. Zero means
	// that each access renews it.
	Tolerance time.Duration

	// Jitter is a fraction of TTL, from 0 to less than 1. When a record is written, its life is
	// shortened at random by at most that fraction. Zero means by nothing.
	Jitter float64

	// Refresh is the last part of a record's life, before its TTL or MaxAge ends. In that time
	// GetOrLoad has the record loaded again. Zero means that it does not.
	Refresh time.Duration
}

// Validate returns an error that names the first term that is out of range or contradicts another
// one. It returns nil for valid terms.
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
		return fmt.Errorf("Tolerance %v is not less than the TTL %v: a record could expire while "+
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

// Check returns an error if d is less than [Min]. There is no upper limit: Redis can hold the
// longest time.Duration, which is 292 years.
func Check(d time.Duration) error {
	if d < Min {
		return fmt.Errorf("%v is less than %v", d, Min)
	}
	return nil
}

// Option refines the policy that [Active] or [Fixed] returns. A nil Option does nothing.
type Option interface{ apply(*Terms) }

// Active returns the sliding policy: a record expires d after its last read or update. It takes
// [MaxAge], [Tolerance] and, with MaxAge, [Refresh].
//
// Active does not check its arguments. cache.New returns cache.ErrTTL for a policy that is out of
// range.
func Active(d time.Duration, opts ...Option) Policy {
	return newPolicy(Terms{TTL: d, Renews: true}, opts)
}

// Fixed returns the absolute policy: a record expires d after it was written, and no read or update
// changes that. It takes [Jitter] and [Refresh].
//
// Fixed does not check its arguments. cache.New returns cache.ErrTTL for a policy that is out of
// range.
func Fixed(d time.Duration, opts ...Option) Policy {
	return newPolicy(Terms{TTL: d}, opts)
}

// MaxAge bounds the whole life of a record under an Active policy. A record expires at most d after
// the Set that wrote it, even if it is read often. Without MaxAge, a record that is always in use
// never expires and is never loaded again.
//
// d must not be shorter than the policy's TTL. A record with its own TTL expires at the same age.
//
// Each read costs a script in place of one GETEX, and each record about 80 bytes more of Redis
// memory. Records that were written before the policy had a MaxAge get one with their next Set.
func MaxAge(d time.Duration) Option { return maxAge(d) }

// Tolerance makes renewals rare under an Active policy: an access renews a record only when at
// least d of its TTL has passed. So a record lives at least TTL - d after its last access, to the
// millisecond, or until its MaxAge. It is renewed at most once in d, however many processes read
// it.
//
// d is from a millisecond to less than the TTL. A small part of the TTL, such as a minute of an
// hour, has most of the effect. For a record whose own TTL is shorter, the tolerance is the same
// part of that TTL.
//
// A process remembers up to 65,536 records that it knows to be renewed. It reads them with a plain
// GET, or with an LRANGE if a record has its own terms. Such a read writes and replicates nothing.
// A replica may answer it, and so may a client that caches. A record that the process does not
// remember costs a script, which renews it if it is due. That script costs the server as much as
// about 20 GETs. The process's memory for this grows with use, up to about 10 MiB, more if keys are
// long.
//
// All processes of a cache must have the same TTL, and a process that sweeps must have the
// tolerance. Until d has passed, a process does not look again at a record that it knows to be
// renewed. A sweeper without the tolerance removes records in use. When you change the TTL or the
// tolerance, deploy the sweepers first.
//
// A read counts from when it was called, on the clock of the process. That clock stops while the
// machine is suspended. If a failover loses a renewal, the next one comes when d has passed, and
// not with the next read. A sweep lets records stay up to d longer, since their last access may be
// up to d later than their last renewal.
func Tolerance(d time.Duration) Option { return tolerance(d) }

// Jitter makes records that were written together expire at different times. Each one gets a random
// life from (1-fraction)·TTL to TTL, never longer than the TTL. fraction is from 0 to less than 1.
// Jitter is for a Fixed policy. It does not change a record's own TTL.
func Jitter(fraction float64) Option { return jitter(fraction) }

// Refresh lets GetOrLoad load a record again before it expires, in the background. A record is due
// in the last d of its life: before its TTL under Fixed, and before its MaxAge under Active. The
// first caller of GetOrLoad that reads a due record gets the old value and starts the load. Only
// one process at a time loads it. If the load fails, the old value stays until the record expires.
// Only GetOrLoad and GetOrLoadMany refresh records.
//
// d must be less than the shortest life that the policy gives a record. Under Fixed, for a record
// whose own TTL is shorter, Refresh is the same part of that TTL. Such a record takes about 80
// bytes more of Redis memory.
//
// A process remembers up to 65,536 records that are not yet due, and reads them as without Refresh.
// A record that it does not remember costs a script in place of a GET.
func Refresh(d time.Duration) Option { return refresh(d) }

type refresh time.Duration

func (d refresh) apply(t *Terms) {
	t.Refresh = time.Duration(d)
	if d == 0 {
		t.Refresh = -1 // see maxAge
	}
}

type maxAge time.Duration

func (m maxAge) apply(t *Terms) {
	t.MaxAge = time.Duration(m)
	if m == 0 {
		t.MaxAge = -1 // MaxAge(0) is an error; a zero in Terms means no MaxAge
	}
}

type tolerance time.Duration

func (d tolerance) apply(t *Terms) {
	t.Tolerance = time.Duration(d)
	if d == 0 {
		t.Tolerance = -1 // see maxAge
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
