package cache_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// creators are the options under which Add and Upsert are tested: every policy, and AutoPipeline
// alone.
func creators() map[string]*cache.Options {
	all := map[string]*cache.Options{
		"auto-pipelined": autoPipelined(),
		"tracked":        {TTL: ttl.Fixed(hour), TrackAccess: true},
	}
	for _, p := range policies {
		all[p.name] = p.o
	}
	return all
}

// Of callers who create one record at the same time, none loses what the others wrote.
func TestUpsertLosesNoItem(t *testing.T) {
	const carts, writers = 50, 10
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		for name, o := range creators() {
			t.Run(name, func(t *testing.T) {
				all := mustNew[int64](t, b.Client, b.Name(), codec.JSON[[]int]{}, o)
				var created atomic.Int64
				var wg sync.WaitGroup
				begin := make(chan struct{})
				for id := range int64(carts) {
					for item := range writers {
						wg.Go(func() {
							<-begin
							first := false
							_, err := all.Upsert(ctx(t), id, func(cart []int, found bool) ([]int, error) {
								if first = !found; first && cart != nil {
									t.Errorf("cart %d is not there, and is %v", id, cart)
								}
								return append(cart, item), nil
							})
							if err != nil {
								t.Errorf("cart %d: %v", id, err)
							} else if first {
								created.Add(1)
							}
						})
					}
				}
				close(begin)
				wg.Wait()
				if n := created.Load(); n != carts {
					t.Errorf("%d carts were created by %d callers", carts, n)
				}
				for id := range int64(carts) {
					cart, err := all.Get(ctx(t), id)
					items := map[int]bool{}
					for _, item := range cart {
						items[item] = true
					}
					if len(cart) != writers || len(items) != writers || err != nil {
						t.Errorf("cart %d has %v, %v", id, cart, err)
					}
				}
			})
		}
	})
}

func TestUpsert(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		visit := func(v User, found bool) (User, error) {
			if !found {
				return bob, nil
			}
			v.Visits++
			return v, nil
		}
		want := bob
		for range 3 {
			got, err := u.Upsert(ctx(t), 1, visit)
			wantUser(t, got, err, want)
			got, err = u.Peek(ctx(t), 1)
			wantUser(t, got, err, want)
			want.Visits++
		}

		stop := errors.New("stop")
		for id := range int64(2) {
			got, err := u.Upsert(ctx(t), id, func(User, bool) (User, error) { return ann, stop })
			wantErr(t, err, stop, "Upsert", fmt.Sprint(id))
			if got.Name != "" {
				t.Errorf("an Upsert that failed returned %v", got)
			}
		}
		if n, err := u.Len(ctx(t)); n != 1 || err != nil {
			t.Errorf("an Upsert that failed left %d records, %v", n, err)
		}
		_, err := u.Upsert(ctx(t), 1, nil)
		wantErr(t, err, errors.Unwrap(err), "Upsert", "1")
		for _, id := range []int64{1, 7} { // a bad TTL is refused whether there is a record or not
			_, err = u.Upsert(ctx(t), id, visit, cache.WithTTL(0))
			wantErr(t, err, cache.ErrTTL, "Upsert", fmt.Sprint(id))
		}

		// A record that is deleted meanwhile is created.
		must(t, u.Delete(ctx(t), 2))
		u.set(2, ann)
		calls := 0
		got, err := u.Upsert(ctx(t), 2, func(v User, found bool) (User, error) {
			if calls++; found != (calls == 1) {
				t.Errorf("call %d: found is %v", calls, found)
			}
			must(t, u.Delete(ctx(t), 2))
			return bob, nil
		})
		wantUser(t, got, err, bob)
		if calls != 2 {
			t.Errorf("fn was called %d times, want 2", calls)
		}
	})
}

// Another writer who is faster each time is a conflict, whether it writes or deletes.
func TestUpsertConflict(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		calls := 0
		_, err := u.Upsert(ctx(t), 1, func(_ User, found bool) (User, error) {
			if calls++; found != (calls%2 == 0) {
				t.Fatalf("call %d: found is %v", calls, found)
			}
			if found {
				return ann, u.Delete(ctx(t), 1)
			}
			u.set(1, bob)
			return ann, nil
		})
		wantErr(t, err, cache.ErrConflict, "Upsert", "1")
	})
}

func TestAdd(t *testing.T) {
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		for _, opts := range [][]cache.SetOption{nil, {cache.WithTTL(2 * hour)}} {
			must(t, u.Delete(ctx(t), 1))
			must(t, u.Add(ctx(t), 1, ann, opts...))
			for range 2 {
				u.age(1, 10*time.Minute)
				wantErr(t, u.Add(ctx(t), 1, bob, opts...), cache.ErrExists, "Add", "1")
				u.wantLeft(1, 10*time.Minute) // a refused Add renews nothing
				got, err := u.Peek(ctx(t), 1)
				wantUser(t, got, err, ann)
			}
		}
		wantErr(t, u.Add(ctx(t), 2, ann, cache.WithTTL(0)), cache.ErrTTL, "Add", "2")
	})
}

// Of 20 callers who add one key at the same time, one succeeds, and its value is what stands there.
func TestAddOnce(t *testing.T) {
	const callers = 20
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		for name, o := range creators() {
			t.Run(name, func(t *testing.T) {
				u := newUsers(t, b, o)
				for id := range int64(5) {
					var winners, winner atomic.Int64
					var wg sync.WaitGroup
					begin := make(chan struct{})
					for i := range int64(callers) {
						wg.Go(func() {
							<-begin
							err := u.Add(ctx(t), id, User{Name: "Ann", Age: int(i)})
							switch {
							case err == nil:
								winners.Add(1)
								winner.Store(i)
							case !errors.Is(err, cache.ErrExists):
								t.Error(err)
							}
						})
					}
					close(begin)
					wg.Wait()
					got, err := u.Get(ctx(t), id)
					if winners.Load() != 1 || err != nil || int64(got.Age) != winner.Load() {
						t.Errorf("%d of %d succeeded, the last one %d; the record is %v, %v",
							winners.Load(), callers, winner.Load(), got, err)
					}
				}
			})
		}
	})
}

// creations are the ways to write a record that is not there.
var creations = map[string]func(u users, id int64, opts ...cache.SetOption) error{
	"Add": func(u users, id int64, opts ...cache.SetOption) error {
		return u.Add(ctx(u.t), id, ann, opts...)
	},
	"Upsert": func(u users, id int64, opts ...cache.SetOption) error {
		_, err := u.Upsert(ctx(u.t), id, func(User, bool) (User, error) { return ann, nil }, opts...)
		return err
	},
}

// A record that is created has the TTL and the deadline that a Set would give it.
func TestCreatedTerms(t *testing.T) {
	own := []cache.SetOption{cache.WithTTL(20 * time.Minute)}
	long := []cache.SetOption{cache.WithTTL(3 * hour)}
	aged := active(ttl.MaxAge(2 * hour))
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for op, create := range creations {
			for _, tt := range []struct {
				name     string
				o        *cache.Options
				opts     []cache.SetOption
				left     time.Duration // at first
				again    time.Duration // after a Get of what has 10 minutes left
				deadline time.Duration // 0 for none
			}{
				{"active", active(), nil, hour, hour, 0},
				{"active, own", active(), own, 20 * time.Minute, 20 * time.Minute, 0},
				{"active, own and longer", active(), long, 3 * hour, 3 * hour, 0},
				{"tolerance, own", active(ttl.Tolerance(time.Minute)), own, 20 * time.Minute,
					20 * time.Minute, 0},
				{"max age", aged, nil, hour, hour, 2 * hour},
				{"max age, own", aged, own, 20 * time.Minute, 20 * time.Minute, 2 * hour},
				{"max age, own and longer", aged, long, 2 * hour, 2 * hour, 2 * hour},
				{"fixed", fixed(), nil, hour, 10 * time.Minute, 0},
				{"fixed, own", fixed(), own, 20 * time.Minute, 10 * time.Minute, 0},
				{"fixed, own and longer", fixed(), long, 3 * hour, 10 * time.Minute, 0},
			} {
				t.Run(op+"/"+tt.name, func(t *testing.T) {
					u := newUsers(t, b, tt.o)
					before := b.Now().Truncate(time.Millisecond)
					must(t, create(u, 1, tt.opts...))
					after := b.Now()
					u.wantLeft(1, tt.left)
					info, err := u.Inspect(ctx(t), 1)
					must(t, err)
					if d := info.Deadline; tt.deadline == 0 && !d.IsZero() || tt.deadline > 0 &&
						(d.Before(before.Add(tt.deadline)) || d.After(after.Add(tt.deadline))) {
						t.Errorf("created from %v to %v with a deadline of %v", before, after, d)
					}
					u.age(1, 10*time.Minute)
					got, err := u.Get(ctx(t), 1)
					wantUser(t, got, err, ann)
					u.wantLeft(1, tt.again)

					// One that is there keeps its terms, whatever Upsert is given.
					if op == "Upsert" {
						must(t, create(u, 1, cache.WithTTL(7*hour)))
						u.wantLeft(1, tt.again)
						if now, err := u.Inspect(ctx(t), 1); now.Deadline != info.Deadline || err != nil {
							t.Errorf("a second Upsert moved the deadline by %v, %v",
								now.Deadline.Sub(info.Deadline), err)
						}
					}
				})
			}
		}
	})
}

// A lease and a marker are no records: what is created replaces them. No other hash is touched.
func TestCreateOverHash(t *testing.T) {
	const token = "0123456789abcdef"
	everywhere(t, func(t *testing.T, b *redistest.Backend, u users) {
		hash := func(id int64, ttl time.Duration, fields ...any) {
			t.Helper()
			must(t, b.Client.Unlink(ctx(t), u.redisKey(id)).Err())
			must(t, b.Client.HSet(ctx(t), u.redisKey(id), fields...).Err())
			if ttl > 0 {
				must(t, b.Client.PExpire(ctx(t), u.redisKey(id), ttl).Err())
			}
		}
		for op, create := range creations {
			for _, fields := range [][]any{{"t", token}, {"n", "1"}} {
				for opt, left := range map[time.Duration]time.Duration{0: hour, 2 * hour: 2 * hour} {
					hash(1, 30*time.Second, fields...)
					_, err := u.Peek(ctx(t), 1)
					wantErr(t, err, cache.ErrNotFound, "Peek", "1")
					if opt > 0 {
						must(t, create(u, 1, cache.WithTTL(opt)))
					} else {
						must(t, create(u, 1))
					}
					got, err := u.Peek(ctx(t), 1)
					wantUser(t, got, err, ann)
					u.wantLeft(1, left)
				}
			}
			b.Exempt(u.redisKey(2))
			for _, foreign := range [][]any{
				{"t", token, "n", "1"}, {"t", token[1:]}, {"t", "x" + token[1:]}, {"owner", "1"},
			} {
				hash(2, hour, foreign...)
				before := b.Client.HGetAll(ctx(t), u.redisKey(2)).Val()
				wantErr(t, create(u, 2), cache.ErrWrongType, op, "2")
				after := b.Client.HGetAll(ctx(t), u.redisKey(2)).Val()
				if fmt.Sprint(before) != fmt.Sprint(after) {
					t.Errorf("%s made %v of %v", op, after, before)
				}
			}
			if op == "Add" || b.Mini == nil { // miniredis sets the TTL before it refuses the type
				hash(2, 0, "n", "1") // of another program: it has no TTL
				wantErr(t, create(u, 2), cache.ErrWrongType, op, "2")
			}
			must(t, b.Client.Unlink(ctx(t), u.redisKey(2)).Err())
			must(t, b.Client.SAdd(ctx(t), u.redisKey(2), "a").Err())
			wantErr(t, create(u, 2), cache.ErrWrongType, op, "2")
			if n := b.Client.SCard(ctx(t), u.redisKey(2)).Val(); n != 1 {
				t.Errorf("%s left %d elements of a set", op, n)
			}
		}
	})
}

// A connection that breaks after the write is ErrUnknownOutcome, and the write is not sent again.
func TestCreateIsNotSentTwice(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		rdb, cut := cuttable(t, b)
		for _, o := range []*cache.Options{active(), autoPipelined()} {
			u := mustNew[int64](t, rdb, b.Name(), jsonUsers, o)
			must(t, u.Add(ctx(t), 0, ann))
			for id := int64(1); id < 20; id++ { // each server knows the script now
				must(t, u.Add(ctx(t), id, ann))
				must(t, u.Delete(ctx(t), id))
			}
			cut.Store(true)
			err := u.Add(ctx(t), 1, ann)
			wantErr(t, err, cache.ErrUnknownOutcome, "Add", "1")
			if errors.Is(err, cache.ErrExists) || cut.Load() {
				t.Errorf("cut %v, Add = %v", !cut.Load(), err)
			}
			got, err := u.Peek(ctx(t), 1)
			wantUser(t, got, err, ann)

			calls := 0
			upsert := func(v User, found bool) (User, error) { calls++; v.Visits++; return v, nil }
			for visits := 1; visits <= 2; visits++ { // the first one creates
				cut.Store(true)
				calls = 0
				_, err = u.Upsert(ctx(t), 2, upsert)
				wantErr(t, err, cache.ErrUnknownOutcome, "Upsert", "2")
				if calls != 1 || cut.Load() {
					t.Errorf("cut %v, fn was called %d times", !cut.Load(), calls)
				}
				got, err = u.Peek(ctx(t), 2)
				wantUser(t, got, err, User{Visits: visits})
			}
		}
	})
}

// Also where the first attempts met other writers, a lost reply ends Modify and Upsert.
func TestLostReplyAfterConflicts(t *testing.T) {
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
				must(t, u.UpdateField(ctx(t), 1, "visits", 0)) // the server knows the script now
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
				if got, err := u.Peek(ctx(t), 1); calls != conflicts+1 || got.Visits != 1 || err != nil {
					t.Errorf("%s after %d conflicts: %d calls, the record is %v, %v",
						op, conflicts, calls, got, err)
				}
			}
		}
	})
}

// cuttable returns a client of which the connection breaks, once, after it has sent a script, when
// the switch is set.
func cuttable(t *testing.T, b *redistest.Backend) (redis.UniversalClient, *atomic.Bool) {
	t.Helper()
	if b.Mini != nil {
		t.Skip("no sockets to cut")
	}
	if b.Kind == "tls" {
		t.Skip("the cut looks for the script's name in what passes")
	}
	var armed atomic.Bool
	return b.NewClient(t, func(o *redis.UniversalOptions) {
		o.Dialer = func(ctx context.Context, network, addr string) (net.Conn, error) {
			conn, err := (&net.Dialer{}).DialContext(ctx, network, addr)
			return &cutConn{Conn: conn, armed: &armed}, err
		}
	}), &armed
}
