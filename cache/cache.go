package cache

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/access"
	"github.com/activettl/rediscache/internal/load"
	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/near"
	"github.com/activettl/rediscache/internal/reap"
	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/internal/wire"
)

// Cache keeps values of type V under keys of type K in Redis. [New] makes it. It is safe for
// concurrent use. Caches of the same name on the same Redis are the same cache, in one process or
// in many. Make them all with the same K, V, codec and policy.
//
// K is a string, an integer, a named type of these, or a type with MarshalText and, on its pointer,
// UnmarshalText. The text of a key has 1 to 1024 bytes of any value.
type Cache[K comparable, V any] struct {
	core
	keys     names.Coder[K]
	codec    codec.Codec[V]
	nillable bool // V is a pointer or an interface: its nil is no value

	near   *near.Copies[K, V] // nil without Options.Near
	cloner codec.Cloner[V]    // nil if callers share the values of copies
	checks bool               // a test wants to know who modifies these

	renewals  renewals[K, V]
	noteAfter time.Duration // an access to a copy is noted again
}

// core is what a cache has without its types.
type core struct {
	settings
	names  names.Names
	wire   *wire.Client
	store  *store.Store
	index  *access.Index // nil if accesses are not tracked
	loads  *load.Loads
	closed atomic.Bool
	stop   context.CancelFunc // of what New started

	leaveNear func(context.Context) error // nil without Options.Near
	tasks     tasks
	passes    sync.Map // the func(made bool) by which each running sweep gives its turn back
	passed    passed
	sizes     []SizeHook
	watching  atomic.Pointer[[]func()] // what ends the watching of the StatsHooks
}

// New returns the cache of that name on rdb: a *redis.Client, standalone or by Sentinel, a
// *redis.ClusterClient or a *redis.Ring. The name consists of letters, digits and ". _ / -". K is
// the only type that a call writes; V is that of the codec:
//
//	users, err := cache.New[int64](rdb, "users", codec.JSON[User]{}, nil)
//
// New checks all it is given and returns an error that names what is wrong. It sends nothing to
// Redis. It starts the Sweeper, if there is one; Close ends it. The client stays the caller's to
// close, after the cache.
//
// New refuses a redis.AutoPipeliner: Options.AutoPipeline does the same and obeys contexts. It
// refuses a client of another type too, since it cannot know how many servers are behind it. It
// takes a type that embeds one of the three. It refuses a client with go-redis' client-side cache,
// which has no bound on how old its answers are: Options.Near has one.
func New[K comparable, V any](
	rdb redis.UniversalClient, name string, c codec.Codec[V], o *Options,
) (*Cache[K, V], error) {
	made, err := newCache[K](rdb, name, c, o)
	if err != nil {
		return nil, &Error{Op: "New", Err: err}
	}
	var background context.Context
	background, made.stop = context.WithCancel(context.Background())
	made.loads = load.New(background, made.store, made.wire, made.names, made.load,
		teller{&made.core}, made.tasks.start)
	if near := made.settings.near; near != nil {
		if err := made.listenNear(rdb, *near); err != nil {
			made.stop()
			return nil, &Error{Op: "New", Err: err}
		}
		made.leaveNear = made.near.Close
	}
	if made.hook != nil {
		made.sizes = hooksOf[SizeHook](made.hook)
		made.watch(made.Stats)
	}
	if made.hook != nil && !made.wire.ObeysContexts() {
		made.notice(background, made.hook, "New", "", errDeaf)
	}
	if made.sweeper != nil {
		made.tasks.start(func() { made.sweeper.Run(background, sweepTarget{&made.core}) })
	}
	return made, nil
}

// errDeaf is what New tells the Hook of a client that cannot be patient.
var errDeaf = errors.New("the Redis client does not obey the deadlines of contexts, so " +
	"Options.Load.Patience has no effect: set ContextTimeoutEnabled")

func newCache[K comparable, V any](
	rdb redis.UniversalClient, name string, c codec.Codec[V], o *Options,
) (*Cache[K, V], error) {
	if o == nil {
		o = &Options{}
	}
	full, err := names.New(o.Namespace, name)
	switch {
	case err != nil:
		return nil, err
	case isNil(rdb):
		return nil, fmt.Errorf("cache %s: rdb is nil", name)
	case isNil(c):
		return nil, fmt.Errorf("cache %s: codec is nil", name)
	}
	set, err := o.settings()
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", name, err)
	}
	if err := codec.Check(c); err != nil {
		return nil, fmt.Errorf("cache %s: %w", name, err)
	}
	coder, err := names.For[K]()
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", name, err)
	}
	w, err := wire.New(rdb, o.AutoPipeline)
	if err != nil {
		return nil, fmt.Errorf("cache %s: %w", name, err)
	}
	kind := reflect.TypeFor[V]().Kind()
	made := &Cache[K, V]{
		core:     core{settings: set, names: full, wire: w},
		keys:     coder,
		codec:    c,
		nillable: kind == reflect.Pointer || kind == reflect.Interface,
	}
	var tracker store.Tracker
	if set.track && !set.terms.Renews {
		made.index = access.New(w, full, set.terms.TTL)
		tracker = made.index
	}
	made.store = store.New(w, full, set.terms, tracker)
	return made, nil
}

// reaper is what a sweep needs of the cache.
func (c *core) reaper() *reap.Cache {
	return &reap.Cache{Wire: c.wire, Names: c.names, Terms: c.terms, Store: c.store, Index: c.index}
}

// Name returns the full name of the cache: Options.Namespace and the name that New was given.
func (c *Cache[K, V]) Name() string { return c.names.String() }

// Close ends the cache and always returns nil. Every operation that starts later returns
// [ErrClosed]. Close stops the Sweeper, also in the middle of a pass. Then it waits until the
// Sweeper and all commands in flight have ended. If a server does not answer, that takes as long as
// the client's timeouts. [Cache.Shutdown] bounds the wait.
//
// Close does not wait for functions of the caller: the function given to Modify or Upsert, a codec,
// a Hook, a callback of a sweep, the body of a range. What such a function returns after Close is
// not written, and its operation returns ErrClosed. These functions may call Close.
//
// A hook of the Redis client runs within a command. It must not call Close: Close would wait for
// that command, and so for its caller.
//
// Close may be called more than once. It closes nothing that New was given.
func (c *Cache[K, V]) Close() error {
	_ = c.Shutdown(context.Background())
	return nil
}

// Shutdown is Close with a bound: it waits until ctx ends at most, and then returns the error of
// ctx. The cache is closed all the same, and commands that Options.AutoPipeline has queued fail
// with ErrClosed. A command that the Redis client already has may still reach the server later: the
// client waits for a connection or a reply, and tries again, for as long as that command's own
// context and the client's timeouts allow.
func (c *Cache[K, V]) Shutdown(ctx context.Context) error {
	defer c.unwatch()
	c.closed.Store(true)
	c.stop()
	err := c.tasks.wait(ctx)
	c.passes.Range(func(_, release any) bool {
		release.(func(made bool))(false) // its next command is refused
		return true
	})
	if c.leaveNear != nil {
		if leaving := c.leaveNear(ctx); err == nil {
			err = leaving
		}
	}
	if closing := c.wire.Close(ctx); err == nil {
		err = closing
	}
	if err != nil {
		return c.fail("Shutdown", "", err)
	}
	return nil
}

// ready reports why no operation may start now.
func (c *core) ready(ctx context.Context) error {
	if c.closed.Load() {
		return ErrClosed
	}
	return ctx.Err()
}

// key returns the key in Redis of k, if an operation may start on it now.
func (c *Cache[K, V]) key(ctx context.Context, op string, k K) (string, error) {
	key, err := c.redisKey(k)
	if err == nil {
		err = c.ready(ctx)
	}
	if err != nil {
		return "", c.fail(op, c.text(key), err)
	}
	return key, nil
}

// redisKey returns the key in Redis of k; on an error, what there is of it.
func (c *Cache[K, V]) redisKey(k K) (string, error) {
	var buf [64]byte
	key, err := c.keys.Append(append(append(buf[:0], c.names.String()...), ':'), k)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrKey, err)
	}
	return string(key), err
}

// text returns the text of a cache's key without the cache's name.
func (c *core) text(key string) string { return c.names.Text(key) }

func (c *core) fits(data []byte) error {
	if len(data) > c.maxValueBytes {
		return fmt.Errorf("%w: %d bytes, and Options.MaxValueBytes is %d", ErrTooLarge, len(data),
			c.maxValueBytes)
	}
	return nil
}

// lacksValue reports whether v is the nil of a V that has one.
func (c *Cache[K, V]) lacksValue(v V) bool {
	if !c.nillable {
		return false
	}
	r := reflect.ValueOf(v) // of what an interface holds
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}
