package recent

import (
	"fmt"
	"runtime"
	"sync"
	"testing"
	"time"
)

// Each key of a set has its own place while there are free places. Then a new key replaces the one
// that ends first. Get never returns the value of another key.
func TestOneSet(t *testing.T) {
	table := New[int](64)
	table.most = 1 // the table cannot grow beyond one set
	keys := make([]string, ways+1)
	for i := range keys {
		keys[i] = fmt.Sprint("key", i)
	}
	for i, key := range keys[:ways] {
		for range 2 { // the second Put uses the same place
			table.Put(key, table.Now()+time.Minute+time.Duration(i)*time.Second, i)
		}
	}
	if v, ok := table.Get(keys[ways]); ok {
		t.Errorf("a key that was never put is %d", v)
	}
	table.Put(keys[ways], table.Now()+time.Hour, ways)
	for i, key := range keys {
		if v, ok := table.Get(key); ok != (i > 0) || ok && v != i {
			t.Errorf("%s is %d, %v", key, v, ok)
		}
	}
}

// Of 10,000 keys in use, few find no place in the table of a cache.
func TestFewAreLost(t *testing.T) {
	table := New[int](1 << 16)
	const keys = 10_000
	for i := range keys {
		table.Put(fmt.Sprint("users:", i), table.Now()+time.Minute, i)
	}
	lost := 0
	for i := range keys {
		if v, ok := table.Get(fmt.Sprint("users:", i)); !ok || v != i {
			lost++
		}
	}
	if lost > 30 {
		t.Errorf("%d of %d are lost", lost, keys)
	}
}

// A table never has more places than New was given, even if more keys are put.
func TestBounded(t *testing.T) {
	table := New[int](256)
	for i := range 10_000 {
		table.Put(fmt.Sprint(i), Forever, i)
	}
	if n := len(*table.sets.Load()); n != 256/ways {
		t.Errorf("the table has %d sets, want %d", n, 256/ways)
	}
	if v, ok := table.Get("9999"); !ok || v != 9999 {
		t.Errorf("the last key is %d, %v", v, ok)
	}
}

// New keys take the places of expired keys. The table does not grow for them.
func TestReusesPlaces(t *testing.T) {
	table := New[int](1 << 16)
	for i := range 10_000 {
		table.Put(fmt.Sprint(i), table.Now(), i)
	}
	if n := len(*table.sets.Load()); n != first {
		t.Errorf("the table has %d sets for expired keys, want %d", n, first)
	}
}

func TestEnds(t *testing.T) {
	table := New[int](64)
	table.Put("a", table.Now()+time.Minute, 1)
	table.Put("b", Forever, 2)
	table.Put("c", Forever, 3)
	table.Delete("c")
	table.Delete("d")
	Skip(time.Minute)
	for key, want := range map[string]bool{"a": false, "b": true, "c": false} {
		if _, ok := table.Get(key); ok != want {
			t.Errorf("Get finds %s: %v, want %v", key, ok, want)
		}
	}
}

// A hundred idle tables take at most 200 KiB.
func TestIdleTablesAreSmall(t *testing.T) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	tables := make([]*Table[int], 100)
	for i := range tables {
		tables[i] = New[int](1 << 16)
		tables[i].Put("one", Forever, 1)
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 200<<10 {
		t.Errorf("100 tables take %d bytes", n)
	}
	runtime.KeepAlive(tables)
}

// Many goroutines read and write while the table grows.
func TestConcurrently(t *testing.T) {
	table := New[string](1 << 12)
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 20_000 {
				key := fmt.Sprint("key", i%3000)
				table.Put(key, table.Now()+time.Minute, key)
				if v, ok := table.Get(key); ok && v != key {
					t.Errorf("%s is %s", key, v)
				}
				if i%7 == 0 {
					table.Delete(key)
				}
			}
		})
	}
	wg.Wait()
}
