package cache_test

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/sweep"
)

// A user with the permissions of all lines can do all that a cache does, and cannot touch other
// keys.
func TestACLOfEverything(t *testing.T) {
	all := map[string]bool{}
	for use := range usages {
		for _, rule := range aclLines(t)[use] {
			all[rule] = true
		}
	}
	checkPrivileges(t,
		redistest.StartSecure(t, strings.Join(slices.Sorted(maps.Keys(all)), " ")).Client(t))
}

// On a cluster, a client also needs the permissions of the line for clusters, and each of them is
// necessary. One slot is being moved to another node.
func TestACLOfCluster(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 0, time.Minute)
	var admins []*redis.Client
	for _, node := range c.Nodes() {
		admins = append(admins, node.Client(t))
	}
	slot := admins[0].ClusterKeySlot(ctx(t), "users:b").Val()
	owner := int(slot) * len(admins) / 16384
	from, to := admins[owner], admins[(owner+1)%len(admins)]
	must(t,
		to.Do(ctx(t), "cluster", "setslot", slot, "importing",
			from.Do(ctx(t), "cluster", "myid").Val()).Err())
	must(t,
		from.Do(ctx(t), "cluster", "setslot", slot, "migrating",
			to.Do(ctx(t), "cluster", "myid").Val()).Err())

	lines := aclLines(t)
	base := slices.Concat(lines["Active"], lines["`All`, `Keys`, `Len`, `Clear`"])
	const use = "on a cluster, besides"
	if lines[use] == nil {
		t.Fatalf("SECURITY.md has no line for %q", use)
	}
	takeApart(t, lines[use], []string{"+command"},
		func(rules []string) (errs []error, missed []string) {
			for _, admin := range admins {
				allow(t, admin, slices.Concat(base, rules))
			}
			rdb := c.Client(t, asApp)
			defer rdb.Close()
			users := mustNew[string](t, rdb, "users", jsonUsers, active())
			for _, key := range []string{"a", "b", "c", "d", "e"} {
				errs = append(errs, users.Set(ctx(t), key, ann))
			}
			_, err := users.GetMany(ctx(t), []string{"a", "b", "c"})
			errs = append(errs, err)
			_, err = users.Clear(ctx(t))
			errs = append(errs, err)
			for _, admin := range admins {
				missed = append(missed, aclLog(t, admin)...)
			}
			return errs, missed
		})
}

// On a cluster with copies, a client also needs the permissions of the line for that, and each of
// them is necessary.
func TestACLOfClusterNear(t *testing.T) {
	t.Parallel()
	c := redistest.StartCluster(t, 0, time.Minute)
	var admins []*redis.Client
	for _, node := range c.Nodes() {
		admins = append(admins, node.Client(t))
	}
	lines := aclLines(t)
	base := slices.DeleteFunc(
		slices.Concat(lines["Fixed, `Options.Near`"], lines["on a cluster, besides"]),
		func(rule string) bool { return rule == "+subscribe" || rule == "+publish" })
	takeApart(t, lines["on a cluster with `Options.Near`, besides"], nil,
		func(rules []string) (errs []error, missed []string) {
			for _, admin := range admins {
				allow(t, admin, slices.Concat(base, rules))
			}
			rdb := c.Client(t, asApp)
			defer rdb.Close()
			h := &recorder{}
			o := nearly(fixed())
			o.Hook = h
			users := mustNew[string](t, rdb, "users", jsonUsers, o)
			defer users.Close()
			soon(t, "proofs, or a refusal", func() bool {
				return users.Stats().Near.ProofAge >= 0 || h.count("Near") > 0
			})
			for _, key := range []string{"a", "b", "c"} {
				errs = append(errs, users.Set(ctx(t), key, ann))
			}
			for _, op := range h.of("Near") {
				errs = append(errs, op.Err)
			}
			return errs, nil
		})
}

func checkPrivileges(t *testing.T, rdb redis.UniversalClient) {
	t.Helper()
	checkEverything(t, rdb, "users", active())
	tracked := mustNew[int64](t, rdb, "users", jsonUsers,
		&cache.Options{TTL: fixed().TTL, TrackAccess: true})
	must(t, tracked.SetMany(ctx(t), anns(3)))
	must(t, tracked.Delete(ctx(t), 2)) // the sweep prunes the index
	if _, err := tracked.Inspect(ctx(t), 1); err != nil {
		t.Error(err)
	}
	for _, c := range []*cache.Cache[int64,
		User]{mustNew[int64](t, rdb, "users", jsonUsers, active()), tracked} {
		if _, err := c.Sweep(ctx(t), hour/2,
			sweep.OnProgress(func(sweep.Progress) {})); err != nil {
			t.Error(err)
		}
	}
	others := mustNew[int64](t, rdb, "others", codec.String{}, nil)
	if err := others.Set(ctx(t), 1, "x"); err == nil || !strings.Contains(err.Error(), "NOPERM") {
		t.Errorf("Set in a cache of another name: %v", err)
	}
}
