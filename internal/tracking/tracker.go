package tracking

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/task"
	"github.com/activettl/rediscache/internal/wire"
)

// Tracker listens to all primaries of one client, for all its Listeners. It is safe for concurrent
// use.
type Tracker struct {
	Clock recent.Clock

	wire      *wire.Client
	clustered bool
	name      string // of the canaries; in a cluster, a number follows
	client    any    // its key in trackers; nil if it is not there
	closing   context.Context
	stop      context.CancelFunc
	done      sync.WaitGroup
	connects  atomic.Int64
	flushes   atomic.Int64
	losses    atomic.Int64
	moves     atomic.Int64
	numbers   atomic.Uint64 // of the canaries
	bound     atomic.Int64  // the least staleness of all listeners
	open      atomic.Int64  // sessions

	links atomic.Pointer[map[*redis.Client]*link] // by server; nil is the key of a single server

	mu        sync.Mutex
	listeners map[string][]*Listener // by prefix
	newest    context.Context        // ends when the prefixes have changed
	renew     context.CancelFunc
	timer     *time.Timer // until the links connect again for new prefixes
	asked     chan struct{}
}

// trackers are the Trackers of this process, by client.
var trackers struct {
	sync.Mutex
	byClient map[any]*Tracker
}

// Listen begins to listen to the primaries of a client. All Listeners of one client share one
// connection to each primary.
func Listen(rdb redis.UniversalClient, h Handler) (*Listener, error) {
	trackers.Lock()
	defer trackers.Unlock()
	var of any
	if reflect.ValueOf(rdb).Comparable() {
		of = rdb
	}
	t := trackers.byClient[of]
	if of == nil || t == nil {
		var err error
		if t, err = newTracker(rdb, of, h.Canary); err != nil {
			return nil, err
		}
		if of != nil {
			if trackers.byClient == nil {
				trackers.byClient = map[any]*Tracker{}
			}
			trackers.byClient[of] = t
		}
	}
	return t.add(h), nil
}

func newTracker(rdb redis.UniversalClient, of any, canary string) (*Tracker, error) {
	w, err := wire.New(rdb, false)
	if err != nil {
		return nil, err
	}
	var id [8]byte
	_, _ = rand.Read(id[:])
	t := &Tracker{
		Clock: recent.Start(), wire: w, clustered: w.Clustered(), client: of,
		name:      canary + ":" + hex.EncodeToString(id[:]),
		listeners: map[string][]*Listener{}, asked: make(chan struct{}, 1),
	}
	t.closing, t.stop = context.WithCancel(context.Background())
	t.newest, t.renew = context.WithCancel(t.closing)
	t.links.Store(&map[*redis.Client]*link{})
	return t, nil
}

// together is how long the links wait for more listeners before they connect again.
const together = 100 * time.Millisecond

func (t *Tracker) add(h Handler) *Listener {
	l := &Listener{Handler: h, tracker: t}
	t.mu.Lock()
	defer t.mu.Unlock()
	first := len(t.listeners) == 0
	heard := t.listeners[h.Prefix] != nil
	t.listeners[h.Prefix] = append(slices.Clone(t.listeners[h.Prefix]), l)
	t.setBound()
	switch {
	case first:
		t.done.Add(1)
		go t.watch()
	case !heard && t.timer == nil:
		t.timer = time.AfterFunc(together, func() {
			t.mu.Lock()
			defer t.mu.Unlock()
			t.timer = nil
			t.renew()
			t.newest, t.renew = context.WithCancel(t.closing)
		})
	}
	return l
}

// setBound sets the staleness of the links: the least one of all listeners.
func (t *Tracker) setBound() {
	least := time.Duration(0)
	for _, listeners := range t.listeners {
		for _, l := range listeners {
			if least == 0 || l.Staleness < least {
				least = l.Staleness
			}
		}
	}
	t.bound.Store(int64(least))
	for _, l := range *t.links.Load() { // their canaries may now be due sooner
		l.awake()
	}
}

func (t *Tracker) staleness() time.Duration { return time.Duration(t.bound.Load()) }

// leave removes l, and reports whether it was the last listener.
func (t *Tracker) leave(l *Listener) (last bool) {
	trackers.Lock()
	defer trackers.Unlock()
	t.mu.Lock()
	defer t.mu.Unlock()
	if l.left {
		return l.last
	}
	l.left = true
	same := slices.DeleteFunc(slices.Clone(t.listeners[l.Prefix]),
		func(other *Listener) bool { return other == l })
	if len(same) > 0 {
		t.listeners[l.Prefix] = same
	} else {
		delete(t.listeners, l.Prefix)
	}
	if len(t.listeners) > 0 {
		t.setBound()
		return false
	}
	l.last = true
	if t.timer != nil {
		t.timer.Stop()
	}
	if t.client != nil {
		delete(trackers.byClient, t.client) // this is t: another one can only be added later
	}
	return true
}

// prefixes returns the prefixes to listen for, and a context that ends when they change. No prefix
// begins with another one.
func (t *Tracker) prefixes() ([]string, context.Context) {
	t.mu.Lock()
	defer t.mu.Unlock()
	all := make([]string, 0, len(t.listeners))
	for p := range t.listeners {
		all = append(all, p)
	}
	slices.Sort(all)
	outermost := all[:0]
	for _, p := range all {
		if n := len(outermost); n == 0 || !strings.HasPrefix(p, outermost[n-1]) {
			outermost = append(outermost, p)
		}
	}
	return outermost, t.newest
}

// dispatch calls Changed of all listeners for a key.
func (t *Tracker) dispatch(key string) {
	name, _, _ := strings.Cut(key, ":")
	t.mu.Lock()
	listeners := t.listeners[key[:min(len(name)+1, len(key))]]
	t.mu.Unlock()
	for _, l := range listeners {
		l.Changed(key)
	}
}

// refused tells the listeners why the link does not work. It tells each of them once, until
// accepted.
func (t *Tracker) refused(err error) { t.tell(true, func(l *Listener) { l.Refused(err) }) }

func (t *Tracker) accepted() { t.tell(false, func(*Listener) {}) }

func (t *Tracker) tell(refused bool, tell func(*Listener)) {
	var news []*Listener
	t.mu.Lock()
	for _, listeners := range t.listeners {
		for _, l := range listeners {
			if l.toldRefused != refused {
				l.toldRefused = refused
				news = append(news, l)
			}
		}
	}
	t.mu.Unlock()
	for _, l := range news {
		tell(l)
	}
}

// refused reports whether a server refuses to let the client listen, and will probably keep
// refusing.
func refused(err error) bool {
	return errors.Is(err, errRESP2) || errors.As(err, new(unreturned)) ||
		wire.Answered(err) && !wire.Out(err) && !slices.ContainsFunc(passing, func(p string) bool {
			return strings.Contains(err.Error(), p)
		})
}

// passing are parts of temporary errors. Before Redis 7, errors in scripts had other texts around
// them.
var passing = []string{
	"READONLY ", "OOM ", "MISCONF ", "NOREPLICAS ", "BUSY ", "TRYAGAIN ", "MOVED ", "ASK ",
	"NOSCRIPT ", "UNBLOCKED ", "max number of clients",
}

// unreturned says that a function of the user has panicked or called runtime.Goexit: an OnConnect,
// or a hook of the client.
type unreturned struct{ v any }

func (u unreturned) Error() string {
	return fmt.Sprintf("a function that go-redis calls has not returned: %v", u.v)
}

// guard calls do and returns its error. If do panics or calls runtime.Goexit, the error is an
// unreturned.
func guard(do func() error) error {
	ended := make(chan error, 1) // do runs in a goroutine, which runtime.Goexit may end
	go task.Guard(func() { ended <- do() }, func(v any) { ended <- unreturned{v} })
	return <-ended
}
