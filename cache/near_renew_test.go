package cache_test

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// If a renewal finds that a record is not due yet, the next one comes when it is due, not a whole
// tolerance later.
func TestNearRenewsInTime(t *testing.T) {
	s := redistest.Start(t)
	const tolerance = 20 * time.Minute
	o := &cache.Options{TTL: ttl.Active(hour, ttl.Tolerance(tolerance)),
		Near: &cache.Near{Staleness: hour}}
	u, h := nearNamed(t, s.Client(t), "users", o)
	u.set(1, ann)
	// It is due after a quarter of the tolerance.
	must(t, u.rdb.PExpire(ctx(t), "users:1", hour-tolerance*3/4).Err())
	u.inMemory(h, "Get", func() { _, _ = u.Get(ctx(t), 1) })
	for range 3 {
		recent.Skip(tolerance/4 + time.Second) // for this process, not for the server
		asked := redistest.Commands(t, u.rdb, func() {
			got, err := u.Get(ctx(t), 1)
			wantUser(t, got, err, ann)
			u.renewed()
		})
		if asked["evalsha"]+asked["eval"] == 0 || asked["pexpire"] != 0 {
			t.Errorf("commands: %v, want a script without PEXPIRE", asked)
		}
	}
	if op := h.of("Get"); op[len(op)-1].Near != 1 {
		t.Error("the last read is not from memory")
	}
}

// renewed waits for renewals in the background.
func (u users) renewed() {
	u.t.Helper()
	time.Sleep(50 * time.Millisecond)
}

// A renewal in the background is no write: it ends no marker or lease of a load.
func TestNearRenewalVoidsNothing(t *testing.T) {
	s := redistest.Start(t)
	admin := s.Client(t)
	o := &cache.Options{TTL: ttl.Active(hour, ttl.Tolerance(time.Minute)),
		Load: cache.LoadConfig{Absent: hour}, Near: &cache.Near{Staleness: hour}}
	u, h := nearNamed(t, s.Client(t), "users", o)
	u.set(1, ann)
	u.inMemory(h, "Get", func() { _, _ = u.Get(ctx(t), 1) })
	must(t, admin.Do(ctx(t), "acl", "setuser", "default", "-client|tracking").Err())
	must(t, admin.Do(ctx(t), "client", "kill", "type", "pubsub").Err()) // it gets no invalidations
	soon(t, "no connection", func() bool { return u.Stats().Near.ProofAge < 0 })
	must(t, admin.Del(ctx(t), "users:1").Err())
	must(t, admin.HSet(ctx(t), "users:1", "t", tokenOfNobody).Err())
	must(t, admin.PExpire(ctx(t), "users:1", hour).Err())
	recent.Skip(2 * time.Minute)
	sent := redistest.Commands(t, admin, func() {
		got, err := u.Get(ctx(t), 1)
		wantUser(t, got, err, ann)
		soon(t, "the copy is gone", func() bool {
			_, err := u.Get(ctx(t), 1)
			return err != nil
		})
	})
	if n := admin.Exists(ctx(t), "users:1").Val(); n != 1 {
		t.Errorf("the lease is gone; commands: %v", sent)
	}
}

// A Peek is no access. If a Get is answered by the Peek's copy, that Get is an access.
func TestNearPeekIsNoAccess(t *testing.T) {
	servers(t, func(t *testing.T, b *redistest.Backend) {
		const idle = 10 * time.Minute
		o := tracked()
		o.Near = &cache.Near{Staleness: hour}
		u, h := nearUsers(t, b, o)
		u.set(0, ann)
		u.idle(0, idle, o)
		recent.Skip(time.Minute) // a window
		u.inMemory(h, "Peek", func() { _, _ = u.Peek(ctx(t), 0) })
		info, err := u.Inspect(ctx(t), 0)
		if must(t, err); info.Idle < idle/2 {
			t.Errorf("a Peek is an access: idle for %v", info.Idle)
		}
		hits := u.Stats().Near.Hits
		got, err := u.Get(ctx(t), 0)
		wantUser(t, got, err, ann)
		if n := u.Stats().Near.Hits - hits; n != 1 {
			t.Fatalf("%d reads were answered from memory, want 1", n)
		}
		u.noted(0)
	})
}

// Records that are due at the same time share round trips for their renewals.
func TestNearRenewsTogether(t *testing.T) {
	const n = 3000
	rdb := redistest.Start(t).Client(t, patient)
	u, _ := nearNamed(t, rdb, "users", &cache.Options{
		TTL: ttl.Active(hour, ttl.Tolerance(time.Minute)), Near: &cache.Near{Staleness: hour}})
	keys := make([]int64, n)
	for i := range keys {
		keys[i] = int64(i)
	}
	u.setMany(n)
	soon(t, "all in memory", func() bool {
		before := u.Stats().Near.Hits
		got, err := u.GetMany(ctx(t), keys)
		return err == nil && len(got) == n && u.Stats().Near.Hits-before == n
	})
	recent.Skip(2 * time.Minute)
	wire := redistest.Wire(t, rdb)
	_, err := u.GetMany(ctx(t), keys)
	must(t, err)
	renewals := func() int { return wire.Commands()["evalsha"] }
	soon(t, "all are renewed", func() bool { return renewals() >= n })
	if trips := wire.RoundTrips(); trips > n/30 { // renewals wait for those in flight
		t.Errorf("%d renewals in %d round trips", renewals(), trips)
	}
}

// If a record cannot be renewed, its copy answers only in an outage.
func TestNearRenewalFails(t *testing.T) {
	s := redistest.Start(t)
	rdb := s.Client(t, func(o *redis.UniversalOptions) { o.MaxRetries = -1 })
	u, h := nearNamed(t, rdb, "users", &cache.Options{
		TTL:  ttl.Active(hour, ttl.Tolerance(time.Minute)),
		Near: &cache.Near{Staleness: hour, StaleOnOutage: hour}})
	u.set(1, ann)
	u.inMemory(h, "Get", func() { _, _ = u.Get(ctx(t), 1) })
	s.Kill()
	recent.Skip(2 * time.Minute)
	soon(t, "the copy is old", func() bool {
		h.forget()
		got, err := u.Get(ctx(t), 1)
		wantUser(t, got, err, ann)
		return h.of("Get")[0].Rescued == 1
	})
	failing := func(context.Context, int64) (User, error) { return bob, nil }
	got, err := u.GetOrLoad(ctx(t), 1, failing)
	wantUser(t, got, err, bob)
}
