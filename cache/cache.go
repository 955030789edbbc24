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

// Cache keeps values of type V under keys of type K in Redis. [New] makes it; the zero Cache is not
// usable. It is safe for concurrent use. Caches with the same name on the same Redis share their
// records, in one process or in many. Make all of them with the same K, V, codec and policy.
//
// K is a string, an integer, a named type of these, or a type with MarshalText and, on its pointer,
// UnmarshalText. The text of a key has 1 to 1024 bytes. Each byte may have any value.
//
// Every error of an operation is an [*Error], or holds one for each key. The documentation of a
// method names the errors that are special to it. In addition, each operation may return:
//
//   - [ErrKey] for an invalid key
//   - [ErrClosed] after [Cache.Close]
//   - [ErrWrongType] if the key holds something that is not a record. Set and Delete replace or
//     remove it, and do not return this error.
//   - the error of the context, of the connection or of Redis
//
// The cost of a method is what it sends to Redis if nothing fails. One command takes one round
// trip. A note of an access, see Options.TrackAccess, comes on top of that.
type Cache[K comparable, V any] struct {
	core
	keys     names.Coder[K]
	codec    codec.Codec[V]
	nillable bool // V is a pointer or an interface, and its nil is not a value

	near   *near.Copies[K, V] // nil without Options.Near
	cloner codec.Cloner[V]    // nil if callers share the value of a copy
	checks bool               // a test checks that no caller modifies a shared value

	renewals  renewals[K, V]
	noteAfter time.Duration // after this time, an access to a copy is noted again
}

// core is the part of a cache that does not depend on K and V.
type core struct {
	settings
	names  names.Names
	wire   *wire.Client
	store  *store.Store
	index  *access.Index // nil if accesses are not tracked
	loads  *load.Loads
	closed atomic.Bool
	stop   context.CancelFunc // ends what New started

	leaveNear func(context.Context) error // nil without Options.Near
	tasks     tasks
	passes    sync.Map // of each running sweep, the func(made bool) that gives its turn back
	passed    passed
	sizes     []SizeHook
	watching  atomic.Pointer[[]func()] // they end the watching by the StatsHooks
}

// New returns the cache with this name on rdb. The name consists of letters, digits and ". _ / -".
// Nil Options mean the defaults. Write only the type K in the call, since V comes from the codec:
//
//	users, err := cache.New[int64](rdb, "users", codec.JSON[User]{}, nil)
//
// rdb is a *redis.Client (standalone or with Sentinels), a *redis.ClusterClient, a *redis.Ring, or
// a type that embeds one of them. The caller closes it, after the cache.
//
// New waits for nothing, and sends nothing to Redis itself. It starts the Sweeper, which Close
// stops. With Options.Near, a background task connects to Redis. New checks all arguments, and its
// error names the wrong argument or option. An invalid policy is [ErrTTL]. New refuses these
// clients:
//
//   - a redis.AutoPipeliner, since it does not obey contexts: use Options.AutoPipeline
//   - a client of another type, since New cannot know how many servers it has
//   - a client with go-redis' client-side cache, since its answers may have any age: use
//     Options.Near
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

// errDeaf is what New tells the Hook if the client does not obey contexts, so that
// LoadConfig.Patience has no effect.
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

// Name returns the full name of the cache: Options.Namespace followed by the name given to New.
func (c *Cache[K, V]) Name() string { return c.names.String() }

// Close ends the cache and always returns nil. Later operations return [ErrClosed]. Close ends all
// loads, stops the Sweeper, also in the middle of a pass, and waits until the Sweeper and all
// commands in flight have ended. If a server does not answer, that takes as long as the client's
// timeouts. [Cache.Shutdown] limits the wait.
//
// Close does not wait for functions of the caller, and they may call Close. Such functions are a
// loader, the function given to Modify or Upsert, a codec, a Hook, a callback of a sweep and the
// body of a range. What such a function returns after Close is not written, and its operation
// returns ErrClosed.
//
// A hook of the Redis client must not call Close. It runs within a command: Close would wait for
// that command, and the command for Close.
//
// Close may be called more than once. It does not close the Redis client, the codec or the Hook.
func (c *Cache[K, V]) Close() error {
	_ = c.Shutdown(context.Background())
	return nil
}

// Shutdown is [Cache.Close] with a limit: it waits until ctx ends at most, and then returns an
// error that wraps the error of ctx. The cache is closed in any case. Commands that
// Options.AutoPipeline has queued fail with [ErrClosed].
//
// A command that the Redis client already has may still reach the server later. The client waits
// for a connection or a reply, and tries again, as long as the command's context and the client's
// timeouts allow.
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

// ready returns an error if no operation may start now.
func (c *core) ready(ctx context.Context) error {
	if c.closed.Load() {
		return ErrClosed
	}
	return ctx.Err()
}

// key returns the key in Redis of k, or an error if no operation may start on it now.
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

// redisKey returns the key in Redis of k. With an error, it returns as much of the key as there is.
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

// lacksValue reports whether v is nil, for a V that can be nil.
func (c *Cache[K, V]) lacksValue(v V) bool {
	if !c.nillable {
		return false
	}
	r := reflect.ValueOf(v) // of the value in the interface
	return !r.IsValid() || r.Kind() == reflect.Pointer && r.IsNil()
}
