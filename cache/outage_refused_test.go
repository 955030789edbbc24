package cache_test

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// writeRefusals are the ways in which a running server refuses writes. All except the first also
// refuse hits that renew.
var writeRefusals = []struct {
	name         string
	args         []string
	refuse, heal func(t *testing.T, s *redistest.Server, admin *redis.Client)
}{
	{"OOM", nil, sends("config", "set", "maxmemory", "1"),
		sends("config", "set", "maxmemory", "0")},
	{"READONLY", nil, sends("replicaof", "127.0.0.1", "1"), sends("replicaof", "no", "one")},
	{"NOREPLICAS", nil, sends("config", "set", "min-replicas-to-write", "1"),
		sends("config", "set", "min-replicas-to-write", "0")},
	{"NOPERM", nil, sends("acl", "setuser", "default", "-@write"),
		sends("acl", "setuser", "default", "+@all")},
	{"NOPERM of scripts", nil, sends("acl", "setuser", "default", "-eval", "-evalsha", "-getex"),
		sends("acl", "setuser", "default", "+@all")},
	{"MISCONF", []string{"--appendonly", "yes"}, func(
		t *testing.T, s *redistest.Server, admin *redis.Client,
	) {
		s.FillDisk(t)
		appendsFail(t, admin, "err")
	}, func(t *testing.T, s *redistest.Server, admin *redis.Client) {
		s.FreeDisk(t)
		appendsFail(t, admin, "ok")
	}},
}

func sends(args ...any) func(*testing.T, *redistest.Server, *redis.Client) {
	return func(t *testing.T, _ *redistest.Server, admin *redis.Client) {
		t.Helper()
		must(t, admin.Do(ctx(t), args...).Err())
	}
}

// appendsFail waits until the last write of the AOF has this status.
func appendsFail(t *testing.T, admin *redis.Client, status string) {
	t.Helper()
	soon(t, "the AOF is "+status, func() bool {
		_ = admin.Set(ctx(t), "junk", "x", time.Minute).Err()
		return admin.InfoMap(ctx(t), "persistence").Item("Persistence",
			"aof_last_write_status") == status
	})
}

// A server that refuses writes is not out: hits continue, under Active too. Missing records are
// loaded and returned, also with FailFast.
func TestRefusedWrites(t *testing.T) {
	t.Parallel()
	for _, tt := range writeRefusals {
		for policy, o := range map[string]*cache.Options{
			"active": active(), "tolerant": tolerant(), "max age": active(ttl.MaxAge(2 * hour)),
			"pipelined": autoPipelined(), "fixed": fixed(),
			"refresh": fixed(ttl.Refresh(time.Minute)),
		} {
			if testing.Short() && policy != "active" {
				continue
			}
			t.Run(tt.name+" "+policy, func(t *testing.T) {
				t.Parallel()
				s := redistest.Start(t, tt.args...)
				admin, rec := s.Client(t), &recorder{}
				o := *o
				o.Hook, o.Load.Patience, o.Load.Outage = rec, time.Minute, cache.FailFast
				u := mustNew[int64](t, s.Client(t, patient), "users", jsonUsers, &o)
				must(t, u.SetMany(ctx(t), map[int64]User{1: ann, 2: ann}))
				src := newSolo(map[int64]User{1: bob, 2: bob, 3: bob, 4: bob})
				tt.refuse(t, s, admin)
				for range 3 {
					got, err := u.GetOrLoad(ctx(t), 1, src.user)
					wantUser(t, got, err, ann)
					many, err := u.GetOrLoadMany(ctx(t), []int64{1, 2}, src.users)
					if err != nil || len(many) != 2 || many[1].Name != "Ann" ||
						many[2].Name != "Ann" {
						t.Errorf("GetOrLoadMany = %v, %v", many, err)
					}
				}
				src.wantLoads(t, 0)
				for range 3 {
					got, err := u.GetOrLoad(ctx(t), 3, src.user)
					wantUser(t, got, err, bob)
				}
				src.wantLoads(t, 3)
				if n := rec.unstored(); n != 3 {
					t.Errorf("the Hook was told of %d unstored loads, want 3", n)
				}
				many, err := u.GetOrLoadMany(ctx(t), []int64{1, 3, 2, 4, 5}, src.users)
				if err != nil || len(many) != 4 || many[1].Name != "Ann" || many[2].Name != "Ann" ||
					many[3].Name != "Bob" || many[4].Name != "Bob" {
					t.Errorf("GetOrLoadMany = %v, %v", many, err)
				}
				src.wantLoads(t, 4)
				got, err := u.Reload(ctx(t), 1, src.user)
				wantUser(t, got, err, bob)
				src.wantLoads(t, 5)
				src.shared(t, 20, func(loader loaderOfUser) {
					got, err := u.GetOrLoad(ctx(t), 3, loader)
					wantUser(t, got, err, bob)
				})
				if n := rec.count("Outage"); n != 0 {
					t.Errorf("the Hook was told of %d outages, want 0", n)
				}
				tt.heal(t, s, admin)
				if n := admin.Exists(ctx(t), "users:3", "users:4", "users:5").Val(); n != 0 {
					t.Errorf("%d records were written", n)
				}
				soon(t, "a hit of the loaded record", func() bool {
					calls := src.calls.Load()
					got, err := u.GetOrLoad(ctx(t), 3, src.user)
					wantUser(t, got, err, bob)
					return src.calls.Load() == calls
				})
			})
		}
	}
}
