package cache_test

import (
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cachetest"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// errorCounter is a test that counts calls of Errorf by CheckShared.
type errorCounter struct {
	testing.TB
	errors atomic.Int64
}

func (t *errorCounter) Helper() {}
func (t *errorCounter) Errorf(format string, args ...any) {
	if strings.Contains(format, "rediscache") {
		t.errors.Add(1)
	}
}

// CheckShared reports a modified value in memory, but not a modified copy of it.
func TestCheckShared(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	for name, modify := range map[string]func(tags []string){
		"modified": func(tags []string) { tags[0] = "changed" },
		"replaced": func(tags []string) {
			tags = append(tags[:len(tags):len(tags)], "more")
			tags[0] = "x"
		},
	} {
		watching := &errorCounter{TB: t}
		cachetest.CheckShared(watching)
		tags, err := cache.New[int](rdb, name, codec.MsgPack[[]string]{}, &cache.Options{
			TTL: ttl.Fixed(time.Hour), Near: &cache.Near{},
		})
		if err != nil {
			t.Fatal(err)
		}
		defer tags.Close()
		if err := tags.Set(t.Context(), 1, []string{"a", "b"}); err != nil {
			t.Fatal(err)
		}
		want := int64(0)
		hits := func() int64 { return tags.Stats().Near.Hits }
		for begun := time.Now(); hits() < 10 && time.Since(begun) < 10*time.Second; {
			got, err := tags.Get(t.Context(), 1)
			if err != nil {
				t.Fatal(err)
			}
			if hits() == 5 {
				modify(got)
				want = 1
			}
		}
		if name == "replaced" {
			want = 0
		}
		if n := watching.errors.Load(); n != want {
			t.Errorf("%s: %d reports, want %d", name, n, want)
		}
	}
}
