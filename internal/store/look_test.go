package store

import (
	"slices"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// Look and LookMany return what keys hold.
func TestLook(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		name := b.Name()
		s := newStore(t, b.Client, name, ttl.Active(time.Hour))
		fixed := newStore(t, b.Client, name, ttl.Fixed(time.Hour))
		aged := b.Now().Add(20 * time.Minute).Truncate(time.Millisecond)
		for _, cmd := range [][]any{
			{"set", ":plain", "12345", "px", 1800000},
			{"set", ":endless", "1"},
			{"rpush", ":own", "123", 600000, 0, "later"}, {"pexpire", ":own", 300000},
			{"rpush", ":aged", "", 0, aged.UnixMilli()}, {"pexpireat", ":aged", aged.UnixMilli()},
			{"hset", ":lease", "t", "0123456789abcdef"}, {"pexpire", ":lease", 60000},
			{"hset", ":marker", "n", 1}, {"pexpire", ":marker", 60000},
			{"hset", ":hash", "n", 1}, {"sadd", ":set", 1}, {"rpush", ":list", "a", "b", "c", "d"},
		} {
			cmd[1] = name + cmd[1].(string)
			if err := b.Client.Do(t.Context(), cmd...).Err(); err != nil &&
				err != redis.Nil {
				t.Fatal(err)
			}
			if k := cmd[1].(string); slices.Contains([]string{":endless", ":hash", ":set", ":list"},
				k[len(name):]) {
				b.Exempt(k)
			}
		}
		const minute = time.Minute
		want := map[string]Held{ // times are in minutes
			":plain":   {Kind: HoldsString, Remaining: 30 * minute, Size: 5, Idle: 30 * minute},
			":endless": {Kind: HoldsString, Remaining: -1, Size: 1, Idle: -1},
			":own": {Kind: HoldsList, Remaining: 5 * minute, Size: 3, Own: 10 * minute,
				Idle: 5 * minute},
			":aged":   {Kind: HoldsList, Remaining: 20 * minute, Deadline: aged, Idle: -1},
			":lease":  {Kind: HoldsLease, Remaining: minute, Idle: -1},
			":marker": {Kind: HoldsMarker, Remaining: minute, Idle: -1},
			":hash":   {Kind: HoldsForeign}, ":set": {Kind: HoldsForeign},
			":list": {Kind: HoldsForeign}, ":none": {},
		}
		var keys []string
		for key := range want {
			keys = append(keys, name+key)
		}
		for _, sliding := range []bool{true, false} {
			st := s
			if !sliding {
				st = fixed
			}
			all, err := st.LookMany(t.Context(), keys)
			if err != nil {
				t.Fatal(err)
			}
			for i, key := range keys {
				one, err := st.Look(t.Context(), key)
				if err != nil {
					t.Fatal(err)
				}
				want := want[key[len(name):]]
				if !sliding && want.Idle > 0 {
					want.Idle = -1
				}
				for how, got := range map[string]Held{"Look": one, "LookMany": all[i]} {
					got.Remaining, got.Idle = rounded(got.Remaining), rounded(got.Idle)
					if !got.Deadline.Equal(want.Deadline) {
						t.Errorf("%s of %s: the deadline is %v, want %v", how, key, got.Deadline,
							want.Deadline)
					}
					got.Deadline = want.Deadline
					if got != want {
						t.Errorf("%s of %s: %+v, want %+v", how, key, got, want)
					}
				}
			}
		}
	})
}

// rounded rounds to minutes, since the clock of a server goes on. It returns a negative d
// unchanged.
func rounded(d time.Duration) time.Duration {
	if d < 0 {
		return d
	}
	return d.Round(time.Minute)
}

// Database walks the keys of all caches.
func TestDatabase(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		var want []string
		for range 2 {
			name := b.Name()
			for i := range 600 {
				key := name + ":" + strconv.Itoa(i)
				if err := b.Client.Set(t.Context(), key, "x", time.Minute).Err(); err != nil {
					t.Fatal(err)
				}
				want = append(want, key)
			}
		}
		found := map[string]bool{}
		for page, err := range Database(t.Context(), newWire(t, b.Client), "") {
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range page {
				found[key] = true
			}
		}
		for _, key := range want {
			if !found[key] {
				t.Errorf("the walk does not yield %s", key)
			}
		}
	})
}
