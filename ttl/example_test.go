package ttl_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/ttl"
)

// open returns a cache on a test server, and functions that let time pass there and close both.
func open(p ttl.Policy) (c *cache.Cache[string, string], wait func(time.Duration), done func()) {
	server := miniredis.NewMiniRedis()
	must(server.Start())
	now := time.Now()
	server.SetTime(now)
	server.ClockTTL(true)
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	c, err := cache.New[string](rdb, "demo", codec.String{}, &cache.Options{TTL: p})
	must(err)
	wait = func(d time.Duration) {
		now = now.Add(d)
		server.SetTime(now)
		recent.Skip(d)
	}
	return c, wait, func() {
		c.Close()
		rdb.Close()
		server.Close()
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// A session ends 30 minutes after its last use.
func ExampleActive() {
	sessions, wait, done := open(ttl.Active(30 * time.Minute))
	defer done()
	ctx := context.Background()

	must(sessions.Set(ctx, "token", "Ann"))
	for _, minutes := range []time.Duration{20, 20, 20, 30} {
		wait(minutes * time.Minute)
		_, err := sessions.Get(ctx, "token") // renews
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// <nil>
	// <nil>
	// rediscache: Get demo "token": record not found
}

// A row of a database is loaded again an hour after it was loaded, even if it is read often.
func ExampleFixed() {
	users, wait, done := open(ttl.Fixed(time.Hour))
	defer done()
	query := func(_ context.Context, id string) (string, error) {
		fmt.Println("query", id)
		return "Ann", nil
	}

	for range 4 {
		ann, err := users.GetOrLoad(context.Background(), "42", query)
		fmt.Println(ann, err)
		wait(20 * time.Minute)
	}
	// Output:
	// query 42
	// Ann <nil>
	// Ann <nil>
	// Ann <nil>
	// query 42
	// Ann <nil>
}

// A session ends an hour after the login, even if it is in use.
func ExampleMaxAge() {
	sessions, wait, done := open(ttl.Active(30*time.Minute, ttl.MaxAge(time.Hour)))
	defer done()
	ctx := context.Background()

	must(sessions.Set(ctx, "token", "Ann"))
	for range 3 {
		wait(20 * time.Minute)
		_, err := sessions.Get(ctx, "token")
		fmt.Println(err)
	}
	// Output:
	// <nil>
	// <nil>
	// rediscache: Get demo "token": record not found
}

// A read renews a record only when a minute of its TTL has passed.
func ExampleTolerance() {
	flags, wait, done := open(ttl.Active(time.Hour, ttl.Tolerance(time.Minute)))
	defer done()
	ctx := context.Background()

	must(flags.Set(ctx, "dark-mode", "on"))
	for _, d := range []time.Duration{59 * time.Second, time.Second} {
		wait(d)
		_, err := flags.Get(ctx, "dark-mode")
		info, _ := flags.Inspect(ctx, "dark-mode") // renews nothing
		fmt.Println(info.Remaining, err)
	}
	// Output:
	// 59m1s <nil>
	// 1h0m0s <nil>
}

// In the last ten minutes GetOrLoad returns the old value and loads the new one.
func ExampleRefresh() {
	prices, wait, done := open(ttl.Fixed(time.Hour, ttl.Refresh(10*time.Minute)))
	defer done()
	ctx := context.Background()
	price := "250"
	query := func(context.Context, string) (string, error) { return price, nil }

	fmt.Println(prices.GetOrLoad(ctx, "A-1", query))
	price = "300"
	wait(55 * time.Minute)
	fmt.Println(prices.GetOrLoad(ctx, "A-1", query)) // does not wait
	fmt.Println(prices.GetOrLoad(ctx, "A-1", query, cache.WaitFresh(time.Minute)))
	// Output:
	// 250 <nil>
	// 250 <nil>
	// 300 <nil>
}

// Records that are written together expire at different times, within six minutes.
func ExampleJitter() {
	users, _, done := open(ttl.Fixed(time.Hour, ttl.Jitter(0.1)))
	defer done()
	ctx := context.Background()

	must(users.SetMany(ctx, map[string]string{"1": "Ann", "2": "Bob"}))
	for _, id := range []string{"1", "2"} {
		info, err := users.Inspect(ctx, id)
		fmt.Println(54*time.Minute <= info.Remaining, info.Remaining <= time.Hour, err)
	}
	// Output:
	// true true <nil>
	// true true <nil>
}
