package cache_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

type Account struct {
	Name   string `json:"name"`
	Age    int    `json:"age"`
	Visits int    `json:"visits,omitempty"`
}

// open returns a cache with Ann under 42 and Bob under 43, on an embedded Redis, and a function
// that closes both.
func open() (*cache.Cache[int64, Account], func()) {
	rdb, closeServer := openServer()
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
		closeServer()
	}
}

// openServer returns a client of an embedded Redis, and a function that closes both.
func openServer() (*redis.Client, func()) {
	server := miniredis.NewMiniRedis()
	if err := server.Start(); err != nil {
		log.Fatal(err)
	}
	rdb := redis.NewClient(&redis.Options{Addr: server.Addr(), ContextTimeoutEnabled: true})
	return rdb, func() {
		rdb.Close()
		server.Close()
	}
}

func ExampleNew() {
	rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
	defer rdb.Close()

	// A record expires 30 minutes after its last use, and a day after it was written at the latest.
	accounts, err := cache.New[int64](rdb, "accounts", codec.JSON[Account]{}, &cache.Options{
		TTL: ttl.Active(30*time.Minute, ttl.MaxAge(24*time.Hour)),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer accounts.Close()
	fmt.Println(accounts.Name())

	// New refuses invalid options.
	_, err = cache.New[int64](rdb, "accounts", codec.JSON[Account]{},
		&cache.Options{TTL: ttl.Active(-1)})
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

	// Each read renews Eve for five minutes, and Ann for the policy's hour.
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

func ExampleCache_UpdateFields() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	// Sets all fields or none. A path leads into a value: "address.city", "tags[0]".
	fmt.Println(accounts.UpdateFields(ctx, 42, map[string]any{"age": 32, "name": "Anna"}))
	err := accounts.UpdateFields(ctx, 42, map[string]any{"age": 33, "nome": "Anne"})
	fmt.Println(errors.Is(err, cache.ErrUnknownField))
	fmt.Println(accounts.Get(ctx, 42))
	// Output:
	// <nil>
	// true
	// {Anna 32 0} <nil>
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
	fmt.Println(accounts.Delete(ctx, 42)) // it is no error if there is no record
	// Output:
	// <nil>
	// <nil>
}
