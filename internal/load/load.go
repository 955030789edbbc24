package load

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/breaker"
	"github.com/activettl/rediscache/internal/flight"
	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/internal/wire"
)

// Config is how a cache loads.
type Config struct {
	Absent   time.Duration // the TTL of a marker for an absent record; 0 for no markers
	Timeout  time.Duration // of one call of a loader
	Lease    time.Duration // the TTL of a lease
	Unleased bool          // GetOrLoad takes no lease; refreshes and Reloads do
	Patience time.Duration // how long one round trip waits for Redis
	FailFast bool          // while Redis does not answer, return an error and do not load
	MaxLoads int           // loaders at the same time; 0 for no bound
}

// Loader loads the records of keys, one Result for each. It may panic or call runtime.Goexit.
type Loader func(ctx context.Context, keys []string) []Result

// Result is what a loader makes of a key.
type Result struct {
	Data  []byte // the bytes to store
	Value any    // a value that cannot be stored, in place of Data
	Why   error  // why Value cannot be stored
	Err   error  // store.ErrNotFound if the record is absent
}

// Outcome is what a caller gets for a key.
type Outcome struct {
	Data   []byte
	Value  any // in place of Data, if the value cannot be stored
	Err    error
	Source Source
	Joined bool // another call has started the flight
	Failed bool // Err is the loader's, and is not ErrNotFound
	Again  bool // the caller must read again, and load if there is still no record
}

// Source says where an outcome comes from.
type Source int

// The sources of an outcome.
const (
	Loaded Source = iota // from a loader of this process
	Read                 // from Redis, at once
	Fleet                // from Redis, after another process has loaded it
)

// Teller learns what happens, for hooks and error texts.
type Teller interface {
	// Begin is called before a loader. It returns the loader's context, and a function to call at
	// the end. That function gets a nil Report if a function of the caller has panicked outside of
	// the loader.
	Begin(ctx context.Context, why Trigger, keys int) (context.Context, func(*Report))

	// Refused is called when Redis has refused the lease of a refresh, so that no loader was
	// called.
	Refused(ctx context.Context, key string, err error)

	// Outage is called when a server begins to count as out.
	Outage(ctx context.Context, err error)

	// Hide returns err, without these keys in its text if keys are secret.
	Hide(err error, keys []string) error

	// Unreturned makes the error for a function of the caller that has panicked with v. If v is
	// nil, the function has called runtime.Goexit.
	Unreturned(v any, stack []byte) error
}

// Trigger is why a loader is called.
type Trigger string

// The triggers.
const (
	Miss    Trigger = "miss"    // there is no record, or none that can be decoded
	Refresh Trigger = "refresh" // the record is due for a refresh
	Outage  Trigger = "outage"  // Redis has failed for one of the keys
	Reload  Trigger = "reload"  // the caller has asked for it
)

// Report is the outcome of the call of a loader.
type Report struct {
	Loaded, Absent int
	Superseded     int           // values that were not stored, since another write came first
	Unstored       int           // values that were not stored for another reason
	Elapsed        time.Duration // of the loader
	Err            error         // the first error of the loader, or why a value was not stored
	Key            string        // the key that Err is about
	Failed         bool          // Err is the loader's
	Keys           []string      // all keys of the call
}

// add counts the outcome of one key.
func (s *Report) add(key string, res Result, v *verdict) {
	switch {
	case errors.Is(res.Err, store.ErrNotFound):
		s.Absent++
	case res.Err != nil:
		if s.Err == nil {
			s.Err, s.Key, s.Failed = res.Err, key, true
		}
		return
	default:
		s.Loaded++
	}
	switch {
	case v.superseded:
		s.Superseded++
	case v.unstored != nil:
		s.Unstored++
		if s.Err == nil {
			s.Err, s.Key = v.unstored, key
		}
	}
}

// Loads are the loads of one cache in this process. They are safe for concurrent use.
type Loads struct {
	Config
	store   *store.Through
	wire    *wire.Client
	names   names.Names
	tell    Teller
	closing context.Context // ends when the cache is closed
	task    func(func())    // starts a background task
	group   flight.Group[Outcome]
	breaker *breaker.Breaker[*redis.Client]

	patience patience
	slots    chan struct{} // nil for no bound

	// lately holds keys that were loaded here a moment ago. It is nil if there are leases. A caller
	// that read before such a load must look again, since without leases it makes no claim that
	// would find the record.
	lately *recent.Table[struct{}]

	refreshes refreshes
	wakers    wakers
}

// New returns the loads of a cache. They end when closing ends. task starts a task in the
// background.
func New(
	closing context.Context, s *store.Store, w *wire.Client, n names.Names, cfg Config, tell Teller,
	task func(func()),
) *Loads {
	l := &Loads{
		Config: cfg, wire: w, names: n, tell: tell, closing: closing, task: task,
		breaker:  breaker.New[*redis.Client](),
		patience: patience{limit: cfg.Patience},
		refreshes: refreshes{
			under: map[string]chan struct{}{},
			later: recent.New[struct{}](laterKeys),
		},
	}
	if cfg.Unleased {
		l.lately = recent.New[struct{}](laterKeys)
	}
	l.store = s.Through(l.patience.bound)
	if cfg.MaxLoads > 0 {
		l.slots = make(chan struct{}, cfg.MaxLoads)
		l.refreshes.slots = make(chan struct{}, (cfg.MaxLoads+1)/2)
	}
	return l
}

// Want is a record that a caller asks for after it has read.
type Want struct {
	Key   string
	Found store.Found
	Bad   bool // Found.Value cannot be decoded
}

// Load gets records that a Find has not found, or whose bytes cannot be decoded. It joins flights
// that are under way, and starts one run with the loader load for the other keys.
func (l *Loads) Load(ctx context.Context, wants []Want, load Loader) []Outcome {
	all, tickets := make([]Outcome, len(wants)), make([]flight.Ticket[Outcome], len(wants))
	r := l.newRun(ctx, load)
	var items []*item
	for i, w := range wants {
		if w.Found.Err != store.ErrNotFound {
			if all[i].Err = l.give(w.Found.Err); all[i].Err != nil {
				continue
			}
		}
		t, started := l.group.Join(w.Key, r.run, blind(w.Found.Err))
		tickets[i] = t
		if started != nil {
			items = append(items, &item{key: w.Key, flight: started, want: w})
		}
	}
	if len(items) > 0 {
		l.task(func() { r.begin(items) })
	}
	for i := range wants {
		if all[i].Err != nil {
			continue
		}
		out, again, err := tickets[i].Wait(ctx)
		out.Again = out.Again || again
		out.Joined = !tickets[i].Started()
		if err != nil {
			out = Outcome{Err: err, Joined: out.Joined}
		}
		all[i] = out
	}
	return all
}

// blind reports whether a caller's read failed because Redis does not answer. It reports false if
// Redis refused the read as a write. Then Redis works, and the caller must still see earlier
// writes.
func blind(err error) bool {
	u, ok := errors.AsType[*unavailable](err)
	return ok && !u.refused
}

// Reload loads a record, even if Redis has it, and joins no flight.
func (l *Loads) Reload(ctx context.Context, key string, load Loader) Outcome {
	out := l.allow(ctx, key)
	if err := l.give(out); err != nil {
		return Outcome{Err: err}
	}
	r := l.newRun(ctx, load)
	r.force = true
	t, f := l.group.Alone(key, r.run)
	it := &item{key: key, flight: f, want: Want{Key: key, Found: store.Found{Err: out}}}
	l.task(func() { r.begin([]*item{it}) })
	got, _, err := t.Wait(ctx)
	if err != nil {
		got = Outcome{Err: err}
	}
	return got
}
