package main

import (
	"context"
	"fmt"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/testpb"
	"github.com/activettl/rediscache/ttl"
)

// User is a record of the tour. The tags name its fields in Redis and for UpdateField.
type User struct {
	ID     int64    `json:"id" msgpack:"id"`
	Name   string   `json:"name" msgpack:"name"`
	Age    int      `json:"age" msgpack:"age"`
	Visits int      `json:"visits" msgpack:"visits"`
	Tags   []string `json:"tags" msgpack:"tags"`
}

func (u User) String() string {
	return fmt.Sprintf("%s, age %d, visits %d", u.Name, u.Age, u.Visits)
}

var (
	ann = User{ID: 42, Name: "Ann", Age: 31, Tags: []string{"admin", "editor"}}
	bob = User{ID: 43, Name: "Bob", Age: 44}
)

// tour has the caches that its steps share.
type tour struct {
	*guide
	users    *cache.Cache[int64, User] // JSON, Active: what most steps use
	packed   *cache.Cache[int64, User]
	messages *cache.Cache[int64, *testpb.User]
	hot      *cache.Cache[int64, User] // Active with a tolerance
	pages    *cache.Cache[int64, User] // Fixed
}

// showSteps is the tour.
func showSteps(ctx context.Context, g *guide) error {
	started := time.Now()
	t := &tour{guide: g}
	steps := []struct {
		title string
		do    func(context.Context)
	}{
		{"Typed records in three codecs", t.codecs},
		{"A read renews the record", t.renewal},
		{"A record with a TTL of its own", t.ownTTL},
		{"A tolerance spares renewals", t.tolerance},
		{"What nobody reads expires", t.expiry},
		{"A sweep removes what nobody uses", t.sweep},
		{"Beside Active, the Fixed policy: reads renew nothing", t.fixed},
		{"GetOrLoad asks the database once", t.loads},
		{"Copies in this process", t.copies},
		{"Update", t.update},
		{"Update of one field", t.updateField},
		{"Modify: a change that depends on the value", t.modify},
		{"Many at once", t.batches},
		{"All records", t.all},
		{"Keys and their number", t.keys},
		{"Delete", t.delete},
		{"A miss is ErrNotFound", t.miss},
	}
	err := g.attempt("the caches", func() {
		g.printf("rediscache tour, %d steps\n\n", len(steps))
		g.printf("  server   %s\n", g.about)
		g.printf("  time     %s\n", g.how)
		g.printf("  policy   %v, if a step does not say otherwise\n", ttl.Active(g.times.ttl))
		t.users = newCache[int64](g, "users", codec.JSON[User]{}, ttl.Active(g.times.ttl))
		t.packed = newCache[int64](g, "packed", codec.MsgPack[User]{}, ttl.Active(g.times.ttl))
		t.messages = newCache[int64](g, "messages", codec.Proto[*testpb.User]{},
			ttl.Active(g.times.ttl))
		t.hot = newCache[int64](g, "hot", codec.JSON[User]{},
			ttl.Active(g.times.ttl, ttl.Tolerance(g.times.pause/2)))
		t.pages = newCache[int64](g, "pages", codec.JSON[User]{}, ttl.Fixed(g.times.ttl))
	})
	for i, step := range steps {
		if err != nil {
			return err
		}
		err = g.attempt(fmt.Sprintf("step %d (%s)", i+1, step.title), func() {
			g.printf("\n%2d. %s\n", i+1, step.title)
			step.do(ctx)
		})
	}
	if err == nil {
		err = g.attempt("the end", func() {
			g.printf("\nAll %d steps did what they say, in %s.\n", len(steps),
				short(time.Since(started)))
		})
	}
	return err
}
