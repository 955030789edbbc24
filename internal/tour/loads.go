package main

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

func (t *tour) loads(ctx context.Context) {
	t.must(t.pages.Delete(ctx, 42))
	queries := 0
	row := func(context.Context, int64) (User, error) { // a query of a database
		queries++
		time.Sleep(10 * time.Millisecond)
		return ann, nil
	}
	var all sync.WaitGroup
	users, errs := make([]User, 100), make([]error, 100)
	for i := range users {
		all.Go(func() { users[i], errs[i] = t.pages.GetOrLoad(ctx, 42, row) })
	}
	all.Wait()
	t.must(errors.Join(errs...))
	for _, user := range users {
		t.check(user.Name == "Ann", "each caller has the record", user)
	}
	t.show("pages.GetOrLoad(ctx, 42, row)", "100 callers at once, queries of the database: %d",
		queries)
	t.check(queries == 1, "one of many callers asks the database", queries)
}

func (t *tour) copies(ctx context.Context) {
	copies := &cache.Near{}
	flags, err := cache.New[int64](t.rdb, t.unique+"/flags", codec.JSON[User]{},
		&cache.Options{TTL: ttl.Fixed(t.times.ttl), Near: copies})
	t.must(err)
	t.caches = append(t.caches, flags)
	t.must(flags.Set(ctx, 42, ann))
	for begun := time.Now(); time.Since(begun) < copiesTake; {
		user, err := flags.Get(ctx, 42)
		t.must(err)
		t.check(user.Name == "Ann", "a copy is the record", user)
		if flags.Stats().Near.Hits > 0 {
			break
		}
		time.Sleep(time.Millisecond)
	}
	if flags.Stats().Near.Hits == 0 {
		t.show("Options.Near", "this server does not tell which keys are written: no copies")
		return
	}
	begun, reads := time.Now(), 10_000
	for range reads {
		_, err := flags.Get(ctx, 42)
		t.must(err)
	}
	t.show("Options.Near", "%d reads in %s, from memory: %d", reads,
		time.Since(begun).Round(time.Microsecond),
		flags.Stats().Near.Hits)
	t.must(flags.Set(ctx, 42, bob))
	user, err := flags.Get(ctx, 42)
	t.must(err)
	t.show("flags.Set(ctx, 42, bob)", "%v: an own write is seen at once", user)
	t.check(user.Name == "Bob", "an own write is seen at once", user)
}

// copiesTake is how long the tour waits for copies at most.
const copiesTake = time.Second
