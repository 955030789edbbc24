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
	"github.com/activettl/rediscache/internal/redistest"
)

// ErrorType is one of a fixed set, and tells a loader's error from one of Redis.
func TestErrorTypes(t *testing.T) {
	s := redistest.Start(t)
	h := &recorder{}
	client := s.Client(t, func(o *redis.UniversalOptions) { o.DialerRetries, o.MaxRetries = 1, -1 })
	u := mustNew[string](t, client, "users", jsonUsers, &cache.Options{
		Hook: h, MaxValueBytes: 100, RedactKeys: true,
		Load: cache.LoadConfig{Outage: cache.FailFast},
	})
	must(t, s.Client(t).Set(ctx(t), "users:garbage", "{", time.Hour).Err())
	must(t, s.Client(t).SAdd(ctx(t), "users:aSetOfOthers", "x").Err())
	must(t, u.Set(ctx(t), "ann", ann))
	canceled, cancel := context.WithCancel(ctx(t))
	cancel()
	late, cancelLate := context.WithDeadline(ctx(t), time.Now().Add(-time.Second))
	defer cancelLate()
	steps := []struct {
		want string
		do   func()
	}{
		{"", func() { _, _ = u.Get(ctx(t), "ann") }},
		{"", func() { _, _ = u.Get(ctx(t), "none") }},
		{"", func() { _, _ = u.Get(ctx(t), "record") }}, // part of ErrNotFound's text, but hidden
		{"key", func() { _, _ = u.Get(ctx(t), "") }},
		{"decode", func() { _, _ = u.Get(ctx(t), "garbage") }},
		{"wrong_type", func() { _, _ = u.Get(ctx(t), "aSetOfOthers") }},
		{"too_large", func() { _ = u.Set(ctx(t), "k", User{Name: strings.Repeat("x", 200)}) }},
		{"ttl", func() { _ = u.Set(ctx(t), "k", ann, cache.WithTTL(-1)) }},
		{"unknown_field", func() { _ = u.UpdateField(ctx(t), "ann", "none", 1) }},
		{"field_value", func() { _ = u.UpdateField(ctx(t), "ann", "age", "x") }},
		{"canceled", func() { _, _ = u.Get(canceled, "ann") }},
		{"timeout", func() { _, _ = u.Get(late, "ann") }},
		{"max_idle", func() { _, _ = u.Sweep(ctx(t), 0) }},
		{"other", func() { _, _ = u.Modify(ctx(t), "ann", nil) }},
		{"other", func() { _, _ = u.GetOrLoad(ctx(t), "ann", nil) }},
		{"panic", func() { // the panic's text names two keys, which are hidden
			_, _ = u.GetOrLoadMany(ctx(t), []string{"the first", "the second"},
				func(_ context.Context, keys []string) (map[string]User, error) {
					panic(strings.Join(keys, " and "))
				})
		}},
		{"other", func() {
			_, _ = u.Modify(ctx(t), "ann", func(User) (User, error) { return ann, errors.New("x") })
		}},
		{"loader", func() {
			_, _ = u.GetOrLoad(ctx(t), "nothing", func(_ context.Context, k string) (User, error) {
				return ann, fmt.Errorf("%w %s", errDatabase, k)
			})
		}},
		{"redis", func() {
			must(t, s.Client(t).ConfigSet(ctx(t), "maxmemory", "1").Err())
			_ = u.Set(ctx(t), "ann", ann)
			must(t, s.Client(t).ConfigSet(ctx(t), "maxmemory", "0").Err())
		}},
		{"redis", func() { // of the Load: it succeeds but cannot store its record
			must(t, s.Client(t).ConfigSet(ctx(t), "maxmemory", "1").Err())
			_, err := u.GetOrLoad(ctx(t), "full", func(context.Context, string) (User, error) {
				return ann, nil
			})
			must(t, err)
			must(t, s.Client(t).ConfigSet(ctx(t), "maxmemory", "0").Err())
			h.ended = h.of("Load")
		}},
		{"connection", func() {
			s.Stop()
			_, _ = u.Get(ctx(t), "ann")
		}},
		{"connection", func() { // the error contains the address, which is hidden as a key
			_, _ = u.Get(ctx(t), s.Addr())
		}},
		{"unavailable", func() {
			_, _ = u.GetOrLoad(ctx(t), "ann", func(context.Context, string) (User, error) {
				return ann, nil
			})
		}},
		{"closed", func() {
			must(t, u.Close())
			_, _ = u.Get(ctx(t), "ann")
		}},
	}
	for _, step := range steps {
		h.forget()
		step.do()
		if len(h.ended) == 0 {
			t.Errorf("the Hook got no End, want %q", step.want)
			continue
		}
		last := h.ended[len(h.ended)-1]
		if last.ErrorType != step.want || (last.Err == nil) != (step.want == "") {
			t.Errorf("the Hook got %q for %v, want %q", last.ErrorType, last.Err, step.want)
		}
	}
}
