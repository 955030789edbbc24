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
	Absent   time.Duration // how long it is remembered that a record is absent; 0 for not
	Timeout  time.Duration // of one call of a loader
	Lease    time.Duration // the TTL of a lease
	Unleased bool          // GetOrLoad takes no lease; refreshes and Reloads do
	Patience time.Duration // with Redis, for one round trip
	FailFast bool          // return an error while Redis does not answer
	MaxLoads int           // loaders at once; 0 for no bound
}

// Loader loads the records of keys, one Result for each. It may not return.
type Loader func(ctx context.Context, keys []string) []Result

// Result is what a loader makes of a key.
type Result struct {
	Data  []byte // what is to be stored
	Value any    // a value that cannot be stored, in place of Data; Why says why
	Why   error
	Err   error // store.ErrNotFound: the record is absent
}

// Outcome is what a caller gets for a key.
type Outcome struct {
	Data   []byte
	Value  any // in place of Data, if that cannot be stored
	Err    error
	Source Source
	Joined bool // another call has started the flight
	Failed bool // Err is that of the loader, and does not say that the record is absent
	Again  bool // the caller must read and, if need be, load again
}

// Source is where an outcome comes from.
type Source int

// The sources of an outcome.
const (
	Loaded Source = iota // a loader of this process
	Read                 // Redis, at once
	Fleet                // Redis, after another process has loaded it
)

// Teller is told what happens.
type Teller interface {
	// Begin is told of the call of a loader, and returns its context, and whom to tell of its end.
	// The report is nil if a function of the caller has panicked outside of the loader.
	Begin(ctx context.Context, why Trigger, keys int) (context.Context, func(*Report))

	// Refused is told that Redis has refused the lease of a refresh, so that no loader was called.
	Refused(ctx context.Context, key string, err error)

	// Outage is told that a server has begun to count as out.
	Outage(ctx context.Context, err error)

	// Hide returns err without these keys in its text, if keys are secrets.
	Hide(err error, keys []string) error

	// Unreturned makes the error of a function of the caller that has panicked, or, if v is nil,
	// called runtime.Goexit.
	Unreturned(v any, stack []byte) error
}

// Trigger is why a loader is called.
type Trigger string

// The triggers.
const (
	Miss    Trigger = "miss"    // there is no record, or none that can be decoded
	Refresh Trigger = "refresh" // it is due
	Outage  Trigger = "outage"  // Redis does not tell of one of the keys
	Reload  Trigger = "reload"  // the caller wants it
)

// Report is what became of the call of a loader.
type Report struct {
	Loaded, Absent int
	Superseded     int           // values that are not stored, since another write came first
	Unstored       int           // values that are not stored for another reason
	Elapsed        time.Duration // of the loader
	Err            error         // the first of the loader's errors, or why a value was not stored
	Key            string        // that Err is about
	Failed         bool          // Err is the loader's
	Keys           []string      // all of them
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

	// lately holds keys that were loaded here a moment ago, if there are no leases: a caller that
	// has read before then must look again, since it makes no claim that would find the record.
	lately *recent.Table[struct{}]

	refreshes refreshes
	wakers    wakers
}

// New returns the loads of a cache, which end with closing. task starts a task in the background.
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

// Load gets records that a Find has not found, or of which it has found bytes that cannot be
// decoded. It joins flights that are under way, and starts one run for the others. load makes the
// loader of those.
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

// blind reports whether a caller's read failed since Redis does not answer. If Redis has refused
// it, as a write, Redis also keeps the promises that it made for earlier writes.
func blind(err error) bool {
	u, ok := errors.AsType[*unavailable](err)
	return ok && !u.refused
}

// Reload loads a record, whatever is there, and joins no flight.
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
