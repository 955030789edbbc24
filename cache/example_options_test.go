package cache_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

func ExampleFromEnv() {
	cfg, err := cache.FromEnv()
	if err != nil {
		log.Fatal(err) // it names each bad variable and the valid values
	}
	rdb := cfg.Client()
	defer rdb.Close()
	accounts, err := cache.New[int64](rdb, "accounts", codec.JSON[Account]{}, cfg.Options())
	if err != nil {
		log.Fatal(err)
	}
	defer accounts.Close()
}

// One client for all caches, and a separate policy for sessions: for example, SESSIONS_TTL=30m and
// SESSIONS_MAX_AGE=12h.
func ExampleConfig_For() {
	cfg, err := cache.FromEnv()
	if err != nil {
		log.Fatal(err)
	}
	own, err := cfg.For("sessions")
	if err != nil {
		log.Fatal(err)
	}
	rdb := cfg.Client()
	defer rdb.Close()
	sessions, err := cache.New[string](rdb, "sessions", codec.JSON[Account]{}, own.Options())
	if err != nil {
		log.Fatal(err)
	}
	defer sessions.Close()
}

// hitRate counts what Get and GetMany found.
type hitRate struct{ hits, misses int }

func (h *hitRate) Start(ctx context.Context, _ cache.Op) context.Context { return ctx }

func (h *hitRate) End(_ context.Context, op cache.Op) {
	if op.Kind == "Get" || op.Kind == "GetMany" {
		h.hits += op.Hits
		h.misses += op.Misses
	}
}

func ExampleHook() {
	var rate hitRate
	rate.End(context.Background(), cache.Op{Kind: "Get", Cache: "accounts", Keys: 1, Misses: 1})
	rate.End(context.Background(),
		cache.Op{Kind: "GetMany", Cache: "accounts", Keys: 3, Hits: 2, Misses: 1})
	fmt.Printf("%d of %d reads were hits\n", rate.hits, rate.hits+rate.misses)

	_ = cache.Options{Hook: &rate} // a real Hook must count atomically
	// Output: 2 of 4 reads were hits
}

func ExampleOptions_sweeper() {
	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	defer rdb.Close()

	// The TTL is a day. The Sweeper removes records that nobody has used for two hours.
	accounts, err := cache.New[int64](rdb, "accounts", codec.JSON[Account]{}, &cache.Options{
		TTL:     ttl.Active(24 * time.Hour),
		Sweeper: sweep.Periodic{Interval: 5 * time.Minute, MaxIdle: 2 * time.Hour},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer accounts.Close() // stops the sweeper
}

func ExampleCache_Sweep() {
	accounts, done := open()
	defer done()

	res, err := accounts.Sweep(context.Background(), 20*time.Minute)
	fmt.Println(res.Scanned, "looked at,", res.Removed, "removed", err)
	// Output: 2 looked at, 0 removed <nil>
}

// Flags are read at each request and rarely written. All processes see a change within two
// seconds, mostly within a millisecond. While Redis does not answer, older copies answer, of up to
// an hour.
func ExampleNear() {
	type Flag struct{ On bool }
	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	defer rdb.Close()
	flags, err := cache.New[string](rdb, "flags", codec.JSON[Flag]{}, &cache.Options{
		TTL:  ttl.Fixed(10 * time.Minute),
		Near: &cache.Near{Staleness: 2 * time.Second, StaleOnOutage: time.Hour},
	})
	if err != nil {
		log.Fatal(err)
	}
	defer flags.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	enabled := func(name string) bool { // mostly from memory: no round trip, no decoding
		flag, err := flags.Get(ctx, name)
		return err == nil && flag.On // off if the flag is not known
	}
	fmt.Println(enabled("new-checkout"))
	// Output: false
}

// A record that is read all the time is renewed once a minute, by any number of readers.
func ExampleOptions_tolerance() {
	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	defer rdb.Close()
	accounts, err := cache.New[int64](rdb, "accounts", codec.JSON[Account]{}, &cache.Options{
		TTL:          ttl.Active(time.Hour, ttl.Tolerance(time.Minute)),
		AutoPipeline: true, // concurrent commands share round trips
	})
	if err != nil {
		log.Fatal(err)
	}
	defer accounts.Close()
	fmt.Println(accounts.Name())
	// Output: accounts
}
