package main_test

import (
	"context"
	"flag"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/benchmarks/internal/report"
	"github.com/activettl/rediscache/benchmarks/internal/serverinfo"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/ttl"
)

// What the library promises of the memory of Options.Near.
const (
	nearBytes    = 64 << 20 // Near.MaxBytes
	maxNearHeap  = 2.5      // growth of the heap, as a multiple of nearBytes
	nearCaches   = 100      // in one process, on one client
	maxNearIdle  = 100_000  // heap and stacks of an idle cache, in bytes
	leastFilled  = 0.9      // of MaxBytes; with less the growth of the heap means nothing
	proofTimeout = 10 * time.Second
)

// TestNearBounds measures the memory and the connections of Options.Near, prints the tables, and
// fails if a promise is broken.
func TestNearBounds(t *testing.T) {
	if testing.Short() || flag.Lookup("test.bench").Value.String() != "" {
		t.Skip("-short or -bench is set")
	}
	if *quick && *write {
		t.Fatal("-quick does not measure enough for -write")
	}
	b := &bounds{T: t}
	version, err := serverinfo.Version(t.Context(), server(t))
	if err != nil {
		t.Fatal(err)
	}
	tables := []*report.Table{b.nearIdle(), b.nearHeap()}
	head := report.Machine(version, b.command())
	report.Publish(t, "results/near-memory.md", head, b.broken, tables, *write)
}

// usage is the memory of the process in bytes, without garbage.
type usage struct{ heap, stacks float64 }

func (u usage) all() float64 { return u.heap + u.stacks }

func used() usage {
	var m runtime.MemStats
	for range 3 { // one collection does not free what finalizers and pools hold
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return usage{float64(m.HeapAlloc), float64(m.StackInuse)}
}

func (u usage) since(before usage) usage {
	return usage{u.heap - before.heap, u.stacks - before.stacks}
}

// nearCache returns a cache with Options.Near.
func nearCache[V any](
	tb testing.TB, rdb redis.UniversalClient, name string, c codec.Codec[V],
) *cache.Cache[int64, V] {
	tb.Helper()
	made, err := cache.New[int64](rdb, name, c, &cache.Options{
		TTL: ttl.Fixed(hour), Near: &cache.Near{MaxBytes: nearBytes},
	})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = made.Close() })
	return made
}

// proven waits until memory may answer reads of the cache.
func proven[V any](tb testing.TB, c *cache.Cache[int64, V]) {
	tb.Helper()
	for start := time.Now(); c.Stats().Near.ProofAge < 0; time.Sleep(time.Millisecond) {
		if time.Since(start) > proofTimeout {
			tb.Fatalf("no proof in %v: %+v", proofTimeout, c.Stats().Near)
		}
	}
}

// nearIdle measures caches that nobody reads, and counts their connections.
func (b *bounds) nearIdle() *report.Table {
	t := &report.Table{
		Title: "Idle caches with Near", Labels: 1,
		Note: fmt.Sprintf("%d idle caches on one client. Heap is HeapAlloc after collections, "+
			"stacks are StackInuse, both above their values before. Connections are those with "+
			"the flag t or B in CLIENT LIST. Bounds: one such connection for all caches; a cache "+
			"takes less than %d kB more than without Near.", nearCaches, maxNearIdle/1000),
		Head: []string{"Caches", "heap kB each", "stacks kB each", "both kB each", "goroutines",
			"tracking connections"},
	}
	add := func(label string, open func(rdb *redis.Client)) usage {
		rdb := server(b.T)
		if err := rdb.Ping(b.Context()).Err(); err != nil {
			b.Fatal(err)
		}
		before, goroutines := used(), runtime.NumGoroutine()
		open(rdb)
		u := used().since(before)
		connections := b.pushConnections(rdb)
		t.Add(label, kb(u.heap/nearCaches), kb(u.stacks/nearCaches), kb(u.all()/nearCaches),
			fmt.Sprint(runtime.NumGoroutine()-goroutines), fmt.Sprint(connections))
		if label != withoutNear && connections != 1 {
			b.breaks("%d caches on one client make %d connections for pushes, 1 is allowed",
				nearCaches, connections)
		}
		return u
	}
	without := add(withoutNear, func(rdb *redis.Client) {
		for i := range nearCaches {
			newCache[int64](b, rdb, fmt.Sprint("plain", i), codec.JSON[User]{}, ttl.Fixed(hour))
		}
	})
	open := func(rdb *redis.Client) (all []*cache.Cache[int64, User]) {
		for i := range nearCaches {
			all = append(all, nearCache(b, rdb, fmt.Sprint("near", i), codec.JSON[User]{}))
		}
		time.Sleep(settling)
		for _, c := range all {
			proven(b, c)
		}
		return all
	}
	with := add("with Near", func(rdb *redis.Client) { open(rdb) })
	used := add("with Near, once read", func(rdb *redis.Client) {
		for _, c := range open(rdb) {
			b.hitOnce(c)
		}
	})
	for _, u := range []usage{with, used} {
		if each := (u.all() - without.all()) / nearCaches; each >= maxNearIdle {
			b.breaks("an idle cache takes %s kB more with Near than without, less than %d are "+
				"allowed", kb(each), maxNearIdle/1000)
		}
	}
	return t
}

// hitOnce writes a record and reads it until memory answers.
func (b *bounds) hitOnce(c *cache.Cache[int64, User]) {
	err := c.Set(b.Context(), 1, payload.Small.User)
	for start := time.Now(); err == nil && c.Stats().Near.Hits == 0; {
		if _, err = c.Get(b.Context(), 1); time.Since(start) > proofTimeout {
			b.Fatalf("no hit in %v: %+v", proofTimeout, c.Stats().Near)
		}
	}
	if err != nil {
		b.Fatal(err)
	}
}

const (
	withoutNear = "without Near"

	// settling is how long to wait while connections are replaced, to track the prefixes of more
	// caches.
	settling = time.Second
)

// pushConnections returns how many connections receive pushes.
func (b *bounds) pushConnections(rdb *redis.Client) (n int) {
	list, err := rdb.ClientList(b.Context()).Result()
	if err != nil {
		b.Fatal(err)
	}
	for line := range strings.Lines(list) {
		for field := range strings.FieldsSeq(line) {
			if flags, ok := strings.CutPrefix(field, "flags="); ok &&
				strings.ContainsAny(flags, "tB") {
				n++
			}
		}
	}
	return n
}

// flat is a struct of 1 KB of JSON. Only its strings have pointers.
type flat struct {
	ID      int64   `json:"id"`
	Name    string  `json:"name"`
	Email   string  `json:"email"`
	Street  string  `json:"street"`
	City    string  `json:"city"`
	Country string  `json:"country"`
	Phone   string  `json:"phone"`
	Title   string  `json:"title"`
	About   string  `json:"about"`
	Notes   string  `json:"notes"`
	Score   float64 `json:"score"`
	Visits  int     `json:"visits"`
	Active  bool    `json:"active"`
	Created int64   `json:"created"`
	Updated int64   `json:"updated"`
}

func flatOf(id int64) flat {
	text := strings.Repeat("what somebody has written ", 20)
	return flat{
		ID: id, Name: "Ann Lovelace-Example", Email: "ann.lovelace@example.com",
		Street: "1, Example Street, second floor", City: "Exampletown", Country: "Exampleland",
		Phone: "+44 20 7946 0000", Title: "engineer of analytical engines", About: text[:240],
		Notes: text[:400], Score: 0.5, Visits: 1_000, Active: true, Created: 1_790_000_000,
		Updated: 1_795_000_000,
	}
}

// nearHeap reads more records than fit into MaxBytes.
func (b *bounds) nearHeap() *report.Table {
	n := int64(1_000_000)
	if *quick {
		n /= 5 // three times as many as fit
	}
	rdb := server(b.T)
	encoded, err := codec.JSON[flat]{}.Encode(flatOf(n))
	if err != nil {
		b.Fatal(err)
	}
	writer := newCache[int64](b, rdb, "flat", codec.JSON[flat]{}, ttl.Fixed(hour))
	before := used()
	users := nearCache(b, rdb, "flat", codec.JSON[flat]{})
	proven(b, users)
	const many = 1000
	var peak float64
	for from := int64(0); from < n; from += many {
		b.readFlat(writer, users, from, many)
		if from%(n/20) == 0 {
			peak = max(peak, used().since(before).heap)
		}
	}
	after, s := used().since(before), users.Stats().Near
	runtime.KeepAlive(users)
	t := &report.Table{
		Title: "Heap of copies", Labels: 1,
		Note: fmt.Sprintf("GetMany reads each of %d records of %d bytes of JSON (a flat struct) "+
			"once, with Near.MaxBytes of %d MiB. HeapAlloc is measured after a collection, above "+
			"its value before the cache. Bound: less than %.1f times MaxBytes.", n, len(encoded),
			nearBytes>>20, maxNearHeap),
		Head: []string{"Records", "copies", "counted MiB", "HeapAlloc MiB", "peak MiB",
			"peak / MaxBytes", "bytes per copy"},
	}
	peak = max(peak, after.heap)
	t.Add(fmt.Sprint(n), fmt.Sprint(s.Entries), mib(uint64(s.Bytes)), mib(uint64(after.heap)),
		mib(uint64(peak)), fmt.Sprintf("%.2f", peak/nearBytes),
		fmt.Sprintf("%.0f", after.heap/float64(s.Entries)))
	if float64(s.Bytes) < leastFilled*nearBytes {
		b.breaks("%d records of %d bytes fill only %s MiB with copies", n, len(encoded),
			mib(uint64(s.Bytes)))
	}
	if peak >= maxNearHeap*nearBytes {
		b.breaks("%d copies let the heap grow by %s MiB, %.2f times MaxBytes, less than %.1f is "+
			"allowed", s.Entries, mib(uint64(peak)), peak/nearBytes, maxNearHeap)
	}
	return t
}

// readFlat writes records via writer and reads them via users.
func (b *bounds) readFlat(writer, users *cache.Cache[int64, flat], from, n int64) {
	records, ids := make(map[int64]flat, n), make([]int64, n)
	for i := range ids {
		ids[i] = from + int64(i)
		records[ids[i]] = flatOf(ids[i])
	}
	if err := writer.SetMany(b.Context(), records); err != nil {
		b.Fatal(err)
	}
	got, err := users.GetMany(context.Background(), ids)
	if err != nil || len(got) != len(ids) {
		b.Fatalf("%d of %d records: %v", len(got), len(ids), err)
	}
}

func kb(bytes float64) string { return fmt.Sprintf("%.1f", bytes/1000) }
