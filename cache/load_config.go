package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/activettl/rediscache/internal/load"
	"github.com/activettl/rediscache/ttl"
)

// LoadConfig says how GetOrLoad, GetOrLoadMany and Reload load records. The zero LoadConfig means
// the documented defaults.
type LoadConfig struct {
	// Absent is how long it is remembered in Redis that a loader has returned ErrNotFound.
	// Meanwhile GetOrLoad returns ErrNotFound and does not call the loader. A Set, Add or Upsert of
	// the record, or a Delete, ends that. A row that is inserted into the database by a program
	// that does none of these stays hidden for Absent. The default, 0, is not to remember it.
	Absent time.Duration

	// Timeout bounds one call of a loader, from its start. Then its context ends, all who wait for
	// it get ErrLoadTimeout, and what it returns later is dropped. The default is 30 s.
	Timeout time.Duration

	// Lease is how long other processes wait for a process that loads a record and gives no sign of
	// life, before one of them loads it. A process that loads gives one every third of it. It
	// should be longer than a batch takes, or what a batch loads may not be stored. The default is
	// 5 s. A negative Lease means that processes do not wait for each other: each loads once for
	// itself, in fewer commands, and a Delete during a load does not keep the load from being
	// stored. A refresh has a lease nevertheless, of 5 s.
	Lease time.Duration

	// Outage says what is done while Redis does not answer. The default is LoadAnyway.
	Outage Outage

	// Patience is how long one round trip to Redis may take before Redis counts as not answering.
	// The default is 250 ms. If the deadline of a caller is nearer, the caller gets its own error,
	// and Redis does not count as out: so Patience should be less than the deadlines of callers.
	//
	// It needs a client that obeys contexts (ContextTimeoutEnabled, as Config.Client sets it). Any
	// other client takes as long as its ReadTimeout and its retries. New tells the Hook of that, as
	// an operation of the Kind "New".
	Patience time.Duration

	// MaxLoads bounds how many loaders run at the same time in this process, those of GetOrLoad,
	// GetOrLoadMany, Reload and refreshes. A call beyond that waits. Refreshes take at most half,
	// and do not wait. A load that a loader asks for does not count. The default is 256. A negative
	// MaxLoads is no bound.
	MaxLoads int
}

// The defaults of LoadConfig.
const (
	DefaultLoadTimeout = 30 * time.Second
	DefaultLease       = 5 * time.Second
	DefaultPatience    = 250 * time.Millisecond
	DefaultMaxLoads    = 256
)

// Outage says what the GetOrLoad family does while Redis does not answer: a connection is refused
// or breaks, a round trip takes longer than LoadConfig.Patience, or Redis says that it is loading
// its data or that its cluster or primary is down. After such a failure a server counts as out for
// 200 ms at a time. Then one call asks it again.
type Outage int

const (
	// LoadAnyway calls the loader, once at a time for a key in a process, and writes nothing.
	LoadAnyway Outage = iota

	// FailFast returns ErrUnavailable, and spares the source of the records.
	FailFast
)

func (c LoadConfig) config() (load.Config, error) {
	cfg := load.Config{
		Absent: c.Absent, Timeout: c.Timeout, Lease: c.Lease, Patience: c.Patience,
		Unleased: c.Lease < 0, FailFast: c.Outage == FailFast, MaxLoads: c.MaxLoads,
	}
	positive := func(name string, d *time.Duration, standard time.Duration) error {
		if *d == 0 {
			*d = standard
		}
		if *d < ttl.Min {
			return fmt.Errorf("Options.Load.%s is %v: it must be at least %v", name, *d, ttl.Min)
		}
		return nil
	}
	if cfg.Unleased {
		cfg.Lease = 0
	}
	if err := positive("Lease", &cfg.Lease, DefaultLease); err != nil {
		return cfg, err
	}
	if c.Absent != 0 {
		if err := positive("Absent", &cfg.Absent, 0); err != nil {
			return cfg, err
		}
	}
	if c.Outage != LoadAnyway && c.Outage != FailFast {
		return cfg, fmt.Errorf("Options.Load.Outage is %d: it must be LoadAnyway or FailFast",
			c.Outage)
	}
	switch {
	case c.MaxLoads == 0:
		cfg.MaxLoads = DefaultMaxLoads
	case c.MaxLoads < 0:
		cfg.MaxLoads = 0
	}
	return cfg, errors.Join(
		positive("Timeout", &cfg.Timeout, DefaultLoadTimeout),
		positive("Patience", &cfg.Patience, DefaultPatience))
}

// LoadOption is an option of GetOrLoad and GetOrLoadMany.
type LoadOption interface{ applyLoad(*loadOptions) }

type loadOptions struct{ waitFresh time.Duration }

// WaitFresh lets a call wait up to d for the new value of a record that is due for a refresh
// ([ttl.Refresh]). If it does not come in time, the call returns the old one. The default is to
// return the old one at once.
func WaitFresh(d time.Duration) LoadOption { return waitFresh(d) }

type waitFresh time.Duration

func (w waitFresh) applyLoad(o *loadOptions) { o.waitFresh = time.Duration(w) }

func optionsOf(opts []LoadOption) (o loadOptions) {
	for _, opt := range opts {
		if opt != nil {
			opt.applyLoad(&o)
		}
	}
	return o
}

// OwnTTL is called by a loader, with the context that it was given. It gives the record that the
// loader loads, or all records of a batch, a TTL of their own, as [WithTTL] does. It returns an
// error if d is out of range, or if no loader runs in ctx.
func OwnTTL(ctx context.Context, d time.Duration) error {
	err := ttl.Check(d)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrTTL, err)
	} else {
		err = load.OwnTTL(ctx, d)
	}
	if err != nil {
		return &Error{Op: "OwnTTL", Err: err}
	}
	return nil
}
