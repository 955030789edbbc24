package cachetest_test

import (
	"context"
	"fmt"
	"log"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cachetest"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

// example takes the place of a *testing.T: an Example has none.
type example struct {
	testing.TB
	cleanups []func()
}

func (e *example) Helper() {}

func (e *example) Fatal(args ...any) { log.Fatal(args...) }

func (e *example) Cleanup(fn func()) { e.cleanups = append(e.cleanups, fn) }

func (e *example) end() {
	for len(e.cleanups) > 0 {
		last := len(e.cleanups) - 1
		e.cleanups[last]()
		e.cleanups = e.cleanups[:last]
	}
}

func ExampleNew() {
	t := &example{} // in your test, t is its *testing.T
	defer t.end()

	sessions, _ := cachetest.New[string](t, "sessions", codec.JSON[Session]{}, nil)
	err := sessions.Set(context.Background(), "s1", Session{User: "ann"})
	fmt.Println(err)
	fmt.Println(sessions.Get(context.Background(), "s1"))
	// Output:
	// <nil>
	// {ann} <nil>
}

// NewServer is for code that makes its own caches.
func ExampleNewServer() {
	t := &example{} // in your test, t is its *testing.T
	defer t.end()

	srv := cachetest.NewServer(t)
	users, err := cache.New[int64](srv.Client, "users", codec.String{}, nil)
	fmt.Println(users.Name(), err)
	tags, err := cache.New[string](srv.Client, "tags", codec.String{}, nil)
	fmt.Println(tags.Name(), err)
	// Output:
	// users <nil>
	// tags <nil>
}

func ExampleServer_Advance() {
	t := &example{} // in your test, t is its *testing.T
	defer t.end()

	users, srv := cachetest.New[int64](t, "users", codec.String{},
		&cache.Options{TTL: ttl.Fixed(time.Hour)})
	fmt.Println(users.Set(context.Background(), 42, "Ann"))
	srv.Advance(time.Hour) // at once
	_, err := users.Get(context.Background(), 42)
	fmt.Println(err)
	// Output:
	// <nil>
	// rediscache: Get users "42": record not found
}

// The code under test must also work without Redis.
func ExampleServer_Fail() {
	t := &example{} // in your test, t is its *testing.T
	defer t.end()
	users, srv := cachetest.New[int64](t, "users", codec.String{}, nil)
	query := func(context.Context, int64) (string, error) { return "Ann", nil }
	ctx := context.Background()

	srv.Fail(nil)
	_, err := users.Get(ctx, 42)
	fmt.Println(err)
	fmt.Println(users.GetOrLoad(ctx, 42, query)) // loads, and cannot store
	srv.Recover()
	fmt.Println(users.GetOrLoad(ctx, 42, query)) // loads and stores
	// Output:
	// rediscache: Get users "42": dial tcp: connection refused
	// Ann <nil>
	// Ann <nil>
}

// The second call finds the record of the first one.
func ExampleCount() {
	t := &example{} // in your test, t is its *testing.T
	defer t.end()
	users, _ := cachetest.New[int64](t, "users", codec.String{}, nil)

	load, calls := cachetest.Count(func(context.Context, int64) (string, error) {
		return "Ann", nil
	})
	for range 2 {
		ann, err := users.GetOrLoad(context.Background(), 42, load)
		fmt.Println(ann, err, "after", calls(), "call")
	}
	// Output:
	// Ann <nil> after 1 call
	// Ann <nil> after 1 call
}

// A test of code that reads from a cache with copies in memory. It needs a real server.
func ExampleCheckShared() {
	_ = func(t *testing.T) {
		cachetest.CheckShared(t) // before the cache is made
		rdb := redis.NewClient(&redis.Options{Addr: "localhost:6379", ContextTimeoutEnabled: true})
		defer rdb.Close()
		users, err := cache.New[int64](rdb, "users", codec.JSON[Session]{},
			&cache.Options{TTL: ttl.Fixed(time.Hour), Near: &cache.Near{}})
		if err != nil {
			t.Fatal(err)
		}
		defer users.Close()
		// Run the code under test with users. The test fails if that code modifies a value.
	}
}
