package sweep_test

import (
	"context"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// open returns a client of a test server, and functions that let time pass there and close both.
func open() (rdb *redis.Client, wait func(time.Duration), done func()) {
	server := miniredis.NewMiniRedis()
	must(server.Start())
	now := time.Now()
	server.SetTime(now)
	server.ClockTTL(true)
	wait = func(d time.Duration) {
		now = now.Add(d)
		server.SetTime(now)
	}
	rdb = redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	return rdb, wait, func() {
		rdb.Close()
		server.Close()
	}
}

func must(err error) {
	if err != nil {
		log.Fatal(err)
	}
}

// Records live for a day from their last use. A sweep every five minutes removes those that nobody
// has used for two hours.
func ExamplePeriodic() {
	rdb, _, done := open()
	defer done()

	users, err := cache.New[int64](rdb, "users", codec.String{}, &cache.Options{
		TTL:     ttl.Active(24 * time.Hour),
		Sweeper: sweep.Periodic{Interval: 5 * time.Minute, MaxIdle: 2 * time.Hour},
	})
	must(err)
	defer users.Close() // stops the sweeper

	// cache.New returns an error for an idle time that no record can reach.
	err = sweep.Periodic{Interval: time.Minute, MaxIdle: 48 * time.Hour}.Check(24 * time.Hour)
	fmt.Println(err)
	// Output:
	// Periodic.MaxIdle 48h0m0s is too long: a pass sees idle times below 24h0m0s only
}

// One pass by hand: first a dry run, which only counts.
func ExampleDryRun() {
	rdb, wait, done := open()
	defer done()
	users, err := cache.New[string](rdb, "users", codec.String{}, nil) // ttl.Active(time.Hour)
	must(err)
	ctx := context.Background()
	must(users.SetMany(ctx, map[string]string{"1": "Ann", "2": "Bob"}))
	wait(30 * time.Minute)
	must(users.Touch(ctx, "1"))

	for _, opts := range [][]sweep.Option{{sweep.DryRun()}, {sweep.Duty(0.5)}} {
		res, err := users.Sweep(ctx, 20*time.Minute, opts...)
		fmt.Println(res.Scanned, "scanned,", res.Removed, "idle, dry run:", res.DryRun, err)
	}
	// Output:
	// 2 scanned, 1 idle, dry run: true <nil>
	// 2 scanned, 1 idle, dry run: false <nil>
}
