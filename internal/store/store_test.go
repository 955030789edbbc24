package store

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/wire"
	"github.com/activettl/rediscache/ttl"
)

func TestMain(m *testing.M) { redistest.Main(m) }

func newStore(t *testing.T, rdb redis.UniversalClient, name string, policy ttl.Policy) *Store {
	t.Helper()
	w := newWire(t, rdb)
	n, err := names.New("", name)
	if err != nil {
		t.Fatal(err)
	}
	return New(w, n, policy.Terms(), nil)
}

// Go and Lua accept the same terms after the value of a record.
func TestTermsInGoAndLua(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		script := Script("local own = terms(ARGV[1], ARGV[2]) return own and "+
			"string.format('%.0f', own) or 'none'", "record")
		w := newWire(t, b.Client)
		texts := []string{
			"0", "1", "60000", "-1", "", " 1", "1 ", "1.0", "1e3", "0x10", "nan", "9223372036854",
			"9223372036855",
			"999999999999999", "1000000000000000", "9999999999999999999999", "007", "+1", "١",
		}
		for _, own := range texts {
			for _, deadline := range texts {
				want := "none"
				if n, ok := ownTTL([]string{"v", own, deadline, "more"}); ok {
					want = strconv.FormatInt(n, 10)
				}
				cmd := redis.NewCmd(t.Context(), script.Args("k", own, deadline)...)
				got, err := w.Do(t.Context(), "k", cmd).(*redis.Cmd).Text()
				if err != nil || got != want {
					t.Errorf("terms(%q, %q) is %s in Lua, %v, and %s in Go", own, deadline, got,
						err, want)
				}
			}
		}
		for _, short := range [][]string{{}, {"v"}, {"v", "1"}} {
			if _, ok := ownTTL(short); ok {
				t.Errorf("%q is a record", short)
			}
		}
	})
}

func newWire(t *testing.T, rdb redis.UniversalClient) *wire.Client {
	t.Helper()
	w, err := wire.New(rdb, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close(context.Background()) })
	return w
}

// get_tolerant.lua decides the same with its head and without it.
func TestFreshWithHeadAndWithout(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		if b.Mini == nil {
			t.Skip("the clock of a real server goes on between two scripts")
		}
		const hour, tolerance = int64(3600000), int64(60000)
		w, key := newWire(t, b.Client), b.Name()+":k"
		for _, left := range []int64{hour + 1, hour, hour - 1, hour - tolerance + 1,
			hour - tolerance, hour - tolerance - 1, 1000} {
			var replies [2]string
			for i, script := range []wire.Script{getTolerantScript, getTolerantListScript} {
				if err := b.Client.Set(t.Context(), key, "v",
					time.Duration(left)*time.Millisecond).Err(); err != nil {
					t.Fatal(err)
				}
				cmd := redis.NewSliceCmd(t.Context(), script.Args(key, hour, tolerance)...)
				reply := w.Do(t.Context(), key, cmd).(*redis.SliceCmd)
				replies[i] = fmt.Sprint(reply.Val(), reply.Err(),
					b.Client.PTTL(t.Context(), key).Val())
			}
			if replies[0] != replies[1] {
				t.Errorf("with %d ms left: %s with the head, %s without", left, replies[0],
					replies[1])
			}
		}
	})
}

func TestToleranceOfOwnTTLs(t *testing.T) {
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
		if got := newRenewed(recent.Start(), tt.ttl,
			tt.tolerance).toleranceOf(tt.own.Milliseconds()); got != tt.want {
			t.Errorf("%v of %v: the tolerance of %v is %v, want %v", tt.tolerance, tt.ttl, tt.own,
				got, tt.want)
		}
	}
}

// After a reply has shown a list, a process expects lists until relearn replies in a row show none.
func TestLists(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		name := b.Name()
		s := newStore(t, b.Client, name, ttl.Active(time.Hour))
		set := func(key string, own time.Duration) {
			t.Helper()
			if err := s.Set(t.Context(), name+":"+key, []byte("v"), own); err != nil {
				t.Fatal(err)
			}
		}
		get := func(key string) {
			t.Helper()
			if v, err := s.Get(t.Context(), name+":"+key); string(v) != "v" || err != nil {
				t.Fatalf("Get = %q, %v", v, err)
			}
		}
		set("plain", 0)
		if get("plain"); s.lists.expected() {
			t.Error("strings make the process expect lists")
		}
		b.Exempt(name + ":set")
		b.Client.SAdd(t.Context(), name+":set", "m")
		s.Set(t.Context(), name+":x", []byte("v"), 0)
		if _, err := s.Get(t.Context(), name+":set"); err == nil || s.lists.expected() {
			t.Errorf("a set makes the process expect lists, %v", err)
		}
		if set("own", time.Minute); !s.lists.expected() {
			t.Error("a list that was written does not make the process expect lists")
		}
		for range relearn {
			if get("plain"); !s.lists.expected() && s.lists.left.Load() > 0 {
				t.Fatal("the process expects no lists too early")
			}
		}
		if s.lists.expected() {
			t.Errorf("after %d strings the process still expects lists", relearn)
		}
		if get("own"); !s.lists.expected() {
			t.Error("a list that was read does not make the process expect lists")
		}
	})
}
