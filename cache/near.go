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

// Near makes a cache keep decoded copies of records in this process. A copy answers Get, Peek,
// GetMany, GetOrLoad and GetOrLoadMany while there is proof that it is not too old. Callers share
// the value of a copy and must not modify what it refers to, unless the codec is a [codec.Cloner].
// Each zero field means its default. The package documentation says what is promised and what it
// costs the server.
type Near struct {
	// MaxBytes limits the memory of the copies. A copy counts as the bytes of its key, plus those
	// of its encoded value (compressed, if the codec compresses), plus 200 bytes. The decoded
	// values may take more. The default is DefaultNearBytes, 64 MiB.
	MaxBytes int64

	// Staleness is how old a copy may be. A read from memory returns what Get would have returned
	// at some moment within Staleness before the read began. Staleness is from 100 ms to a year.
	// The default is DefaultStaleness, 2 s.
	//
	// Four times per Staleness, the process sends a short script to each primary. All caches of a
	// client share these scripts, and the smallest Staleness decides.
	Staleness time.Duration

	// StaleOnOutage is how old a copy may be while Redis does not answer. Reads then return the
	// copy in place of an error; GetOrLoad does so only if the loader fails too. It is at least
	// Staleness. The default, 0, is off.
	//
	// A read with such a copy waits for Redis no longer than LoadConfig.Patience. It does not wait
	// at all while the server counts as out.
	StaleOnOutage time.Duration
}

// Defaults of Near.
const (
	DefaultNearBytes = 64 << 20
	DefaultStaleness = 2 * time.Second
	minStaleness     = 100 * time.Millisecond
	maxStaleness     = 365 * 24 * time.Hour
)

// near returns the checked Near. renewsAlways says that each read under the policy is a write.
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

// listenNear makes the copies of the cache and begins to listen to changes of their records.
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

// noNear tells the Hook why the cache keeps no copies.
func (c *core) noNear(err error) {
	if c.hook == nil {
		return
	}
	c.tasks.start(func() {
		c.notice(context.Background(), c.backgroundHook(), "Near", "",
			fmt.Errorf("%w: %w", errNoNear, err))
	})
}

// errNoNear is the error that the Hook gets then.
var errNoNear = errors.New("no copies are kept")
