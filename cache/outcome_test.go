package cache_test

import (
	"context"
	"errors"
	"net"
	"sync/atomic"
	"testing"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// If a connection breaks after a write, the error is ErrUnknownOutcome, and the write is not sent
// again.
func TestCreateIsNotSentTwice(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		rdb, cut := cuttable(t, b)
		for _, o := range []*cache.Options{active(), autoPipelined()} {
			u := mustNew[int64](t, rdb, b.Name(), jsonUsers, o)
			must(t, u.Add(ctx(t), 0, ann))
			for id := int64(1); id < 20; id++ { // so that each server knows the scripts
				must(t, u.Add(ctx(t), id, ann))
				must(t, u.UpdateField(ctx(t), id, "visits", 1))
				must(t, u.Delete(ctx(t), id))
			}
			cut.Store(true)
			err := u.Add(ctx(t), 1, ann)
			wantErr(t, err, cache.ErrUnknownOutcome, "Add", "1")
			if errors.Is(err, cache.ErrExists) || cut.Load() {
				t.Errorf("connection cut: %v, Add = %v", !cut.Load(), err)
			}
			got, err := u.Peek(ctx(t), 1)
			wantUser(t, got, err, ann)

			calls := 0
			upsert := func(v User, found bool) (User, error) { calls++; v.Visits++; return v, nil }
			for visits := 1; visits <= 2; visits++ { // the first call creates
				cut.Store(true)
				calls = 0
				_, err = u.Upsert(ctx(t), 2, upsert)
				wantErr(t, err, cache.ErrUnknownOutcome, "Upsert", "2")
				if calls != 1 || cut.Load() {
					t.Errorf("connection cut: %v, fn was called %d times", !cut.Load(), calls)
				}
				got, err = u.Peek(ctx(t), 2)
				wantUser(t, got, err, User{Visits: visits})
			}
		}
	})
}

// A lost reply ends Modify and Upsert, also after conflicts.
func TestLostReplyAfterConflicts(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		rdb, cut := cuttable(t, b)
		u := mustNew[int64](t, rdb, b.Name(), jsonUsers, active())
		other := mustNew[int64](t, b.Client, u.Name(), jsonUsers, active())
		for op, do := range map[string]func(fn func(User) (User, error)) error{
			"Modify": func(fn func(User) (User, error)) error {
				_, err := u.Modify(ctx(t), 1, fn)
				return err
			},
			"Upsert": func(fn func(User) (User, error)) error {
				_, err := u.Upsert(ctx(t), 1, func(v User, _ bool) (User, error) { return fn(v) })
				return err
			},
		} {
			for conflicts := range 7 {
				must(t, u.Set(ctx(t), 1, ann))
				must(t, u.UpdateField(ctx(t), 1, "visits", 0)) // now the server knows the script
				calls := 0
				err := do(func(v User) (User, error) {
					if calls++; calls <= conflicts {
						must(t, other.Set(ctx(t), 1, User{Name: "Ann", Age: calls}))
					} else if calls == conflicts+1 {
						cut.Store(true)
					}
					v.Visits++
					return v, nil
				})
				wantErr(t, err, cache.ErrUnknownOutcome, op, "1")
				if got, err := u.Peek(ctx(t), 1); calls != conflicts+1 || got.Visits != 1 ||
					err != nil {
					t.Errorf("%s after %d conflicts: %d calls, the record is %v, %v",
						op, conflicts, calls, got, err)
				}
			}
		}
	})
}

// cuttable returns a client and a switch. Once set, the switch makes a connection close, one time,
// when the server has answered a script.
func cuttable(t *testing.T, b *redistest.Backend) (redis.UniversalClient, *atomic.Bool) {
	t.Helper()
	if b.Mini != nil {
		t.Skip("no sockets to close")
	}
	if b.Kind == "tls" {
		t.Skip("cutConn cannot read encrypted commands")
	}
	var armed atomic.Bool
	return b.NewClient(t, func(o *redis.UniversalOptions) {
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return &cutConn{Conn: conn, armed: &armed}, err
		}
	}), &armed
}
