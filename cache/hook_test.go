package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// recorder is a Hook that records its calls.
type recorder struct {
	mu      sync.Mutex
	started []cache.Op
	ended   []cache.Op

	noContext bool
}

type startKey struct{}

func (r *recorder) Start(ctx context.Context, op cache.Op) context.Context {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.started = append(r.started, op)
	if r.noContext {
		return nil
	}
	return context.WithValue(ctx, startKey{}, op.Kind)
}

func (r *recorder) End(ctx context.Context, op cache.Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.noContext && ctx.Value(startKey{}) != op.Kind {
		op.Kind += " without Start's context"
	}
	r.ended = append(r.ended, op)
}

// End is called however an operation ends. A Start that returns a nil context does no harm.
func TestHookAfterPanic(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		rec := &recorder{noContext: true}
		u := newUsers(t, b, &cache.Options{Hook: rec})
		u.set(1, ann)
		for _, do := range []func(){
			func() { _, _ = u.Modify(ctx(t), 1, func(User) (User, error) { panic("fn") }) },
			func() {
				for range u.All(ctx(t)) {
					panic("loop")
				}
			},
		} {
			func() {
				defer func() {
					if recover() == nil {
						t.Error("the panic was lost")
					}
				}()
				do()
			}()
		}
		if len(rec.started) != 3 || len(rec.ended) != 3 || rec.ended[1].Err == nil ||
			rec.ended[2].Err == nil {
			t.Errorf("Start was called %d times, End with %+v", len(rec.started), rec.ended)
		}
		u.set(1, ann)
	})
}

// The Hook gets the error of a walk that fails.
func TestHookOfFailedWalk(t *testing.T) {
	s := redistest.Start(t)
	rec := &recorder{}
	u := mustNew[int64](t, s.Client(t, func(o *redis.UniversalOptions) {
		o.DialerRetries, o.MaxRetries = 1, -1
	}), "users", jsonUsers, &cache.Options{Hook: rec})
	s.Stop()
	_, err := u.Len(ctx(t))
	if err == nil || len(rec.ended) != 1 || rec.ended[0].Err == nil {
		t.Errorf("Len = %v, End got %+v", err, rec.ended)
	}
}

// The Hook gets the number of records that fail in a walk, and the first error.
func TestHookOfFailedRecords(t *testing.T) {
	s := redistest.Start(t)
	rec := &recorder{}
	admin := s.Client(t)
	u := mustNew[int64](t, admin, "users", jsonUsers, &cache.Options{Hook: rec})
	must(t, u.SetMany(ctx(t), anns(3)))
	must(t, admin.Set(ctx(t), "users:7", "{", hour).Err())
	must(t, admin.Set(ctx(t), "users:seven", "{", hour).Err())
	must(t, admin.Do(ctx(t), "acl", "setuser", "default", "-unlink").Err())
	for _, tt := range []struct {
		do   func()
		want string
	}{
		{func() {
			for range u.All(ctx(t)) {
			}
		}, "All: error (3 ok, 2 error)"},
		{func() {
			for range u.Keys(ctx(t)) {
			}
		}, "Keys: error (4 ok, 1 error) key"},
		{func() { _, _ = u.Clear(ctx(t)) }, "Clear: error (5 error) redis"},
	} {
		rec.forget()
		tt.do()
		op := rec.ended[0]
		if got := outcomes(op); !strings.HasPrefix(got, tt.want) || op.Keys != 5 {
			t.Errorf("got %q for %d records, want %q; %v", got, op.Keys, tt.want, op.Err)
		}
	}
}

func TestHook(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		rec := &recorder{}
		u := newUsers(t, b, &cache.Options{Hook: rec})
		steps := []struct {
			do   func() error
			want cache.Op
			err  error
		}{
			{func() error {
				return u.Set(ctx(t), 1, ann)
			}, cache.Op{Kind: "Set", Outcome: cache.OutcomeOK, Keys: 1, Hits: 1}, nil},
			{func() error {
				return u.SetMany(ctx(t), map[int64]User{2: ann, 3: bob})
			}, cache.Op{Kind: "SetMany", Outcome: cache.OutcomeOK, Keys: 2, Hits: 2}, nil},
			{func() error {
				_, err := u.Get(ctx(t), 1)
				return err
			}, cache.Op{Kind: "Get", Outcome: cache.OutcomeHit, Keys: 1, Hits: 1}, nil},
			{func() error {
				_, err := u.Get(ctx(t), 9)
				return err
			}, cache.Op{Kind: "Get", Outcome: cache.OutcomeMiss, Keys: 1, Misses: 1}, nil},
			{func() error {
				_, err := u.Peek(ctx(t), 1)
				return err
			}, cache.Op{Kind: "Peek", Outcome: cache.OutcomeHit, Keys: 1, Hits: 1}, nil},
			{func() error {
				_, err := u.GetMany(ctx(t), []int64{1, 2, 9})
				return err
			}, cache.Op{Kind: "GetMany", Outcome: cache.OutcomePartial, Keys: 3, Hits: 2,
				Misses: 1}, nil},
			{func() error {
				return u.Update(ctx(t), 1, bob)
			}, cache.Op{Kind: "Update", Outcome: cache.OutcomeHit, Keys: 1, Hits: 1}, nil},
			{func() error {
				return u.Add(ctx(t), 1, bob)
			}, cache.Op{Kind: "Add", Outcome: cache.OutcomeExists, Keys: 1, Misses: 1}, nil},
			{func() error {
				return u.Add(ctx(t), 4, bob)
			}, cache.Op{Kind: "Add", Outcome: cache.OutcomeOK, Keys: 1, Hits: 1}, nil},
			{func() error {
				return u.Delete(ctx(t), 4)
			}, cache.Op{Kind: "Delete", Outcome: cache.OutcomeOK, Keys: 1, Hits: 1}, nil},
			{func() error {
				_, err := u.GetMany(ctx(t), []int64{7, 8, 7})
				return err
			}, cache.Op{Kind: "GetMany", Outcome: cache.OutcomeMiss, Keys: 3, Misses: 2}, nil},
			{func() error {
				return u.UpdateField(ctx(t), 1, "age", 1)
			}, cache.Op{Kind: "UpdateField", Outcome: cache.OutcomeHit, Keys: 1, Hits: 1}, nil},
			{func() error {
				return u.UpdateField(ctx(t), 1, "x", 1)
			}, cache.Op{Kind: "UpdateField", Outcome: cache.OutcomeError, Keys: 1, Failed: 1,
				ErrorType: "unknown_field"}, cache.ErrUnknownField},
			{func() error {
				_, err := u.Modify(ctx(t), 1,
					func(User) (User, error) { return ann, cache.ErrNotFound })
				return err
			}, cache.Op{Kind: "Modify", Outcome: cache.OutcomeError, Keys: 1, Failed: 1,
				ErrorType: "other"}, cache.ErrNotFound},
			{func() error {
				_, err := u.Upsert(ctx(t), 1,
					func(User, bool) (User, error) { return ann, cache.ErrExists })
				return err
			}, cache.Op{Kind: "Upsert", Outcome: cache.OutcomeError, Keys: 1, Failed: 1,
				ErrorType: "other"}, cache.ErrExists},
			{func() error {
				_, err := u.Upsert(ctx(t), 1, func(User, bool) (User, error) {
					return ann, fmt.Errorf("of the database: %w", context.DeadlineExceeded)
				})
				return err
			}, cache.Op{Kind: "Upsert", Outcome: cache.OutcomeError, Keys: 1, Failed: 1,
				ErrorType: "other"}, context.DeadlineExceeded},
			{func() error {
				_, err := u.Modify(ctx(t), 9, func(User) (User, error) { return ann, nil })
				return err
			}, cache.Op{Kind: "Modify", Outcome: cache.OutcomeMiss, Keys: 1, Misses: 1}, nil},
			{func() error {
				return u.Touch(ctx(t), 9)
			}, cache.Op{Kind: "Touch", Outcome: cache.OutcomeMiss, Keys: 1, Misses: 1}, nil},
			{func() error {
				_, err := u.Inspect(ctx(t), 1)
				return err
			}, cache.Op{Kind: "Inspect", Outcome: cache.OutcomeHit, Keys: 1, Hits: 1}, nil},
			{func() error {
				_, err := u.Len(ctx(t))
				return err
			}, cache.Op{Kind: "Len", Outcome: cache.OutcomeOK, Keys: 3, Hits: 3}, nil},
			{func() error {
				collect(ctx(t), u.Cache)
				return nil
			}, cache.Op{Kind: "All", Outcome: cache.OutcomeOK, Keys: 3, Hits: 3}, nil},
			{func() error {
				for range u.Keys(ctx(t)) {
				}
				return nil
			}, cache.Op{Kind: "Keys", Outcome: cache.OutcomeOK, Keys: 3, Hits: 3}, nil},
			{func() error {
				return u.Delete(ctx(t), 1)
			}, cache.Op{Kind: "Delete", Outcome: cache.OutcomeOK, Keys: 1, Hits: 1}, nil},
			{func() error {
				_, err := u.DeleteMany(ctx(t), []int64{1, 2})
				return err
			}, cache.Op{Kind: "DeleteMany", Outcome: cache.OutcomePartial, Keys: 2, Hits: 1,
				Misses: 1}, nil},
			{func() error {
				_, err := u.Clear(ctx(t))
				return err
			}, cache.Op{Kind: "Clear", Outcome: cache.OutcomeOK, Keys: 1, Hits: 1}, nil},
			{func() error {
				must(t, u.Close())
				return u.Touch(ctx(t), 1)
			}, cache.Op{Kind: "Touch", Outcome: cache.OutcomeError, Keys: 1, Failed: 1,
				ErrorType: "closed"}, cache.ErrClosed},
		}
		for _, s := range steps {
			*rec = recorder{}
			err := s.do()
			if len(rec.started) != 1 || len(rec.ended) != 1 {
				t.Fatalf("%s: Start was called %d times and End %d times", s.want.Kind,
					len(rec.started), len(rec.ended))
			}
			start, got, want := rec.started[0], rec.ended[0], s.want
			if start.Kind != want.Kind || start.Cache != u.Name() || start.Elapsed != 0 {
				t.Errorf("Start got %+v", start)
			}
			if !errors.Is(got.Err, s.err) || (got.Err == nil) != (s.err == nil) ||
				got.Elapsed <= 0 {
				t.Errorf("End got %+v, want the error %v and some time", got, s.err)
			}
			if expected := errors.Is(err, cache.ErrNotFound) ||
				errors.Is(err, cache.ErrExists); !expected && !errors.Is(err, s.err) {
				t.Errorf("%s = %v", want.Kind, err)
			}
			want.Cache = u.Name()
			got.Err, got.Elapsed = nil, 0
			if fmt.Sprintf("%+v", got) != strings.Replace(fmt.Sprintf("%+v", want), "exists:false",
				fmt.Sprintf("exists:%v", want.Outcome == cache.OutcomeExists), 1) {
				t.Errorf("End got %+v, want %+v", got, want)
			}
		}
	})
}
