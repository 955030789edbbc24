package main

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"sync"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

// database is a small database in memory. It counts its queries.
type database struct {
	mu      sync.Mutex
	rows    []Record
	queries int
}

// many is a loader for GetOrLoadMany. It leaves out rows that are absent.
func (db *database) many(_ context.Context, ids []int) (map[int]Record, error) {
	time.Sleep(10 * time.Millisecond)
	db.mu.Lock()
	defer db.mu.Unlock()
	db.queries++
	found := map[int]Record{}
	for _, id := range ids {
		if id >= 0 && id < len(db.rows) {
			found[id] = db.rows[id]
		}
	}
	return found, nil
}

// one is a loader for GetOrLoad. An absent row is cache.ErrNotFound.
func (db *database) one(ctx context.Context, id int) (Record, error) {
	found, _ := db.many(ctx, []int{id})
	if row, ok := found[id]; ok {
		return row, nil
	}
	return nil, cache.ErrNotFound
}

// asked returns the number of queries since it was last called.
func (db *database) asked() int {
	db.mu.Lock()
	defer db.mu.Unlock()
	n := db.queries
	db.queries = 0
	return n
}

// changed returns a row with one more field.
func changed(row Record) Record {
	row = maps.Clone(row)
	row["changed"] = "yes"
	return row
}

func equal(a, b Record) bool { return reflect.DeepEqual(a, b) }

// readThrough puts a cache in front of a database.
func (t *tour) readThrough(ctx context.Context) {
	db := &database{rows: slices.Clone(t.records)}
	rows := newCache[int](t, t.rdb, "rows", recordCodec, cache.Options{
		TTL: ttl.Fixed(t.ttl),
		Load: cache.LoadConfig{
			Absent:   t.ttl,           // remembers that a row is absent
			Patience: 5 * time.Second, // a busy machine must not count as an outage
		},
	})

	atOnce(500, func(int) error {
		row, err := rows.GetOrLoad(ctx, 0, db.one)
		if err == nil && !equal(row, t.records[0]) {
			err = errors.New("a caller has another row")
		}
		return err
	})
	asked := db.asked()
	t.check(asked == 1, "rows.GetOrLoad(ctx, 0, db.one)", "500 callers at once, queries: %d", asked)

	ids := make([]int, len(t.records))
	for id := range ids {
		ids[id] = id
	}
	for want := 1; want >= 0; want-- { // the second time, Redis has all of them
		found := value(rows.GetOrLoadMany(ctx, ids, db.many))
		for id, row := range t.records {
			if !equal(found[id], row) {
				must(fmt.Errorf("record %d is not equal to its row", id))
			}
		}
		asked = db.asked()
		t.check(asked == want, "rows.GetOrLoadMany(ctx, ids, db.many)", "%d rows, queries: %d",
			len(found), asked)
	}

	// A load reads the old row. Then the row changes, and only then the load ends.
	must(rows.Delete(ctx, 0))
	read, release, ended := make(chan bool), make(chan bool), make(chan error, 1)
	go func() {
		_, err := rows.GetOrLoad(ctx, 0, func(ctx context.Context, id int) (Record, error) {
			old, err := db.one(ctx, id)
			close(read)
			<-release
			return old, err
		})
		ended <- err
	}()
	select {
	case <-read:
	case err := <-ended: // it failed, and is checked below
		ended <- err
	}
	db.rows[0] = changed(db.rows[0])
	err := rows.Delete(ctx, 0)
	close(release)
	must(errors.Join(err, <-ended))
	t.show("rows.Delete(ctx, 0)", "row 0 has changed, during a load of the old row")
	row := value(rows.GetOrLoad(ctx, 0, db.one))
	t.check(equal(row, db.rows[0]), "rows.GetOrLoad(ctx, 0, db.one)",
		"the new row: the load did not store the old one")

	db.asked()
	_, err = rows.GetOrLoad(ctx, -1, db.one)
	_, again := rows.GetOrLoad(ctx, -1, db.one)
	asked = db.asked()
	t.check(errors.Is(err, cache.ErrNotFound) && errors.Is(again, cache.ErrNotFound) && asked == 1,
		"rows.GetOrLoad(ctx, -1, db.one), twice", "ErrNotFound, queries: %d", asked)
}

// Session says who has logged in.
type Session struct{ User string }

// sessions keeps records that live in Redis alone.
func (t *tour) sessions(ctx context.Context) {
	sessions := newCache[string](t, t.rdb, "sessions", codec.JSON[Session]{}, cache.Options{
		TTL:        ttl.Active(t.ttl, ttl.MaxAge(t.maxAge)),
		RedactKeys: true, // errors do not show the tokens
	})
	must(sessions.Set(ctx, "token-a", Session{"Ann"}))
	must(sessions.Set(ctx, "token-b", Session{"Bob"}))
	t.show("sessions.Set(ctx, token, session)", "Ann and Bob log in: TTL %s, MaxAge %s", t.ttl,
		t.maxAge)

	t.wait(ctx)
	before := value(sessions.Inspect(ctx, "token-a")).Remaining // Inspect renews nothing
	session := value(sessions.Get(ctx, "token-a"))
	after := value(sessions.Inspect(ctx, "token-a")).Remaining
	t.check(before <= t.ttl-t.pause && after > before, `sessions.Get(ctx, "token-a")`,
		"%s, renewed: %s left before, %s after", session.User, before, after)

	t.wait(ctx)
	_, err := sessions.Get(ctx, "token-b")
	t.check(errors.Is(err, cache.ErrNotFound), `sessions.Get(ctx, "token-b")`,
		"ErrNotFound: Bob was away for longer than the TTL")

	reads := 0
	for age := 2 * t.pause; age < t.maxAge; age += t.pause {
		value(sessions.Get(ctx, "token-a"))
		must(t.pass(ctx, t.pause))
		reads++
	}
	_, err = sessions.Get(ctx, "token-a")
	t.check(errors.Is(err, cache.ErrNotFound), fmt.Sprintf("... the same, every %s", t.pause),
		"reads: %d, then ErrNotFound: the session reached its MaxAge", reads)

	must(sessions.Set(ctx, "token-c", Session{"Ann"}))
	must(sessions.Delete(ctx, "token-c"))
	_, err = sessions.Get(ctx, "token-c")
	t.check(errors.Is(err, cache.ErrNotFound), `sessions.Delete(ctx, "token-c")`,
		"Ann logs out: the next Get is ErrNotFound")
}

// User is a typed record. The tags name its fields in Redis and for UpdateField.
type User struct {
	Name   string `json:"name"`
	Age    int    `json:"age"`
	Visits int    `json:"visits"`
}

// update changes records from many goroutines.
func (t *tour) update(ctx context.Context) {
	users := newCache[int](t, t.rdb, "users", codec.JSON[User]{}, cache.Options{
		TTL: ttl.Active(t.ttl),
	})
	must(users.Set(ctx, 42, User{Name: "Ann", Age: 31}))
	must(users.UpdateField(ctx, 42, "age", 32))
	user := value(users.Get(ctx, 42))
	want := User{Name: "Ann", Age: 32}
	t.check(user == want, `users.UpdateField(ctx, 42, "age", 32)`, "%+v", user)
	err := users.UpdateField(ctx, 42, "agee", 33)
	t.check(errors.Is(err, cache.ErrUnknownField) && value(users.Get(ctx, 42)) == user,
		`users.UpdateField(ctx, 42, "agee", 33)`, "ErrUnknownField, and no change")

	const callers = 10
	atOnce(callers, func(int) error {
		_, err := users.Modify(ctx, 42, func(u User) (User, error) { u.Visits++; return u, nil })
		return err
	})
	user = value(users.Get(ctx, 42))
	t.check(user.Visits == callers, "users.Modify(ctx, 42, visit)", "%d callers at once: %+v",
		callers, user)

	carts := newCache[int](t, t.rdb, "carts", codec.JSON[[]int]{}, cache.Options{
		TTL: ttl.Active(t.ttl),
	})
	atOnce(callers, func(item int) error {
		_, err := carts.Upsert(ctx, 42, func(items []int, found bool) ([]int, error) {
			return append(items, item), nil // there is no cart at first
		})
		return err
	})
	cart := value(carts.Get(ctx, 42))
	t.check(len(cart) == callers, "carts.Upsert(ctx, 42, add)",
		"%d callers at once, for a new cart: %d items", callers, len(cart))
}

// refusal is a Hook. It gets the reason why a cache keeps no copies.
type refusal chan error

// Start implements cache.Hook.
func (refusal) Start(ctx context.Context, _ cache.Op) context.Context { return ctx }

// End implements cache.Hook.
func (r refusal) End(_ context.Context, op cache.Op) {
	if op.Kind == "Near" {
		r <- op.Err // a cache reports this once
	}
}

// near reads records from the memory of this process.
func (t *tour) near(ctx context.Context) {
	refused := make(refusal, 1)
	rows := newCache[int](t, t.rdb, "near", recordCodec, cache.Options{
		TTL:  ttl.Fixed(t.ttl),
		Near: &cache.Near{Staleness: cache.DefaultStaleness},
		Hook: refused,
	})
	must(rows.SetMany(ctx, t.byID()))

	copies := true
	for copies && rows.Stats().Near.Hits == 0 { // until the connection for copies is made
		value(rows.Get(ctx, 0))
		select {
		case err := <-refused:
			t.show("Options.Near", "this server allows no copies, so each Get asks it:")
			fmt.Fprintf(t.out, "     %v\n", err)
			copies = false
		case <-time.After(time.Millisecond):
		}
	}
	const reads = 10_000
	before, begun := rows.Stats().Near.Hits, time.Now()
	for i := range reads {
		value(rows.Get(ctx, i%len(t.records)))
	}
	took, hits := time.Since(begun).Round(time.Millisecond), rows.Stats().Near.Hits-before
	t.check(copies == (hits > 0), "rows.Get(ctx, id)", "%d reads in %s, from memory: %d", reads,
		took, hits)

	row := changed(t.records[0])
	must(rows.Set(ctx, 0, row))
	t.check(equal(value(rows.Get(ctx, 0)), row), "rows.Set(ctx, 0, row)",
		"the next Get of this process returns the new row")

	other := newCache[int](t, t.other, "near", recordCodec, cache.Options{TTL: ttl.Fixed(t.ttl)})
	must(other.Set(ctx, 0, t.records[0]))
	written, age := time.Now(), time.Duration(0)
	for age < cache.DefaultStaleness && !equal(value(rows.Get(ctx, 0)), t.records[0]) {
		age = time.Since(written)
	}
	t.check(age < cache.DefaultStaleness, "other.Set(ctx, 0, row)",
		"another process writes, seen here within %s", cache.DefaultStaleness)
}

// sweep removes records that nobody uses, before they expire.
func (t *tour) sweep(ctx context.Context) {
	rows := newCache[int](t, t.rdb, "sweep", recordCodec, cache.Options{TTL: ttl.Active(t.ttl)})
	records := t.byID()
	all := slices.Sorted(maps.Keys(records))
	used := all[:len(all)/2]
	must(rows.SetMany(ctx, records))
	t.show("rows.SetMany(ctx, records)", "%d records, TTL %s", len(all), t.ttl)
	t.wait(ctx)
	value(rows.GetMany(ctx, used))
	t.show("rows.GetMany(ctx, used)", "%d records are in use", len(used))

	maxIdle := t.pause * 3 / 4
	res := value(rows.Sweep(ctx, maxIdle))
	t.check(res.Scanned == len(all) && res.Removed == len(all)-len(used),
		fmt.Sprintf("rows.Sweep(ctx, %s)", maxIdle), "scanned %d, removed %d, longest idle %s",
		res.Scanned, res.Removed, res.LongestIdle.Round(time.Millisecond))
	found := value(rows.GetMany(ctx, all))
	t.check(slices.Equal(slices.Sorted(maps.Keys(found)), used), "rows.GetMany(ctx, all)",
		"found %d: the records in use", len(found))
}
