package cache_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
)

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

func ExampleCache_Shutdown() {
	accounts, done := open()
	defer done()

	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	fmt.Println(accounts.Shutdown(ctx)) // waits for commands in flight, 5 seconds at most
	_, err := accounts.Get(ctx, 42)
	fmt.Println(errors.Is(err, cache.ErrClosed))
	// Output:
	// <nil>
	// true
}

func ExampleCache_Stats() {
	accounts, done := open()
	defer done()

	stats := accounts.Stats() // sends nothing to Redis
	fmt.Println(stats.Near.Hits, stats.Near.Misses)
	// Output: 0 0
}

func ExampleCache_Name() {
	rdb, closeServer := openServer()
	defer closeServer()

	accounts, err := cache.New[int64](rdb, "accounts", codec.JSON[Account]{},
		&cache.Options{Namespace: "shop/prod/"})
	if err != nil {
		log.Fatal(err)
	}
	defer accounts.Close()
	fmt.Println(accounts.Name())
	// Output: shop/prod/accounts
}
