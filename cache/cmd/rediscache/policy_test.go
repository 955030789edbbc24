package main

import (
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// The policy of a cache comes from Config.For, for the last part of the cache's name.
func TestOwnPolicy(t *testing.T) {
	p := at(t, redistest.Start(t)).with("REDIS_DEFAULT_TTL", "3600").with("SESSIONS_TTL", "10m").
		with("USER_DATA_TTL", "2h").with("SESSIONS_SWEEP_INTERVAL", "1m").
		with("SESSIONS_REFRESH", "1h")
	const name = "shop/prod/sessions"
	for _, cache := range []string{name, "app.user-data", "others"} {
		must(t, p.records(t, cache, ttl.Active(10*time.Minute)).Set(t.Context(), "k", []byte("x")))
		// a minute after its last use
		must(t, p.client.PExpire(t.Context(), cache+":k", 9*time.Minute).Err())
	}
	shows := func(p place, code int, text string, args ...string) {
		t.Helper()
		if got := p.run(t, args...); got.code != code || !strings.Contains(got.out+got.err, text) {
			t.Errorf("%q: %+v, want %s", args, got, text)
		}
	}
	sweep := []string{"sweep", name, "-max-idle", "5m", "-yes"}
	shows(p, exitOK, "1 record looked at, 0 removed, longest idle time 1m", sweep...)
	shows(p, exitOK, `"ttlMs":600000,`, "inspect", name, "k", "-json")
	shows(p, exitOK, `"ttlMs":7200000,`, "inspect", name, "k", "-json", "-policy-ttl", "2h")
	shows(p, exitOK, `"ttlMs":7200000,`, "inspect", "app.user-data", "k", "-json")
	shows(p, exitOK, `"ttlMs":3600000,`, "inspect", "others", "k", "-json")
	shows(p, exitOK, `{"upTo":600000,"records":1}],"biggest"`, "stats", name, "-json")
	p.want(t, "", "set", name, "new", "x")
	if left := p.client.PTTL(t.Context(), name+":new").Val(); left > 10*time.Minute {
		t.Errorf("a new record has %v left", left)
	}
	shows(p.with("SESSIONS_ACTIVE_TTL", "no"), exitFailure, "under a Fixed policy", sweep...)
	shows(p.with("SESSIONS_ACTIVE_TTL", "no").with("SESSIONS_TOLERANCE", "1m"), exitUsage,
		"SESSIONS_TOLERANCE contradicts SESSIONS_ACTIVE_TTL", sweep...)
	shows(p.with("SESSIONS_MAX_AGE", "1h"), exitFailure, "under a Fixed policy",
		append(sweep, "-fixed")...)
	got := p.with("SESSIONS_TTL", "secret").run(t, sweep...)
	if got.code != exitUsage || strings.Contains(got.err, "secret") ||
		!strings.HasPrefix(got.err, "rediscache sweep "+name+": SESSIONS_TTL takes ") {
		t.Errorf("a bad variable: %+v", got)
	}
}

// A cache may have its own namespace too.
func TestOwnNamespace(t *testing.T) {
	p := at(t, redistest.Start(t))
	for key, n := range map[string]string{"sessions:1": "1", "a/sessions:1": "1",
		"a/sessions:2": "2", "b/sessions:1": "1", "b/sessions:2": "2", "b/sessions:3": "3"} {
		must(t, p.client.Set(t.Context(), key, n, time.Minute).Err())
	}
	p = p.with("REDIS_NAMESPACE", "a/")
	p.want(t, "2\n", "count", "sessions")
	p = p.with("SESSIONS_NAMESPACE", "b/")
	p.want(t, "3\n", "count", "sessions")
	p.want(t, "3\n", "count", "b/sessions")
	p.want(t, "2\n", "count", "sessions", "-namespace", "a/")
	p.want(t, "1\n", "count", "sessions", "-namespace", "")
}

// REDIS_DEFAULT_TTL may be the TTL of other caches. With a wrong TTL, records in use look idle.
func TestSweepNeedsTTL(t *testing.T) {
	p := at(t, redistest.Start(t)).with("REDIS_DEFAULT_TTL", "3600").with("OTHERS_TTL", "60")
	for name, which := range map[string]string{"sessions": "-policy-ttl or SESSIONS_TTL",
		"a/User-data": "-policy-ttl or USER_DATA_TTL", "42": "-policy-ttl",
		"redis": "-policy-ttl"} {
		p.refuses(t, exitUsage, "rediscache sweep "+name+": "+which+" must give the TTL of "+
			"the cache's policy: with a wrong TTL, records in use look idle. REDIS_DEFAULT_TTL "+
			"may be the TTL of other caches", "sweep", name, "-max-idle", "10m", "-yes")
	}
}

// An access within the tolerance renews nothing, so a sweep must know the tolerance.
func TestSweepTolerance(t *testing.T) {
	p := at(t, redistest.Start(t))
	records := p.records(t, "sessions", ttl.Active(time.Hour, ttl.Tolerance(30*time.Minute)))
	ttlVar := p.with("SESSIONS_TTL", "1h")
	for _, tt := range []struct {
		p       place
		args    []string
		code    int
		removed string
	}{
		{p, []string{"-policy-ttl", "1h", "-tolerance", "30m"}, exitOK, "looked at, 0 removed"},
		{p, []string{"-policy-ttl", "1h", "-tolerance", "1m"}, exitOK, "looked at, 1 removed"},
		{ttlVar.with("SESSIONS_TOLERANCE", "30m"), nil, exitOK, "looked at, 0 removed"},
		{ttlVar.with("REDIS_TOLERANCE", "30m"), nil, exitOK, "looked at, 0 removed"},
		{ttlVar.with("SESSIONS_TOLERANCE", "1m"), []string{"-tolerance", "30m"}, exitOK,
			"looked at, 0 removed"},
		{ttlVar, nil, exitOK, "looked at, 1 removed"},
		{p, []string{"-policy-ttl", "10m", "-tolerance", "30m"}, exitUsage,
			"-tolerance contradicts -policy-ttl"},
		{p, []string{"-policy-ttl", "1h", "-tolerance", "1m", "-fixed"}, exitUsage,
			"-tolerance contradicts -fixed"},
		{p, []string{"-policy-ttl", "1h", "-tolerance", "secret"}, exitUsage,
			": -tolerance takes seconds"},
	} {
		must(t, records.Set(t.Context(), "k", []byte("x")))
		// 40 minutes after its last renewal, and at least 10 minutes after its last use
		must(t, p.client.PExpire(t.Context(), "sessions:k", 20*time.Minute).Err())
		got := tt.p.run(t, append([]string{"sweep", "sessions", "-max-idle", "20m", "-yes"},
			tt.args...)...)
		if got.code != tt.code || !strings.Contains(got.out+got.err, tt.removed) {
			t.Errorf("%q in %v: %+v, want %s", tt.args, tt.p.env, got, tt.removed)
		}
	}
}

// The policy on the command line may contradict variables that the tool does not use.
func TestPolicyOfOtherCache(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	must(t, p.records(t, name, ttl.Active(time.Hour)).Set(t.Context(), "k", []byte("x")))
	p = p.with("REDIS_SWEEP_INTERVAL", "1m").with("REDIS_SWEEP_IDLE", "30m").
		with("REDIS_MAX_AGE", "5h").with("REDIS_REFRESH", "4h").with("REDIS_TOLERANCE", "1m").
		with("REDIS_NEAR_BYTES", "1MiB")
	for _, args := range [][]string{{"-policy-ttl", "10m"}, {"-policy-ttl", "10m", "-fixed"}} {
		if got := p.run(t, append([]string{"stats", name}, args...)...); got.code != exitOK {
			t.Errorf("%q: %+v", args, got)
		}
	}
}

// A variable with only spaces counts as not set, so it gives no TTL.
func TestBlankTTL(t *testing.T) {
	p := at(t, redistest.Standalone(t)).with("REDIS_DEFAULT_TTL", "  ")
	name, _ := p.name(t)
	must(t, p.records(t, name, ttl.Active(48*time.Hour)).Set(t.Context(), "k", []byte("x")))
	got := p.run(t, "sweep", name, "-max-idle", "1s", "-yes")
	if got.code != exitUsage || !strings.Contains(got.err, "must give the TTL") {
		t.Errorf("sweep: %+v", got)
	}
	if got := p.run(t, "inspect", name, "k"); !strings.Contains(got.out, "idle       unknown") {
		t.Errorf("inspect: %+v", got)
	}
}
