package cache_test

import (
	"context"
	"errors"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/ttl"
)

func init() {
	usages["`GetOrLoad`, `GetOrLoadMany`, `Reload`, Active"] = loadUsage(ttl.Active(hour))
	usages["`GetOrLoad`, `GetOrLoadMany`, `Reload`, Fixed with `ttl.Refresh`"] =
		loadUsage(ttl.Fixed(hour, ttl.Refresh(10*time.Minute)))
}

// loadUsage is a usage with loads. When Redis refuses a command, callers get the loaded value, and
// the Hook is told the error.
func loadUsage(policy ttl.Policy) usage {
	h := &recorder{}
	return usage{
		o: &cache.Options{TTL: policy, Hook: h, Load: cache.LoadConfig{
			Absent: hour, Lease: 100 * time.Millisecond, Patience: time.Minute,
		}},
		do: func(s *site) []error {
			h.forget()
			s.loads(policy.Terms().Refresh > 0, h)
			var errs []error
			for _, kind := range []string{
				"Load", "Refresh", "GetOrLoad", "GetOrLoadMany", "Reload",
			} {
				for _, op := range h.of(kind) {
					if op.Err != nil && !errors.Is(op.Err, cache.ErrNotFound) {
						errs = append(errs, op.Err)
					}
				}
			}
			return errs
		},
	}
}

// loads makes every kind of load.
func (s *site) loads(refreshes bool, h *recorder) {
	s.t.Helper()
	load := func(context.Context, string) (User, error) { return ann, nil }
	get := func(key string) {
		s.t.Helper()
		_, err := s.users.GetOrLoad(ctx(s.t), key, load)
		_ = s.after(err)
	}
	get("missing")
	get("missing")
	_, err := s.users.GetOrLoadMany(ctx(s.t), []string{"missing", "absent"},
		func(context.Context, []string) (map[string]User, error) { return nil, nil })
	_ = s.after(err)
	_, err = s.users.Reload(ctx(s.t), "absent", load)
	_ = s.after(err)
	must(s.t, s.admin.HSet(ctx(s.t), "users:leased", "t", tokenOfNobody).Err())
	must(s.t, s.admin.PExpire(ctx(s.t), "users:leased", 50*time.Millisecond).Err())
	get("leased")
	must(s.t, s.admin.Set(ctx(s.t), "users:undecodable", "{", hour).Err())
	get("undecodable")
	if refreshes {
		must(s.t, s.admin.Set(ctx(s.t), "users:due", "{}", time.Minute).Err())
		get("due")
		soon(s.t, "the end of the refresh", func() bool {
			return len(h.of("Refresh")) > 0 ||
				s.admin.Exists(ctx(s.t), "users!load:due").Val() == 0
		})
	}
}
