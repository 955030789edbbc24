package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/activettl/rediscache/internal/load"
	"github.com/activettl/rediscache/ttl"
)

// LoadConfig configures GetOrLoad, GetOrLoadMany and Reload. Each zero field means its default.
type LoadConfig struct {
	// Absent is how long Redis remembers that a loader returned ErrNotFound. During this time,
	// GetOrLoad returns ErrNotFound and does not call the loader. A Set, Add, Upsert or Delete of
	// the record ends it. If another program inserts the row into the database and does none of
	// these, the row stays hidden until Absent has passed. The default, 0, is not to remember it.
	// The least value is 1 ms.
	Absent time.Duration

	// Timeout limits one call of a loader, from its start. Then the context of the loader ends, all
	// callers that wait get ErrLoadTimeout, and a later result is dropped. The default is 30 s.
	Timeout time.Duration

	// Lease is how long other processes wait for a process that loads a record and shows no sign of
	// life. Then one of them loads the record. A process that loads renews its lease every third of
	// this time. Choose a Lease that is longer than the commands of a batch take; otherwise some
	// values that a batch loads may not be stored. The default is 5 s.
	//
	// With a negative Lease, processes do not wait for each other. Each one loads for itself, with
	// fewer commands, and a Delete during a load does not keep the loaded value from being stored.
	// A refresh then still has a lease of 5 s.
	Lease time.Duration

	// Outage says what to do while Redis does not answer. The default is LoadAnyway.
	Outage Outage

	// Patience limits one round trip to Redis. If it takes longer, Redis counts as not answering.
	// The default is 250 ms. Choose a Patience below the deadlines of the callers: if a caller's
	// deadline is nearer, that caller gets its own error, and Redis does not count as out.
	//
	// Patience needs a client that obeys contexts (ContextTimeoutEnabled, as Config.Client sets
	// it). With another client, a round trip may take the ReadTimeout and all retries. New then
	// tells the Hook, with an operation of the Kind "New".
	Patience time.Duration

	// MaxLoads limits how many loaders run at the same time in this process: those of GetOrLoad,
	// GetOrLoadMany, Reload and refreshes. Further calls wait. Refreshes use at most half of the
	// limit and do not wait. A load that a loader asks for does not count. The default is 256. A
	// negative MaxLoads means no limit.
	MaxLoads int
}

// Defaults of LoadConfig.
const (
	DefaultLoadTimeout = 30 * time.Second
	DefaultLease       = 5 * time.Second
	DefaultPatience    = 250 * time.Millisecond
	DefaultMaxLoads    = 256
)

// Outage says what GetOrLoad, GetOrLoadMany and Reload do while Redis does not answer. That is so
// if:
//
//   - a connection is refused or breaks
//   - a round trip takes longer than LoadConfig.Patience
//   - Redis answers with LOADING, CLUSTERDOWN or MASTERDOWN
//
// After such a failure, a server counts as out for 200 ms at a time. Then one call asks it again.
type Outage int

// The values of Outage.
const (
	// LoadAnyway calls the loader and writes nothing to Redis. In a process, one load at a time
	// runs for a key.
	LoadAnyway Outage = iota

	// FailFast returns ErrUnavailable and calls no loader. It protects the database.
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

// LoadOption is an option of GetOrLoad and GetOrLoadMany: see [WaitFresh].
type LoadOption interface{ applyLoad(*loadOptions) }

type loadOptions struct{ waitFresh time.Duration }

// WaitFresh makes a call wait up to d for the new value of a record that is due for a
// [ttl.Refresh]. If the new value does not come in time, the call returns the old one. Without
// WaitFresh, or if d is not positive, the call returns the old value at once.
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

// OwnTTL gives the record that a loader loads, or all records of a batch, their own TTL, as
// [WithTTL] does. A loader calls it with the context that it was given. OwnTTL returns [ErrTTL] if
// d is less than a millisecond, and another error if no loader runs in ctx. It sends nothing to
// Redis.
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
