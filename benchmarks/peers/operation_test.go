package peers

import (
	"context"
	"fmt"
	"reflect"
	"time"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
)

// operation is what the sides of a table do.
type operation struct {
	title, note string
	goroutines  []int
	detail      bool // a second table with all that is known of the smallest records
	brief       bool // a call may take less than a microsecond

	// of returns the call of a side that stores u, nil if it has none, and fails
	// the test if the call does not do what it says.
	of func(p place, s side, u User) func(n int) error

	// commands returns how many one call sends; nil where that is not the same for
	// every call.
	commands func(s side) float64
}

var concurrency = []int{1, 8, 64, 512}

func one(side) float64 { return 1 }

var operations = []operation{
	{
		title: "Sliding Get", goroutines: concurrency, detail: true,
		note: "A read that renews the TTL. By hand it is `GETEX` and decode; rediscache has " +
			"`ttl.Active`; go-redis/cache, eko/gocache and jetcache-go make their Get and then " +
			"`rdb.PExpire`, which is two round trips and not atomic; jkratz55/redis-cache has " +
			"`GetAndExpire`; rueidis is `GETEX` and decode.",
		of:       func(p place, s side, u User) func(int) error { return sliding(p, s.sliding, u) },
		commands: func(s side) float64 { return s.commands },
	},
	{
		title: "Get", goroutines: concurrency, detail: true,
		note:     "A read that renews nothing: `ttl.Fixed`, and the Get of each.",
		of:       func(p place, s side, u User) func(int) error { return reading(p, s.get, u) },
		commands: one,
	},
	{
		title: "Set", goroutines: concurrency, detail: true,
		note:     "With a TTL.",
		of:       func(p place, s side, u User) func(int) error { return writing(p, s.set, u) },
		commands: one,
	},
	{
		title: fmt.Sprintf("GetMany of %d", batch), goroutines: []int{1, 8},
		note: "By hand it is a pipeline of `GET`, as in rediscache and jetcache-go; " +
			"jkratz55/redis-cache and rueidis send one `MGET`, which is less work for the server " +
			"and which jkratz55's cannot do in a cluster. A call counts once.",
		of: func(p place, s side, u User) func(int) error { return readingMany(p, s.getMany, u) },
	},
	{
		title: fmt.Sprintf("SetMany of %d", batch), goroutines: []int{1, 8},
		note: "A pipeline of `SET PX` everywhere. A call counts once.",
		of:   func(p place, s side, u User) func(int) error { return writingMany(p, s.setMany, u) },
	},
}

// checked is the record that calls are checked on before they are measured.
const checked = 1

// reading checks a call of get and returns one that goes round the records.
func reading(p place, get func(context.Context, int64) (User, error), want User) func(n int) error {
	p.Helper()
	ctx := p.Context()
	for range 2 { // the second may come from another place
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

// wantRecord fails the test if the record is not exactly what the format makes of
// u, with its TTL, and removes it.
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
	// of which each call takes another part, so that none is shared
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

// many returns a batch of records from an id on.
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

// prepared is a side that is ready to be measured.
type prepared struct {
	side
	op func(n int) error
}

// prepare writes the records and makes the sides that have the operation's call.
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
