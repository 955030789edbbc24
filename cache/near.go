package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/near"
	"github.com/activettl/rediscache/internal/tracking"
)

// Near lets a cache keep decoded copies of records in this process. Get, Peek, GetMany, GetOrLoad
// and GetOrLoadMany are answered by a copy while there is proof that it is not too old. Callers
// share its value, and must not modify what it refers to, unless the codec is a [codec.Cloner]. The
// package documentation says what is promised, and what it costs the server.
type Near struct {
	// MaxBytes bounds the memory of the copies. A copy counts as the bytes of its key and of its
	// encoded value, compressed if the codec does that, and 200 more. The decoded values may take
	// more than that. The default is DefaultNearBytes.
	MaxBytes int64

	// Staleness is how old a copy may be: a read from memory returns what Get would have returned
	// at some moment within Staleness before the read began. It is from 100 ms to a year. The
	// default is DefaultStaleness.
	//
	// Four times in a Staleness, the process sends a short script to each primary. All caches of a
	// client share that. The least Staleness of them decides.
	Staleness time.Duration

	// StaleOnOutage is how old a copy may be while Redis does not answer: then reads return it in
	// place of an error, GetOrLoad only if the loader fails too. It is at least Staleness. The
	// default, 0, is not to.
	//
	// A read whose copy may answer waits for Redis no longer than LoadConfig.Patience, and not at
	// all while the server counts as out.
	StaleOnOutage time.Duration
}

// The defaults of Near, and its least Staleness.
const (
	DefaultNearBytes = 64 << 20
	DefaultStaleness = 2 * time.Second
	minStaleness     = 100 * time.Millisecond
	maxStaleness     = 365 * 24 * time.Hour
)

// near returns the checked Near. renewsAlways says that under the policy each read is a write.
func (o *Options) near(renewsAlways bool) (near.Config, error) {
	n := near.Config{
		MaxBytes: o.Near.MaxBytes, Staleness: o.Near.Staleness,
		StaleOnOutage: o.Near.StaleOnOutage,
	}
	switch {
	case renewsAlways:
		return n, errors.New("Options.Near needs a Fixed policy or a ttl.Tolerance: " +
			"under this one each read is a write, which ends the copies of all processes")
	case n.MaxBytes < 0:
		return n, fmt.Errorf("Options.Near.MaxBytes is %d: it must be positive", n.MaxBytes)
	case n.Staleness != 0 && (n.Staleness < minStaleness || n.Staleness > maxStaleness):
		return n, fmt.Errorf("Options.Near.Staleness is %v: it must be from %v to %v",
			n.Staleness, minStaleness, maxStaleness)
	}
	if n.MaxBytes == 0 {
		n.MaxBytes = DefaultNearBytes
	}
	if n.Staleness == 0 {
		n.Staleness = DefaultStaleness
	}
	if n.StaleOnOutage != 0 && n.StaleOnOutage < n.Staleness {
		return n, fmt.Errorf("Options.Near.StaleOnOutage is %v: it must be 0, or at least the "+
			"Staleness of %v", n.StaleOnOutage, n.Staleness)
	}
	return n, nil
}

// listenNear makes the copies of the cache.
func (c *Cache[K, V]) listenNear(rdb redis.UniversalClient, cfg near.Config) (err error) {
	c.cloner, _ = codec.ClonerOf(c.codec)
	c.checks = c.cloner == nil && near.SharedIsWatched()
	if c.index != nil {
		c.noteAfter = c.index.Halve()
	}
	c.near, err = near.New[K, V](cfg, c.names, c.keys,
		func(changed func(string)) (*tracking.Listener, error) {
			return tracking.Listen(rdb, tracking.Handler{
				Prefix: c.names.Prefix(), Canary: c.names.Near(), Staleness: cfg.Staleness,
				Changed: func(key string) {
					changed(key)
					c.loads.Changed(key)
				},
				Refused: c.noNear,
			})
		})
	if err == nil {
		c.store.SetCopies(c.near)
	}
	return err
}

// noNear tells the Hook why no copies are kept.
func (c *core) noNear(err error) {
	if c.hook == nil {
		return
	}
	c.tasks.start(func() {
		c.notice(context.Background(), c.backgroundHook(), "Near", "",
			fmt.Errorf("%w: %w", errNoNear, err))
	})
}

// errNoNear is what the Hook is told.
var errNoNear = errors.New("no copies are kept")
