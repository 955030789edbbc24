package cache_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// outcomes returns the outcome of an Op, the outcomes of its keys, and its type of error.
func outcomes(op cache.Op) string {
	var all []string
	for outcome, n := range op.Outcomes() {
		all = append(all, fmt.Sprintf("%d %s", n, outcome))
	}
	text := fmt.Sprintf("%s: %s (%s)", op.Kind, op.Outcome, strings.Join(all, ", "))
	if op.Load != nil && op.Load.Trigger != "" {
		text += " by " + op.Load.Trigger
	}
	if op.Load != nil && op.Load.Scope != "" {
		text += " for " + op.Load.Scope
	}
	return text + strings.TrimRight(" "+op.ErrorType, " ")
}

var errDatabase = &net.OpError{Op: "dial", Err: errors.New("no database")}

// The Hook gets the outcome of each way in which an operation with a loader may end.
func TestOutcomesOfLoads(t *testing.T) {
	row := func(context.Context, int64) (User, error) { return ann, nil }
	rows := func(_ context.Context, ids []int64) (map[int64]User, error) {
		found := map[int64]User{}
		for _, id := range ids {
			if id < 100 {
				found[id] = ann
			}
		}
		return found, nil
	}
	bad := func(context.Context, int64) (User, error) { return ann, errDatabase }
	no := func(context.Context, int64) (User, error) {
		return ann, fmt.Errorf("row: %w", cache.ErrNotFound)
	}
	for name, tt := range map[string]struct {
		do   func(t *testing.T, u users)
		want []string
	}{
		"hit": {func(t *testing.T, u users) { _, _ = u.GetOrLoad(ctx(t), 1, row) },
			[]string{"GetOrLoad: hit (1 hit)"}},
		"loaded": {func(t *testing.T, u users) { _, _ = u.GetOrLoad(ctx(t), 2, row) },
			[]string{"Load: loaded (1 loaded) by miss",
				"GetOrLoad: loaded (1 loaded) for own"}},
		"the loader fails": {func(t *testing.T, u users) { _, _ = u.GetOrLoad(ctx(t), 2, bad) },
			[]string{"Load: error (1 error) by miss loader",
				"GetOrLoad: error (1 error) for own loader"}},
		"absent": {func(t *testing.T, u users) { _, _ = u.GetOrLoad(ctx(t), 2, no) },
			[]string{"Load: absent (1 absent) by miss", "GetOrLoad: absent (1 absent) for own"}},
		"absent in the cache": {func(t *testing.T, u users) {
			_, _ = u.GetOrLoad(ctx(t), 2, no)
			_, _ = u.GetOrLoad(ctx(t), 2, no)
		}, []string{"Load: absent (1 absent) by miss", "GetOrLoad: absent (1 absent) for own",
			"GetOrLoad: absent (1 absent)"}},
		"many": {func(t *testing.T, u users) {
			_, _ = u.GetOrLoadMany(ctx(t), []int64{1, 2, 3, 100, 2}, rows)
		}, []string{"Load: loaded (1 absent, 2 loaded) by miss",
			"GetOrLoadMany: partial (1 hit, 1 absent, 2 loaded) for own"}},
		"many fail": {func(t *testing.T, u users) {
			_, _ = u.GetOrLoadMany(ctx(t), []int64{1, 2, 3},
				func(context.Context, []int64) (map[int64]User, error) {
					return map[int64]User{2: ann}, errDatabase
				})
		}, []string{"Load: loaded (1 loaded, 1 error) by miss loader",
			"GetOrLoadMany: error (1 hit, 1 loaded, 1 error) for own loader"}},
		"reload": {func(t *testing.T, u users) { _, _ = u.Reload(ctx(t), 1, row) },
			[]string{"Load: loaded (1 loaded) by reload", "Reload: loaded (1 loaded) for own"}},
		"superseded": {func(t *testing.T, u users) {
			_, _ = u.GetOrLoad(ctx(t), 2, func(context.Context, int64) (User, error) {
				must(t, u.Set(ctx(t), 2, bob))
				return ann, nil
			})
		}, []string{"Set: ok (1 ok)", "Load: superseded (1 loaded) by miss",
			"GetOrLoad: loaded (1 loaded) for own"}},
		"a panic": {func(t *testing.T, u users) {
			_, _ = u.GetOrLoad(ctx(t), 2, func(context.Context, int64) (User, error) { panic("x") })
		}, []string{"Load: error (1 error) by miss panic",
			"GetOrLoad: error (1 error) for own panic"}},
		"too slow": {func(t *testing.T, u users) {
			_, _ = u.GetOrLoad(ctx(t), 2, func(ctx context.Context, _ int64) (User, error) {
				<-ctx.Done()
				return ann, ctx.Err()
			})
		}, []string{"Load: error (1 error) by miss load_timeout",
			"GetOrLoad: error (1 error) for own load_timeout"}},
		"not stored": {func(t *testing.T, u users) {
			_, _ = u.GetOrLoad(ctx(t), 2, func(context.Context, int64) (User, error) {
				return User{Name: strings.Repeat("x", 2000)}, nil
			})
		}, []string{"Load: loaded (1 loaded) by miss too_large",
			"GetOrLoad: loaded (1 loaded) for own"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
				t.Parallel()
				h, timeout := &recorder{}, time.Minute
				if name == "too slow" {
					timeout = 300 * time.Millisecond
				}
				u := newUsers(t, b, &cache.Options{
					Hook: h, MaxValueBytes: 1000, TTL: ttl.Fixed(hour),
					Load: cache.LoadConfig{Absent: time.Minute, Timeout: timeout},
				})
				u.set(1, ann)
				h.forget()
				tt.do(t, u)
				h.mu.Lock()
				defer h.mu.Unlock()
				var got []string
				for _, op := range h.ended {
					got = append(got, outcomes(op))
				}
				if strings.Join(got, "\n") != strings.Join(tt.want, "\n") {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"),
						strings.Join(tt.want, "\n"))
				}
			})
		})
	}
}

// Each key of a batch counts once, even if it is given twice, whatever its outcome.
func TestOutcomesOfKeysGivenTwice(t *testing.T) {
	ids := []int64{1, 1, 2, 2, 3, 3}
	rows := func(context.Context, []int64) (map[int64]User, error) { return nil, errDatabase }
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	for name, tt := range map[string]struct {
		ctx  context.Context
		do   func(ctx context.Context, u users) error
		want string
	}{
		"GetMany": {t.Context(), func(ctx context.Context, u users) error {
			_, err := u.GetMany(ctx, ids)
			return err
		}, "GetMany: error (1 hit, 1 miss, 1 error) wrong_type"},
		"DeleteMany": {t.Context(), func(ctx context.Context, u users) error {
			_, err := u.DeleteMany(ctx, ids)
			return err
		}, "DeleteMany: partial (2 ok, 1 miss)"},
		"GetOrLoadMany": {t.Context(), func(ctx context.Context, u users) error {
			_, err := u.GetOrLoadMany(ctx, ids, rows)
			return err
		}, "GetOrLoadMany: error (1 hit, 2 error) for own wrong_type"},
		"canceled GetMany": {canceled, func(ctx context.Context, u users) error {
			_, err := u.GetMany(ctx, ids)
			return err
		}, "GetMany: error (3 error) canceled"},
		"canceled DeleteMany": {canceled, func(ctx context.Context, u users) error {
			_, err := u.DeleteMany(ctx, ids)
			return err
		}, "DeleteMany: error (3 error) canceled"},
		"canceled GetOrLoadMany": {canceled, func(ctx context.Context, u users) error {
			_, err := u.GetOrLoadMany(ctx, ids, rows)
			return err
		}, "GetOrLoadMany: error (3 error) canceled"},
	} {
		t.Run(name, func(t *testing.T) {
			redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
				h := &recorder{}
				u := newUsers(t, b, &cache.Options{Hook: h})
				u.set(1, ann)
				must(t, b.Client.SAdd(ctx(t), u.Name()+":2", "x").Err())
				t.Cleanup(func() { b.Client.Del(context.Background(), u.Name()+":2") })
				err := tt.do(tt.ctx, u)
				last := h.ended[len(h.ended)-1]
				if got := outcomes(last); got != tt.want || last.Keys != len(ids) {
					t.Errorf("got %q for %d keys, want %q; %v", got, last.Keys, tt.want, err)
				}
			})
		})
	}
}

// Callers that wait for another's load have other outcomes than callers that load.
func TestOutcomesOfWaiting(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		h := &recorder{}
		name := b.Name()
		u := usersNamed(t, b, name, &cache.Options{Hook: h})
		other := &recorder{}
		another := usersNamed(t, b, name, &cache.Options{Hook: other})
		s := stoppedSource(map[int64]User{1: ann})
		done := make(chan struct{}, 3)
		get := func(u users) {
			_, err := u.GetOrLoad(ctx(t), 1, s.user)
			if err != nil {
				t.Error(err)
			}
			done <- struct{}{}
		}
		go get(u)
		<-s.started
		go get(u)
		go get(another)
		soon(t, "two waiting callers", func() bool {
			h.mu.Lock()
			defer h.mu.Unlock()
			other.mu.Lock()
			defer other.mu.Unlock()
			return len(h.started) == 3 && len(other.started) == 1
		})
		close(s.resume)
		for range 3 {
			<-done
		}
		got := map[string]int{}
		for _, op := range append(h.of("GetOrLoad"), other.of("GetOrLoad")...) {
			got[outcomes(op)]++
		}
		for text := range got {
			switch text {
			case "GetOrLoad: loaded (1 loaded) for own",
				"GetOrLoad: waited (1 waited) for process",
				"GetOrLoad: waited (1 waited) for fleet",
				"GetOrLoad: hit (1 hit)": // it began after the load
			default:
				t.Errorf("got %q", text)
			}
		}
		if got["GetOrLoad: loaded (1 loaded) for own"] != 1 {
			t.Errorf("got %v", got)
		}
	})
}

// A record that is due for a refresh is stale, and its refresh is an operation of kind Refresh.
func TestOutcomesOfRefreshes(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		h := &recorder{}
		o := fixed(ttl.Refresh(hour / 2))
		o.Hook = h
		u := newUsers(t, b, o)
		u.set(1, ann)
		u.nearEnd(b, 1, hour/4)
		s := newSource(map[int64]User{1: bob})
		got, err := u.GetOrLoad(ctx(t), 1, s.user)
		wantUser(t, got, err, ann)
		soon(t, "a refresh", func() bool { return h.count("Refresh") > 0 })
		if got := outcomes(h.of("Refresh")[0]); got != "Refresh: loaded (1 loaded) by refresh" {
			t.Errorf("got %q", got)
		}
		if op := h.of("GetOrLoad")[0]; op.Outcome != cache.OutcomeStale || op.Load.Stale != 1 {
			t.Errorf("the read has the outcome %v with %+v", op.Outcome, op.Load)
		}
	})
}
