package cache_test

import (
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// bound is the Staleness of tests that wait until it passes. Most use the default, and wait for
// proofs.
const bound = 200 * time.Millisecond

// nearPolicies are the policies under which memory answers reads.
var nearPolicies = map[string]struct {
	o   *cache.Options
	own []cache.SetOption
}{
	"fixed":                 {fixed(), nil},
	"fixed, own TTL":        {fixed(), []cache.SetOption{cache.WithTTL(2 * hour)}},
	"fixed, refresh":        {fixed(ttl.Refresh(time.Minute)), nil},
	"fixed, tracked":        {&cache.Options{TTL: ttl.Fixed(hour), TrackAccess: true}, nil},
	"active with tolerance": {active(ttl.Tolerance(time.Minute)), nil},
	"own TTL, tolerance": {active(ttl.Tolerance(time.Minute)),
		[]cache.SetOption{cache.WithTTL(2 * hour)}},
	"max age, tolerance": {active(ttl.Tolerance(time.Minute), ttl.MaxAge(24*hour)), nil},
	"auto-pipelined":     {autoPipelined(ttl.Tolerance(time.Minute)), nil},
}

// servers runs a test on every kind of real server.
func servers(t *testing.T, fn func(t *testing.T, b *redistest.Backend)) {
	redistest.EachTopology(t, func(t *testing.T, b *redistest.Backend) {
		if b.Mini != nil {
			t.Skip("miniredis tracks no keys")
		}
		fn(t, b)
	})
}

// nearUsers returns a cache with copies, after its first proof.
func nearUsers(t *testing.T, b *redistest.Backend, o *cache.Options) (users, *recorder) {
	t.Helper()
	u, h := nearNamed(t, b.Client, b.Name(), o)
	return u, h
}

func nearNamed(
	t *testing.T, rdb redis.UniversalClient, name string, o *cache.Options,
) (users, *recorder) {
	t.Helper()
	opts, h := *o, &recorder{}
	opts.Hook = h
	if opts.Near == nil {
		opts.Near = &cache.Near{}
	}
	u := users{mustNew[int64](t, rdb, name, jsonUsers, &opts), t, rdb}
	u.proven()
	return u, h
}

// proven waits until the cache has a proof.
func (u users) proven() {
	u.t.Helper()
	soon(u.t, "a proof", func() bool { return u.Stats().Near.ProofAge >= 0 })
}

// inMemory reads until memory answers a whole read.
func (u users) inMemory(h *recorder, kind string, read func()) {
	u.t.Helper()
	soon(u.t, "a "+kind+" from memory", func() bool {
		h.forget()
		read()
		for _, op := range h.of(kind) {
			if op.Near == op.Hits+op.Misses && op.Failed == 0 {
				return true
			}
		}
		return false
	})
}

// A read that memory answers sends no command, whatever the operation.
func TestNearHit(t *testing.T) {
	servers(t, func(t *testing.T, b *redistest.Backend) {
		for name, p := range nearPolicies {
			t.Run(name, func(t *testing.T) {
				u, h := nearUsers(t, b, p.o)
				u.set(1, ann, p.own...)
				u.set(2, bob, p.own...)
				never := func(context.Context, int64) (User, error) {
					t.Error("a loader was called")
					return User{}, nil
				}
				reads := map[string]func(){
					"Get": func() {
						got, err := u.Get(ctx(t), 1)
						wantUser(t, got, err, ann)
					},
					"Peek": func() {
						got, err := u.Peek(ctx(t), 1)
						wantUser(t, got, err, ann)
					},
					"GetMany": func() {
						got, err := u.GetMany(ctx(t), []int64{1, 2, 1})
						if err != nil || len(got) != 2 || got[2].Name != "Bob" {
							t.Errorf("GetMany = %v, %v", got, err)
						}
					},
					"GetOrLoad": func() {
						got, err := u.GetOrLoad(ctx(t), 1, never)
						wantUser(t, got, err, ann)
					},
					"GetOrLoadMany": func() {
						got, err := u.GetOrLoadMany(ctx(t), []int64{1, 2},
							func(context.Context, []int64) (map[int64]User, error) {
								t.Error("a loader was called")
								return nil, nil
							})
						if err != nil || len(got) != 2 || got[2].Name != "Bob" {
							t.Errorf("GetOrLoadMany = %v, %v", got, err)
						}
					},
				}
				for kind, read := range reads {
					u.inMemory(h, kind, read)
				}
				// Renewals that these reads have started may still be in flight.
				soon(t, "only hits, and only commands of proofs", func() bool {
					before := u.Stats().Near
					sent := redistest.Commands(t, u.rdb, func() {
						for range 100 {
							for _, read := range reads {
								read()
							}
						}
					})
					return leftOf(sent) == 0 && u.Stats().Near.Hits-before.Hits == 800
				})
			})
		}
	})
}

// leftOf returns the number of commands except those of proofs and of the client's search for
// servers.
func leftOf(sent map[string]int) (n int) {
	sent = maps.Clone(sent)
	for _, name := range []string{
		"eval", "unlink", "publish", "spublish", "cluster", "cluster|nodes", "cluster|slots",
	} {
		delete(sent, name)
	}
	for _, count := range sent {
		n += count
	}
	return n
}

// Memory also holds absences. For GetOrLoad, only a marker counts as one.
func TestNearAbsence(t *testing.T) {
	servers(t, func(t *testing.T, b *redistest.Backend) {
		o := fixed()
		o.Load.Absent = hour
		u, h := nearUsers(t, b, o)
		u.inMemory(h, "Get", func() {
			_, err := u.Get(ctx(t), 1)
			wantErr(t, err, cache.ErrNotFound, "Get", "1")
		})
		u.inMemory(h, "GetMany", func() {
			got, err := u.GetMany(ctx(t), []int64{1})
			if len(got) != 0 || err != nil {
				t.Errorf("GetMany = %v, %v", got, err)
			}
		})
		s := newSource(nil)
		load := func() {
			_, err := u.GetOrLoad(ctx(t), 1, s.user)
			wantErr(t, err, cache.ErrNotFound, "GetOrLoad", "1")
		}
		load()
		s.wantLoads(t, 1) // an absence without a marker is no answer to it
		u.inMemory(h, "GetOrLoad", load)
		u.inMemory(h, "GetOrLoadMany", func() {
			got, err := u.GetOrLoadMany(ctx(t), []int64{1}, s.users)
			if len(got) != 0 || err != nil {
				t.Errorf("GetOrLoadMany = %v, %v", got, err)
			}
		})
		s.wantLoads(t, 1)
		u.set(1, ann)
		got, err := u.GetOrLoad(ctx(t), 1, s.user)
		wantUser(t, got, err, ann)
	})
}

// A process sees its own writes at once, of every kind, also through a second cache of the same
// name.
func TestNearSeesOwnWrites(t *testing.T) {
	servers(t, func(t *testing.T, b *redistest.Backend) {
		u, h := nearUsers(t, b, fixed())
		twin, _ := nearNamed(t, b.Client, u.Name(), fixed())
		name := func(i int) User { return User{Name: fmt.Sprint(i)} }
		writes := []func(v User) error{
			func(v User) error { return u.Set(ctx(t), 1, v) },
			func(v User) error { return twin.Set(ctx(t), 1, v) },
			func(v User) error { return u.Update(ctx(t), 1, v) },
			func(v User) error { return u.UpdateField(ctx(t), 1, "name", v.Name) },
			func(v User) error { return u.SetMany(ctx(t), map[int64]User{1: v}) },
			func(v User) error {
				_, err := u.Modify(ctx(t), 1, func(User) (User, error) { return v, nil })
				return err
			},
			func(v User) error {
				_, err := u.Reload(ctx(t), 1, newSource(map[int64]User{1: v}).user)
				return err
			},
			func(v User) error {
				_ = u.Delete(ctx(t), 1)
				return u.Add(ctx(t), 1, v)
			},
			func(v User) error {
				_, _ = u.DeleteMany(ctx(t), []int64{1})
				_, err := u.GetOrLoad(ctx(t), 1, newSource(map[int64]User{1: v}).user)
				return err
			},
		}
		u.set(1, ann)
		for i := range 40 {
			for w, write := range writes {
				read := func() { _, _ = u.Get(ctx(t), 1) }
				if i < 3 {
					u.inMemory(h, "Get", read)
				} else {
					read()
				}
				want := name(i*len(writes) + w)
				must(t, write(want))
				for _, reader := range []users{u, twin} {
					got, err := reader.Get(ctx(t), 1)
					if wantUser(t, got, err, want); t.Failed() {
						t.Fatalf("after write %d, round %d", w, i)
					}
				}
			}
		}
		if _, err := u.Clear(ctx(t)); err != nil {
			t.Error(err)
		}
		_, err := twin.Get(ctx(t), 1)
		wantErr(t, err, cache.ErrNotFound, "Get", "1")
	})
}

// Writes of others are seen when the invalidation arrives. An expired record is no longer seen.
func TestNearSeesOtherWrites(t *testing.T) {
	servers(t, func(t *testing.T, b *redistest.Backend) {
		u, h := nearUsers(t, b, fixed())
		key, admin := u.redisKey(1), b.NewClient(t)
		for what, write := range map[string]func(){
			"set": func() {
				must(t, admin.Set(ctx(t), key, `{"name":"Bob","age":44}`, hour).Err())
			},
			"delete":  func() { must(t, admin.Del(ctx(t), key).Err()) },
			"expire":  func() { must(t, admin.PExpire(ctx(t), key, time.Millisecond).Err()) },
			"restore": func() { restore(t, admin, key, `{"name":"Bob","age":44}`) },
		} {
			u.set(1, ann)
			read := func() { _, _ = u.Get(ctx(t), 1) }
			u.inMemory(h, "Get", read)
			write()
			soon(t, what, func() bool {
				got, err := u.Get(ctx(t), 1)
				return err != nil || got.Name == "Bob"
			})
		}
		// A copy expires with its record, even without an invalidation.
		must(t, admin.Set(ctx(t), key, `{"name":"Ann"}`, 80*time.Millisecond).Err())
		begun := time.Now()
		for time.Since(begun) < 50*time.Millisecond {
			_, _ = u.Get(ctx(t), 1)
		}
		for time.Since(begun) < 300*time.Millisecond {
			asked := time.Since(begun)
			if _, err := u.Get(ctx(t), 1); err == nil && asked > 82*time.Millisecond {
				t.Fatalf("read %v after a TTL of 80ms", asked)
			}
		}
	})
}
