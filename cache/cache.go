package cache

import (
	"context"
	"fmt"
	"reflect"
	"sync"
	"sync/atomic"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/keys"
	"github.com/activettl/rediscache/internal/store"
)

// Cache keeps values of type V under keys of type K in Redis. It is made by
// [New] and safe for concurrent use. Caches of the same name on the same Redis,
// in one process or in many, are the same cache, and are to be made with the
// same K, V, codec and policy.
//
// A K is a string, an integer, a named type of these, or a type with MarshalText
// and, on its pointer, UnmarshalText. Its text has 1 to 1024 bytes, any bytes.
type Cache[K comparable, V any] struct {
	core
	keys     keys.Coder[K]
	codec    codec.Codec[V]
	nillable bool // V is a pointer or an interface: its nil is no value
}

// core is what a cache has without its types.
type core struct {
	settings
	name   string
	prefix string // of every key in Redis
	store  *store.Store
	closed atomic.Bool
	stop   context.CancelFunc // of what New started
	bg     sync.WaitGroup
}

// New returns the cache of that name on rdb: any client of go-redis, standalone,
// Sentinel, Cluster, Ring or AutoPipeliner. The name is of letters, digits and
// ". _ / -". The values are those of the codec, so a call writes only K:
//
//	users, err := cache.New[int64](rdb, "users", codec.JSON[User]{}, nil)
//
// New checks all it is given and says what is wrong by its name. It sends
// nothing to Redis. It starts the Sweeper, if there is one; Close ends it. The
// client stays the caller's to close, after the cache.
func New[K comparable, V any](rdb redis.UniversalClient, name string, c codec.Codec[V], o *Options) (*Cache[K, V], error) {
	fail := func(err error) (*Cache[K, V], error) { return nil, &Error{Op: "New", Err: err} }
	switch {
	case !validName.MatchString(name):
		return fail(fmt.Errorf("name %.64q: it must match %s", name, validName))
	case isNil(rdb):
		return fail(fmt.Errorf("cache %s: rdb is nil", name))
	case isNil(c):
		return fail(fmt.Errorf("cache %s: codec is nil", name))
	}
	set, err := o.settings()
	if err != nil {
		return fail(fmt.Errorf("cache %s: %w", name, err))
	}
	if _, already := rdb.(*redis.AutoPipeliner); already && set.autoPipeline {
		return fail(fmt.Errorf("cache %s: Options.AutoPipeline: rdb is a redis.AutoPipeliner already", name))
	}
	coder, err := keys.For[K]()
	if err != nil {
		return fail(fmt.Errorf("cache %s: %w", name, err))
	}
	prefix := name + ":"
	kind := reflect.TypeFor[V]().Kind()
	made := &Cache[K, V]{
		core:     core{settings: set, name: name, prefix: prefix, store: store.New(rdb, prefix, set.terms, set.track)},
		keys:     coder,
		codec:    c,
		nillable: kind == reflect.Pointer || kind == reflect.Interface,
	}
	if set.autoPipeline {
		made.store.AutoPipeline()
	}
	var background context.Context
	background, made.stop = context.WithCancel(context.Background())
	if set.sweeper != nil {
		made.bg.Go(func() { set.sweeper.Run(background, made) })
	}
	return made, nil
}

// Name returns the name of the cache.
func (c *Cache[K, V]) Name() string { return c.name }

// Close ends the cache: every later operation returns [ErrClosed]. It stops the
// Sweeper, also in the middle of a pass, and waits until it and the pipelines of
// Options.AutoPipeline have ended: if the server does not answer, for as long as the
// client's timeouts say. It closes nothing that
// New was given. Close may be called more than once, and always returns nil. It must
// not be called by a callback of the Sweeper or by the Hook of its pass, since it
// would wait for its caller.
func (c *Cache[K, V]) Close() error {
	c.closed.Store(true)
	c.stop()
	c.bg.Wait()
	c.store.Close()
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
	key, err := c.keys.Append(append(buf[:0], c.prefix...), k)
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrKey, err)
	}
	return string(key), err
}

// text returns the text of a cache's key without the cache's name.
func (c *core) text(key string) string { return key[len(c.prefix):] }

// encode returns the bytes of a value that the cache may write.
func (c *Cache[K, V]) encode(v V) ([]byte, error) {
	if c.lacksValue(v) {
		return nil, ErrNilValue
	}
	data, err := c.codec.Encode(v)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEncode, err)
	}
	if err := c.fits(data); err != nil {
		return nil, err
	}
	if c.nillable && len(data) <= maxNull && c.isNull(data) {
		return nil, ErrNilValue
	}
	return data, nil
}

// maxNull is more bytes than any format takes to say that there is no value: JSON's
// null has four.
const maxNull = 8

// isNull reports whether the codec reads data as no value, as it does when an any
// holds a nil map.
func (c *Cache[K, V]) isNull(data []byte) bool {
	v, err := c.codec.Decode(data)
	return err == nil && c.lacksValue(v)
}

// decode returns the value of bytes that Redis holds.
func (c *Cache[K, V]) decode(data []byte) (V, error) {
	var zero V
	if err := c.fits(data); err != nil {
		return zero, err
	}
	v, err := c.codec.Decode(data)
	if err != nil {
		return zero, fmt.Errorf("%w: %w", ErrDecode, err)
	}
	if c.lacksValue(v) {
		return zero, fmt.Errorf("%w: %w", ErrDecode, ErrNilValue)
	}
	return v, nil
}

func (c *core) fits(data []byte) error {
	if len(data) > c.maxValueBytes {
		return fmt.Errorf("%w: %d bytes, and Options.MaxValueBytes is %d", ErrTooLarge, len(data), c.maxValueBytes)
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
