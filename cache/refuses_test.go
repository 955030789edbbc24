package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

func loadErr(rdb redis.UniversalClient, c cache.LoadConfig) func() error {
	return newErr[int64, User](rdb, "users", codec.JSON[User]{}, &cache.Options{Load: c})
}

func TestNewRefuses(t *testing.T) {
	rdb := redis.NewClient(&redis.Options{}) // never used
	defer rdb.Close()
	js := codec.JSON[User]{}
	tests := []struct {
		name string
		make func() error
		want string // part of the error, which names the fault
	}{
		{"nil client", newErr[int64, User](nil, "users", js, nil), "rdb is nil"},
		{"nil *Client", newErr[int64, User]((*redis.Client)(nil), "users", js, nil), "rdb is nil"},
		{"nil codec", newErr[int64, User](rdb, "users", nil, nil), "codec is nil"},
		{"nil *codec", newErr[int64, User](rdb, "users", (*codec.JSON[User])(nil), nil),
			"codec is nil"},
		{"no name", newErr[int64, User](rdb, "", js, nil), `name ""`},
		{"name with colon", newErr[int64, User](rdb, "a:b", js, nil), `name "a:b"`},
		{"name with pattern", newErr[int64, User](rdb, "a*", js, nil), `name "a*"`},
		{"name with newline", newErr[int64, User](rdb, "a\n", js, nil), `name "a\n"`},
		{"float key", newErr[float64, User](rdb, "users", js, nil), "float64"},
		{"pointer key", newErr[*string, User](rdb, "users", js, nil), "*string"},
		{"struct key", newErr[struct{ A int }, User](rdb, "users", js, nil), "struct"},
		{"zero TTL", newErr[int64, User](rdb, "users", js, &cache.Options{TTL: ttl.Active(0)}),
			"Options.TTL"},
		{"short TTL",
			newErr[int64, User](rdb, "users", js,
				&cache.Options{TTL: ttl.Fixed(time.Microsecond)}), "Options.TTL"},
		{"negative TTL",
			newErr[int64, User](rdb, "users", js,
				&cache.Options{TTL: ttl.Fixed(-hour)}), "Options.TTL"},
		{"bad max age", newErr[int64, User](rdb, "users", js, active(ttl.MaxAge(time.Second))),
			"MaxAge"},
		{"negative Absent", loadErr(rdb, cache.LoadConfig{Absent: -1}),
			"Options.Load.Absent is -1ns"},
		{"short Absent", loadErr(rdb, cache.LoadConfig{Absent: 1}), "Options.Load.Absent"},
		{"negative Timeout", loadErr(rdb, cache.LoadConfig{Timeout: -1}), "Options.Load.Timeout"},
		{"short Lease", loadErr(rdb, cache.LoadConfig{Lease: 1}), "Options.Load.Lease"},
		{"negative Patience", loadErr(rdb, cache.LoadConfig{Patience: -1}),
			"Options.Load.Patience"},
		{"unknown Outage", loadErr(rdb, cache.LoadConfig{Outage: 7}), "Options.Load.Outage is 7"},
		{"negative MaxValueBytes",
			newErr[int64, User](rdb, "users", js,
				&cache.Options{MaxValueBytes: -1}), "Options.MaxValueBytes"},
		{"nil policy",
			newErr[int64, User](rdb, "users", js,
				&cache.Options{TTL: (*badPolicy)(nil)}), "Options.TTL"},
		{"nil hook", newErr[int64, User](rdb, "users", js, &cache.Options{Hook: (*recorder)(nil)}),
			"Options.Hook"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.make()
			var e *cache.Error
			if !errors.As(err, &e) || e.Op != "New" || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("New = %v, want an *Error with %q", err, tt.want)
			}
			if n := strings.Count(fmt.Sprint(err), "rediscache:"); n != 1 {
				t.Errorf("%q has %d prefixes, want 1", err, n)
			}
		})
	}
}

type badPolicy struct{ ttl.Policy }

func newErr[K comparable, V any](
	rdb redis.UniversalClient, name string, c codec.Codec[V], o *cache.Options,
) func() error {
	return func() error {
		_, err := cache.New[K](rdb, name, c, o)
		return err
	}
}

func TestRefusedBeforeRedisIsAsked(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := mustNew[string](t, b.Client, b.Name(), codec.JSON[User]{}, nil)
		must(t, u.Set(ctx(t), "a", ann))
		cancelled, cancel := context.WithCancel(ctx(t))
		cancel()
		long := strings.Repeat("k", 1025)
		wire := redistest.Wire(t, b.Client)
		for op, do := range single(u, ann) {
			wantErr(t, do(ctx(t), ""), cache.ErrKey, op, "")
			wantErr(t, do(ctx(t), long), cache.ErrKey, op, long[:64]+"…")
			wantErr(t, do(cancelled, "a"), context.Canceled, op, "a")
		}
		for op, do := range several(u, ann) {
			wantErr(t, do(cancelled), context.Canceled, op, "")
		}
		// A nil option is ignored.
		if err := u.Set(cancelled, "a", ann, nil); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		for _, d := range []time.Duration{0, -hour, 999 * time.Microsecond} {
			wantErr(t, u.Set(ctx(t), "a", ann, cache.WithTTL(d)), cache.ErrTTL, "Set", "a")
			wantErr(t, u.SetMany(ctx(t), map[string]User{"a": ann}, cache.WithTTL(d)), cache.ErrTTL,
				"SetMany", "")
		}
		must(t, u.Close())
		must(t, u.Close())
		for op, do := range single(u, ann) {
			wantErr(t, do(ctx(t), "a"), cache.ErrClosed, op, "a")
		}
		for op, do := range several(u, ann) {
			wantErr(t, do(ctx(t)), cache.ErrClosed, op, "")
		}
		if n := wire.RoundTrips(); n != 0 {
			t.Errorf("refused operations made %d round trips: %v", n,
				wire.Commands())
		}
		if err := b.Client.Ping(ctx(t)).Err(); err != nil {
			t.Errorf("Close closed the caller's client: %v", err)
		}
	})
}
