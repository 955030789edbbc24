package peers

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
)

// operation is the call that a table compares.
type operation struct {
	title, note string
	goroutines  []int
	detail      bool // adds a table with all measurements of the smallest records
	brief       bool // a call may take less than a microsecond

	// of returns the call of a side for records with the value u, or nil if the side has none. It
	// fails the test if the call does not do what it says.
	of func(p place, s side, u User) func(n int) error

	// commands returns how many commands one call sends. It is nil if that differs between calls.
	commands func(s side) float64
}

var concurrency = []int{1, 8, 64, 512}

func one(side) float64 { return 1 }

var operations = []operation{
	{
		title: "Sliding Get", goroutines: concurrency, detail: true,
		note: "A read that renews the TTL. By hand and with rueidis it is `GETEX` and decode. " +
			"rediscache has `ttl.Active`, and jkratz55/redis-cache has `GetAndExpire`. " +
			"go-redis/cache, eko/gocache and jetcache-go call their Get and then `rdb.PExpire`, " +
			"which takes two round trips and is not atomic.",
		of:       func(p place, s side, u User) func(int) error { return sliding(p, s.sliding, u) },
		commands: func(s side) float64 { return s.commands },
	},
	{
		title: "Get", goroutines: concurrency, detail: true,
		note:     "A read that renews nothing: `ttl.Fixed`, and the Get of each library.",
		of:       func(p place, s side, u User) func(int) error { return reading(p, s.get, u) },
		commands: one,
	},
	{
		title: "Set", goroutines: concurrency, detail: true,
		note:     "A write with a TTL.",
		of:       func(p place, s side, u User) func(int) error { return writing(p, s.set, u) },
		commands: one,
	},
	{
		title: fmt.Sprintf("GetMany of %d", batch), goroutines: []int{1, 8},
		note: "By hand, rediscache and jetcache-go send a pipeline of `GET`. " +
			"jkratz55/redis-cache and rueidis send one `MGET`, which is less work for the " +
			"server. That of jkratz55/redis-cache does not work in a cluster. A batch counts as " +
			"one call.",
		of: func(p place, s side, u User) func(int) error { return readingMany(p, s.getMany, u) },
	},
	{
		title: fmt.Sprintf("SetMany of %d", batch), goroutines: []int{1, 8},
		note: "All sides send a pipeline of `SET PX`. A batch counts as one call.",
		of:   func(p place, s side, u User) func(int) error { return writingMany(p, s.setMany, u) },
	},
}

// checked is the record on which calls are checked before they are measured.
const checked = 1

// reading checks that get returns want. It returns a call that cycles through the records.
func reading(p place, get func(context.Context, int64) (User, error), want User) func(n int) error {
	p.Helper()
	ctx := p.Context()
	for range 2 { // the second read may come from a near cache
		if got, err := get(ctx, checked); err != nil || !reflect.DeepEqual(got, want) {
			p.Fatalf("reads %v, %v, want %v", got, err, want)
		}
	}
	return func(n int) error {
		_, err := get(ctx, int64(n%records))
		return err
	}
}

func sliding(p place, get func(context.Context, int64) (User, error), want User) func(n int) error {
	p.Helper()
	ctx := p.Context()
	if err := p.rdb.PExpire(ctx, p.key(checked), hour/2).Err(); err != nil {
		p.Fatal(err)
	}
	op := reading(p, get, want)
	p.wantTTL(checked)
	return op
}

// wantTTL fails the test if the record does not have the whole TTL.
func (p place) wantTTL(id int64) {
	p.Helper()
	if left, err := p.rdb.PTTL(p.Context(), p.key(id)).Result(); err != nil ||
		left < hour-time.Minute || left > hour {
		p.Fatalf("the record has %v to live, %v, want %v", left, err, hour)
	}
}

// wantRecord fails the test if the record is not exactly u in the format, with the whole TTL. Then
// it removes the record.
func (p place) wantRecord(id int64, u User) {
	p.Helper()
	want, err := p.format.Marshal(u)
	if err != nil {
		p.Fatal(err)
	}
	if got, err := p.rdb.Get(p.Context(), p.key(id)).Result(); err != nil || got != string(want) {
		p.Fatalf("stores %q, %v, want %q", got, err, want)
	}
	p.wantTTL(id)
	if err := p.rdb.Del(p.Context(), p.key(id)).Err(); err != nil {
		p.Fatal(err)
	}
}

func writing(p place, set func(context.Context, int64, User) error, u User) func(n int) error {
	p.Helper()
	ctx := p.Context()
	if err := set(ctx, records, u); err != nil {
		p.Fatal(err)
	}
	p.wantRecord(records, u)
	return func(n int) error { return set(ctx, int64(n%records), u) }
}

func readingMany(
	p place, get func(context.Context, []int64) (map[int64]User, error), u User,
) func(n int) error {
	if get == nil {
		return nil
	}
	p.Helper()
	ctx := p.Context()
	// each call takes another part of ids
	ids := make([]int64, records+batch)
	for i := range ids {
		ids[i] = int64(i % records)
	}
	want := many(0, u)
	if got, err := get(ctx, ids[:batch]); err != nil || !reflect.DeepEqual(got, want) {
		p.Fatalf("reads %d records, %v, want %d", len(got), err, batch)
	}
	return func(n int) error {
		from := n % records
		_, err := get(ctx, ids[from:from+batch])
		return err
	}
}

// many returns a batch of records, with ids from from on.
func many(from int64, u User) map[int64]User {
	users := make(map[int64]User, batch)
	for i := range int64(batch) {
		users[from+i] = u
	}
	return users
}

func writingMany(
	p place, set func(context.Context, map[int64]User) error, u User,
) func(n int) error {
	if set == nil {
		return nil
	}
	p.Helper()
	ctx := p.Context()
	fresh := many(records, u)
	if err := set(ctx, fresh); err != nil {
		p.Fatal(err)
	}
	for id := range fresh {
		p.wantRecord(id, u)
	}
	users := many(0, u)
	return func(int) error { return set(ctx, users) }
}

// prepared is a side with the call to measure.
type prepared struct {
	side
	op func(n int) error
}

// prepare writes the records and opens the sides. Sides without the operation's call are left out.
func (o operation) prepare(p place, size payload.Size, sides []func(place) side) []prepared {
	p.Helper()
	data, err := p.format.Marshal(size.User)
	if err != nil {
		p.Fatal(err)
	}
	for id := range int64(records) {
		if err := p.rdb.Set(p.Context(), p.key(id), data, hour).Err(); err != nil {
			p.Fatal(err)
		}
	}
	var ready []prepared
	for _, open := range sides {
		s := open(p)
		if op := o.of(p, s, size.User); op != nil {
			ready = append(ready, prepared{s, op})
		}
	}
	return ready
}

func sidesOf(ready []prepared) []measure.Side {
	sides := make([]measure.Side, len(ready))
	for i, s := range ready {
		sides[i] = measure.Side{Name: s.name, Op: s.op}
	}
	return sides
}
