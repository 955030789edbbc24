package store

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/clock"
)

// Keys of one set have a place each while there are places. Then one displaces what
// ends first, and none is taken for another.
func TestRenewalsOfOneSet(t *testing.T) {
	r := newRenewals(time.Hour, time.Minute)
	var keys []string
	for i := 0; len(keys) < len(set{})+1; i++ {
		if key := fmt.Sprint("key", i); len(keys) == 0 || r.set(key) == r.set(keys[0]) {
			keys = append(keys, key)
		}
	}
	last := keys[len(set{})]
	for i, key := range keys[:len(set{})] {
		r.note(key, r.Now(), time.Minute+time.Duration(i)*time.Second, int64(i))
		r.note(key, r.Now(), time.Minute+time.Duration(i)*time.Second, int64(i)) // again, in the same place
	}
	if r.look(last) != nil {
		t.Errorf("%s is %+v", last, r.look(last))
	}
	r.note(last, r.Now(), time.Hour, int64(len(set{})))
	for i, key := range keys {
		rec := r.look(key)
		if i == 0 && rec != nil || i > 0 && (rec == nil || rec.own != int64(i)) {
			t.Errorf("%s is %+v", key, rec)
		}
	}
}

// Of ten thousand hot keys, few find no place.
func TestRenewalsOfAHotSet(t *testing.T) {
	r := newRenewals(time.Hour, time.Minute)
	const hot = 10_000
	for i := range hot {
		r.note(fmt.Sprint("users:", i), r.Now(), time.Minute, policyRecord)
	}
	lost := 0
	for i := range hot {
		if r.look(fmt.Sprint("users:", i)) == nil {
			lost++
		}
	}
	if lost > 30 {
		t.Errorf("%d of %d are lost", lost, hot)
	}
	t.Logf("%d of %d are lost", lost, hot)
}

func TestRenewalsEnd(t *testing.T) {
	r := newRenewals(time.Hour, time.Minute)
	r.note("a", r.Now(), time.Minute, policyRecord)
	clock.Skip(time.Minute)
	if rec := r.look("a"); rec != nil {
		t.Errorf("after a minute: %+v", rec)
	}
}

func TestRenewalsTolerance(t *testing.T) {
	const year = 365 * 24 * time.Hour
	tests := []struct {
		ttl, tolerance, own, want time.Duration
	}{
		{time.Hour, time.Minute, 0, time.Minute},
		{time.Hour, time.Minute, time.Hour, time.Minute},
		{time.Hour, time.Minute, 2 * time.Hour, time.Minute},
		{time.Hour, time.Minute, time.Hour / 2, time.Minute / 2},
		{time.Hour, time.Minute, time.Millisecond, 0},
		{200 * year, 100 * year, 100 * year, 50 * year}, // the product has 126 bits
	}
	for _, tt := range tests {
		if got := newRenewals(tt.ttl, tt.tolerance).of(tt.own.Milliseconds()); got != tt.want {
			t.Errorf("%v of %v: the tolerance of %v is %v, want %v", tt.tolerance, tt.ttl, tt.own, got, tt.want)
		}
	}
}

// Many goroutines note and look without a lock.
func TestRenewalsConcurrently(t *testing.T) {
	r := newRenewals(time.Hour, time.Minute)
	var wg sync.WaitGroup
	for g := range int64(4) {
		wg.Go(func() {
			for i := range 2000 {
				key := fmt.Sprint("key", i%100)
				r.note(key, r.Now(), time.Minute, g)
				if rec := r.look(key); rec != nil && rec.key != key {
					t.Errorf("%s is %+v", key, rec)
				}
			}
		})
	}
	wg.Wait()
}
