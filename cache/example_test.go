package cache_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"slices"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

type Account struct {
	Name   string `json:"name"`
	Age    int    `json:"age"`
	Visits int    `json:"visits,omitempty"`
}

// open returns a cache with Ann under 42 and Bob under 43, on a Redis of the
// example's own, and what closes both.
func open() (*cache.Cache[int64, Account], func()) {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		log.Fatal(err)
	}
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr()})
	accounts, err := cache.New[int64](rdb, "accounts", codec.JSON[Account]{}, nil)
	if err != nil {
		log.Fatal(err)
	}
	err = accounts.SetMany(context.Background(), map[int64]Account{
		42: {Name: "Ann", Age: 31},
		43: {Name: "Bob", Age: 44},
	})
	if err != nil {
		log.Fatal(err)
	}
	return accounts, func() {
		accounts.Close()
		rdb.Close()
		server.Close()
	}
}

func ExampleNew() {
	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	defer rdb.Close()

	// A record lives 30 minutes from its last use, and a day at most.
	accounts, err := cache.New[int64](rdb, "accounts", codec.JSON[Account]{}, &cache.Options{
		TTL: ttl.Active(30*time.Minute, ttl.MaxAge(24*time.Hour)),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer accounts.Close()
	fmt.Println(accounts.Name())

	// What cannot work is refused at once.
	_, err = cache.New[int64](rdb, "accounts", codec.JSON[Account]{}, &cache.Options{TTL: ttl.Active(-1)})
	fmt.Println(err)
	// Output:
	// accounts
	// rediscache: New: cache accounts: Options.TTL: bad TTL: -1ns is less than 1ms
}

func ExampleCache_Get() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	ann, err := accounts.Get(ctx, 42) // renews Ann
	fmt.Println(ann, err)

	_, err = accounts.Get(ctx, 7)
	fmt.Println(errors.Is(err, cache.ErrNotFound), err)
	// Output:
	// {Ann 31 0} <nil>
	// true rediscache: Get accounts "7": record not found
}

func ExampleCache_Peek() {
	accounts, done := open()
	defer done()

	ann, err := accounts.Peek(context.Background(), 42) // renews nothing
	fmt.Println(ann, err)
	// Output: {Ann 31 0} <nil>
}

func ExampleCache_Set() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	err := accounts.Set(ctx, 44, Account{Name: "Eve", Age: 27})
	fmt.Println(err)
	n, _ := accounts.Len(ctx)
	fmt.Println(n, "records")
	// Output:
	// <nil>
	// 3 records
}

func ExampleWithTTL() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	err := accounts.Set(ctx, 44, Account{Name: "Eve"}, cache.WithTTL(5*time.Minute))
	fmt.Println(err)

	// Each read gives Eve five minutes again, and Ann the policy's hour.
	eve, _ := accounts.Inspect(ctx, 44)
	ann, _ := accounts.Inspect(ctx, 42)
	fmt.Println(eve.TTL, ann.TTL)
	// Output:
	// <nil>
	// 5m0s 1h0m0s
}

func ExampleCache_Update() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	fmt.Println(accounts.Update(ctx, 42, Account{Name: "Ann", Age: 32}))
	fmt.Println(accounts.Update(ctx, 7, Account{Name: "Nobody"}))
	// Output:
	// <nil>
	// rediscache: Update accounts "7": record not found
}

func ExampleCache_UpdateField() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	fmt.Println(accounts.UpdateField(ctx, 42, "age", 32)) // by its json tag
	fmt.Println(errors.Is(accounts.UpdateField(ctx, 42, "agee", 32), cache.ErrUnknownField))
	fmt.Println(errors.Is(accounts.UpdateField(ctx, 42, "age", "old"), cache.ErrFieldValue))
	fmt.Println(accounts.Get(ctx, 42))
	// Output:
	// <nil>
	// true
	// true
	// {Ann 32 0} <nil>
}

func ExampleCache_Modify() {
	accounts, done := open()
	defer done()

	ann, err := accounts.Modify(context.Background(), 42, func(a Account) (Account, error) {
		a.Visits++
		return a, nil
	})
	fmt.Println(ann, err)
	// Output: {Ann 31 1} <nil>
}

func ExampleCache_Add() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	fmt.Println(accounts.Add(ctx, 44, Account{Name: "Eve", Age: 27}))
	err := accounts.Add(ctx, 42, Account{Name: "Nobody"})
	fmt.Println(errors.Is(err, cache.ErrExists), err)
	fmt.Println(accounts.Get(ctx, 42))
	// Output:
	// <nil>
	// true rediscache: Add accounts "42": record exists already
	// {Ann 31 0} <nil>
}

func ExampleCache_Upsert() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	visit := func(a Account, found bool) (Account, error) {
		if !found {
			a.Name = "Guest"
		}
		a.Visits++
		return a, nil
	}
	for range 2 {
		guest, err := accounts.Upsert(ctx, 44, visit, cache.WithTTL(10*time.Minute))
		fmt.Println(guest, err)
	}
	// Output:
	// {Guest 0 1} <nil>
	// {Guest 0 2} <nil>
}

func ExampleCache_Touch() {
	accounts, done := open()
	defer done()

	fmt.Println(accounts.Touch(context.Background(), 42))
	// Output: <nil>
}

func ExampleCache_Inspect() {
	accounts, done := open()
	defer done()

	info, err := accounts.Inspect(context.Background(), 42)
	fmt.Println("lives", info.Remaining.Round(time.Minute), "more, has", info.Size, "bytes", err)
	// Output: lives 1h0m0s more, has 23 bytes <nil>
}

func ExampleCache_Delete() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	fmt.Println(accounts.Delete(ctx, 42))
	fmt.Println(accounts.Delete(ctx, 42)) // there is nothing to delete, and that is fine
	// Output:
	// <nil>
	// <nil>
}

func ExampleCache_GetMany() {
	accounts, done := open()
	defer done()

	found, err := accounts.GetMany(context.Background(), []int64{42, 43, 7})
	fmt.Println(len(found), found[43], err)
	// Output: 2 {Bob 44 0} <nil>
}

func ExampleCache_SetMany() {
	accounts, done := open()
	defer done()

	err := accounts.SetMany(context.Background(), map[int64]Account{
		44: {Name: "Eve", Age: 27},
		45: {Name: "Joe", Age: 61},
	})
	fmt.Println(err)
	// Output: <nil>
}

func ExampleCache_DeleteMany() {
	accounts, done := open()
	defer done()

	n, err := accounts.DeleteMany(context.Background(), []int64{42, 43, 7})
	fmt.Println(n, "deleted", err)
	// Output: 2 deleted <nil>
}

func ExampleCache_All() {
	accounts, done := open()
	defer done()

	var names []string
	for rec, err := range accounts.All(context.Background()) {
		if err != nil {
			log.Println(err) // names the record; the walk goes on
			continue
		}
		names = append(names, rec.Value.Name)
	}
	slices.Sort(names) // they come in no order
	fmt.Println(names)
	// Output: [Ann Bob]
}

func ExampleCache_Keys() {
	accounts, done := open()
	defer done()

	var ids []int64
	for id, err := range accounts.Keys(context.Background()) {
		if err != nil {
			log.Println(err)
			continue
		}
		ids = append(ids, id)
	}
	slices.Sort(ids)
	fmt.Println(ids)
	// Output: [42 43]
}

func ExampleCache_Len() {
	accounts, done := open()
	defer done()

	fmt.Println(accounts.Len(context.Background()))
	// Output: 2 <nil>
}

func ExampleCache_Clear() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	fmt.Println(accounts.Clear(ctx))
	fmt.Println(accounts.Len(ctx))
	// Output:
	// 2 <nil>
	// 0 <nil>
}

func ExampleCache_Close() {
	accounts, done := open()
	defer done()

	fmt.Println(accounts.Close())
	_, err := accounts.Get(context.Background(), 42)
	fmt.Println(err)
	// Output:
	// <nil>
	// rediscache: Get accounts "42": cache is closed
}

func ExampleFromEnv() {
	cfg, err := cache.FromEnv()
	if err != nil {
		log.Fatal(err) // names each bad variable and what it takes
	}
	rdb := cfg.Client()
	defer rdb.Close()
	accounts, err := cache.New[int64](rdb, "accounts", codec.JSON[Account]{}, cfg.Options())
	if err != nil {
		log.Fatal(err)
	}
	defer accounts.Close()
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
	rate.End(context.Background(), cache.Op{Kind: "GetMany", Cache: "accounts", Keys: 3, Hits: 2, Misses: 1})
	fmt.Printf("%d of %d reads were hits\n", rate.hits, rate.hits+rate.misses)

	_ = cache.Options{Hook: &rate} // a real one counts atomically
	// Output: 2 of 4 reads were hits
}

func ExampleOptions_sweeper() {
	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	defer rdb.Close()

	// A day for those that come back, and two hours for those that nobody reads.
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

// A record that is read all the time is renewed once a minute, whoever reads it.
func ExampleOptions_tolerance() {
	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	defer rdb.Close()
	accounts, err := cache.New[int64](rdb, "accounts", codec.JSON[Account]{}, &cache.Options{
		TTL:          ttl.Active(time.Hour, ttl.Tolerance(time.Minute)),
		AutoPipeline: true, // and hundreds of goroutines share their round trips
	})
	if err != nil {
		log.Fatal(err)
	}
	defer accounts.Close()
	fmt.Println(accounts.Name())
	// Output: accounts
}
