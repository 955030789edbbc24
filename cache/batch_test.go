package cache_test

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
)

func TestBatch(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		n := fewer(b, 2500) // three chunks
		records, ids := map[int64]User{}, []int64{}
		for id := range int64(n) {
			records[id] = User{Name: fmt.Sprint("user ", id), Age: int(id)}
			ids = append(ids, id)
		}
		if err := u.SetMany(ctx(t), records); err != nil {
			t.Fatal(err)
		}
		u.wantLeft(int64(n-1), hour)
		missing := []int64{-1, -2}
		got, err := u.GetMany(ctx(t), append(missing, ids...))
		if err != nil || len(got) != n {
			t.Fatalf("GetMany gives %d records, %v, want %d", len(got), err, n)
		}
		for id, v := range got {
			wantUser(t, v, nil, records[id])
		}
		removed, err := u.DeleteMany(ctx(t), append(missing, ids[n/5:]...))
		if removed != n-n/5 || err != nil {
			t.Errorf("DeleteMany = %d, %v, want %d", removed, err, n-n/5)
		}
		if left, err := u.Len(ctx(t)); left != n/5 || err != nil {
			t.Errorf("Len = %d, %v, want %d", left, err, n/5)
		}
	})
}

// A batch of records with their own terms, records with the policy's terms, and misses.
func TestBatchOwnTerms(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		if err := u.SetMany(ctx(t), map[int64]User{1: ann, 2: bob},
			cache.WithTTL(2*hour)); err != nil {
			t.Fatal(err)
		}
		u.set(3, ann)
		for i, reader := range []users{u, usersNamed(t, b, u.Name(), active())} {
			for id := int64(1); id <= 3; id++ {
				u.age(id, 10*time.Minute)
			}
			got, err := reader.GetMany(ctx(t), []int64{1, 2, 3, 4, 1})
			if want := (map[int64]User{1: ann, 2: bob, 3: ann}); err != nil ||
				fmt.Sprint(got) != fmt.Sprint(want) {
				t.Errorf("reader %d: got %v, %v, want %v", i, got, err, want)
			}
			u.wantLeft(1, 2*hour)
			u.wantLeft(2, 2*hour)
			u.wantLeft(3, hour)
		}
	})
}

// Under Fixed, a batch may have its own TTL too.
func TestBatchOwnTTLFixed(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, fixed())
		must(t, u.SetMany(ctx(t), map[int64]User{1: ann}, cache.WithTTL(2*hour)))
		u.wantLeft(1, 2*hour)
	})
}

func TestBatchOfNothing(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, nil)
		if got, err := u.GetMany(ctx(t), nil); got == nil || len(got) != 0 || err != nil {
			t.Errorf("GetMany(nil) = %v, %v", got, err)
		}
		if err := u.SetMany(ctx(t), nil); err != nil {
			t.Error(err)
		}
		if n, err := u.DeleteMany(ctx(t), nil); n != 0 || err != nil {
			t.Errorf("DeleteMany(nil) = %d, %v", n, err)
		}
	})
}

// A batch does what it can, and names each key that failed.
func TestBatchErrors(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := mustNew[string](t, b.Client, b.Name(), codec.JSON[*User]{},
			&cache.Options{MaxValueBytes: 100})
		long := strings.Repeat("k", 1025)
		err := u.SetMany(ctx(t), map[string]*User{
			"good": &ann, "nil": nil, "": &ann, long: &ann,
			"large": {Name: strings.Repeat("x", 100)},
		})
		wantKeys(t, err, "SetMany", map[string]error{
			"nil": cache.ErrNilValue, "": cache.ErrKey, long[:64] + "…": cache.ErrKey,
			"large": cache.ErrTooLarge,
		})

		key := func(k string) string { return u.Name() + ":" + k }
		b.Exempt(key("zset"))
		must(t, b.Client.Set(ctx(t), key("text"), "not JSON", hour).Err())
		must(t, b.Client.Set(ctx(t), key("null"), "null", hour).Err())
		must(t, b.Client.ZAdd(ctx(t), key("zset"), redis.Z{Member: "m"}).Err())
		got, err := u.GetMany(ctx(t), []string{"good", "miss", "text", "null", "zset", "", long})
		if len(got) != 1 || got["good"] == nil || got["good"].Name != "Ann" {
			t.Errorf("GetMany gives %v", got)
		}
		wantKeys(t, err, "GetMany", map[string]error{
			"text": cache.ErrDecode, "null": cache.ErrDecode, "zset": cache.ErrWrongType,
			"": cache.ErrKey, long[:64] + "…": cache.ErrKey,
		})

		n, err := u.DeleteMany(ctx(t), []string{"good", "miss", ""})
		if n != 1 {
			t.Errorf("DeleteMany removed %d records, want 1", n)
		}
		wantKeys(t, err, "DeleteMany", map[string]error{"": cache.ErrKey})
	})
}

// wantKeys checks that a joined error has one *Error for each key, and no other errors.
func wantKeys(t *testing.T, err error, op string, want map[string]error) {
	t.Helper()
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		t.Fatalf("got error %v, want a joined error", err)
	}
	got := map[string]error{}
	for _, err := range joined.Unwrap() {
		var e *cache.Error
		if !errors.As(err, &e) || e.Op != op {
			t.Errorf("%v is not an error of %s", err, op)
			continue
		}
		if !errors.Is(err, want[e.Key]) {
			t.Errorf("key %q: %v, want %v", e.Key, err, want[e.Key])
		}
		got[e.Key] = err
	}
	if len(got) != len(want) {
		t.Errorf("errors for %q, want them for %q", slices.Sorted(maps.Keys(got)),
			slices.Sorted(maps.Keys(want)))
	}
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
