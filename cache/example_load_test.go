package cache_test

import (
	"context"
	"errors"
	"fmt"
	"log"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

func ExampleCache_GetOrLoad() {
	accounts, done := open()
	defer done()

	query := func(_ context.Context, id int64) (Account, error) { // asks your database
		fmt.Println("query for", id)
		return Account{Name: "Eve", Age: 27}, nil
	}
	for range 2 {
		fmt.Println(accounts.GetOrLoad(context.Background(), 44, query))
	}
	// Output:
	// query for 44
	// {Eve 27 0} <nil>
	// {Eve 27 0} <nil>
}

// A row that does not exist is cache.ErrNotFound.
func ExampleCache_GetOrLoad_absent() {
	accounts, done := open()
	defer done()

	_, err := accounts.GetOrLoad(context.Background(), 7,
		func(context.Context, int64) (Account, error) {
			return Account{}, cache.ErrNotFound // your code returns it for sql.ErrNoRows
		})
	fmt.Println(errors.Is(err, cache.ErrNotFound), err)
	// Output: true rediscache: GetOrLoad accounts "7": record not found
}

func ExampleCache_GetOrLoadMany() {
	accounts, done := open()
	defer done()

	query := func(_ context.Context, ids []int64) (map[int64]Account, error) {
		fmt.Println("query for", ids) // the keys that Redis does not have
		return map[int64]Account{44: {Name: "Eve", Age: 27}}, nil
	}
	found, err := accounts.GetOrLoadMany(context.Background(), []int64{42, 44, 7}, query)
	fmt.Println(found, err) // 7 does not exist
	// Output:
	// query for [44 7]
	// map[42:{Ann 31 0} 44:{Eve 27 0}] <nil>
}

func ExampleCache_Reload() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	ann, err := accounts.Reload(ctx, 42, func(context.Context, int64) (Account, error) {
		return Account{Name: "Ann", Age: 32}, nil // the row as it is now
	})
	fmt.Println(ann, err)
	fmt.Println(accounts.Get(ctx, 42))
	// Output:
	// {Ann 32 0} <nil>
	// {Ann 32 0} <nil>
}

// The loader returns an error for one key. The other records are stored and returned.
func ExampleKeyErrors() {
	accounts, done := open()
	defer done()

	query := func(context.Context, []int64) (map[int64]Account, error) {
		return map[int64]Account{44: {Name: "Eve"}},
			cache.KeyErrors[int64]{45: errors.New("broken row")}
	}
	found, err := accounts.GetOrLoadMany(context.Background(), []int64{44, 45}, query)
	fmt.Println(found)
	fmt.Println(err)
	// Output:
	// map[44:{Eve 0 0}]
	// rediscache: GetOrLoadMany accounts "45": broken row
}

// A loader gives the record its own TTL.
func ExampleOwnTTL() {
	accounts, done := open()
	defer done()
	ctx := context.Background()

	query := func(ctx context.Context, _ int64) (Account, error) {
		return Account{Name: "Guest"}, cache.OwnTTL(ctx, 5*time.Minute)
	}
	fmt.Println(accounts.GetOrLoad(ctx, 44, query))
	info, err := accounts.Inspect(ctx, 44)
	fmt.Println(info.TTL, err)
	// Output:
	// {Guest 0 0} <nil>
	// 5m0s <nil>
}

// In the last ten minutes of a record, a call waits up to 50 ms for the new value.
func ExampleWaitFresh() {
	rdb, closeServer := openServer()
	defer closeServer()
	accounts, err := cache.New[int64](rdb, "accounts", codec.JSON[Account]{}, &cache.Options{
		TTL: ttl.Fixed(time.Hour, ttl.Refresh(10*time.Minute)),
	})
	if err != nil {
		log.Fatal(err)
	}
	defer accounts.Close()
	query := func(context.Context, int64) (Account, error) { return Account{Name: "Ann"}, nil }
	fmt.Println(accounts.GetOrLoad(context.Background(), 42, query,
		cache.WaitFresh(50*time.Millisecond)))
	// Output: {Ann 0 0} <nil>
}
