package main

import (
	"context"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/task"
)

// partly returns a place with records with a TTL of 24 hours that have not been used for two hours.
// Its user has no permission for users:b.
func partly(t *testing.T) place {
	p := at(t, redistest.Start(t))
	for _, key := range []string{"users:a", "users:b", "users:c"} {
		must(t, p.client.Set(t.Context(), key, "x", 22*time.Hour).Err())
	}
	must(t, p.client.Do(t.Context(), "acl", "setuser", "ann", "on", ">hunter2", "~users:a",
		"~users:c", "~users!*", "+@all").Err())
	return p.with("REDIS_USERNAME", "ann").with("REDIS_PASSWORD", "hunter2")
}

// An error says how many records were removed before it.
func TestSweepPartly(t *testing.T) {
	args := []string{"sweep", "users", "-max-idle", "1h", "-policy-ttl", "24h", "-yes"}
	for _, tt := range []struct {
		flag, out, err string
	}{
		{"-json", `{"cache":"users","dryRun":false,"scanned":2,"removed":2,"kept":0,"failed":1,`,
			"2 records removed"},
		{"-yes", "2 records looked at, 2 removed, 1 failed, longest idle time 2h",
			"2 records removed"},
		{"-dry-run", "2 records looked at, 2 would be removed, 1 failed, longest idle time 2h",
			"2 records found idle"},
	} {
		got := partly(t).run(t, append(args, tt.flag)...)
		if got.code != exitFailure || !strings.HasPrefix(got.out, tt.out) ||
			strings.Count(got.out, "\n") != 1 || strings.Count(got.err, "\n") != 1 ||
			!strings.HasPrefix(got.err, "rediscache sweep users: "+tt.err+", and then: ") ||
			!strings.Contains(got.err, "1 records failed, the first: NOPERM") {
			t.Errorf("%s: %+v", tt.flag, got)
		}
	}
}

func TestRemovePartly(t *testing.T) {
	p := partly(t)
	got := p.run(t, "rm", "users", "no", "a", "b", "c", "-yes")
	if got.code != exitFailure || got.out != "" || !strings.HasPrefix(got.err,
		"rediscache rm users no: NOPERM") {
		t.Errorf("before anything is removed: %+v", got)
	}
	got = p.run(t, "rm", "users", "a", "b", "c", "-yes", "-json")
	if got.code != exitFailure || got.out != `{"cache":"users","key":"a","removed":true}`+"\n" ||
		!strings.HasPrefix(got.err, "rediscache rm users: 1 key of 3 removed, and then b: NOPERM") {
		t.Errorf("after a: %+v", got)
	}
	if n := p.client.Exists(t.Context(), "users:a", "users:b", "users:c").Val(); n != 2 {
		t.Errorf("%d records are left", n)
	}
}

// Keys that hold nothing do not count as removed. Replies take so long that the rest would take
// 20 s.
func TestRemoveInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no program can send Ctrl-C to one other program there")
	}
	s := redistest.Start(t)
	proxy := redistest.NewProxy(t, s.Addr())
	p := at(t, s)
	must(t, p.client.Set(t.Context(), "users:here", "x", time.Hour).Err())
	args := []string{"rm", "users", "-yes", "no", "here"}
	for i := range 400 {
		args = append(args, fmt.Sprint(i))
	}
	proxy.Set(redistest.Spoil{Delay: 50 * time.Millisecond})
	cmd := toolCmd(t, environ(t, proxy.Addr()), args...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	must(t, cmd.Start())
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	for n := 0; n < 4; { // two more than needed, so that the reply for "here" has come
		must(t, task.Sleep(ctx, time.Millisecond))
		info := p.client.Info(ctx, "commandstats").Val()
		_, _ = fmt.Sscanf(info[max(strings.Index(info, "cmdstat_unlink:"), 0):],
			"cmdstat_unlink:calls=%d", &n)
	}
	must(t, cmd.Process.Signal(os.Interrupt))
	_ = cmd.Wait() // stderr is checked
	const want = "rediscache rm users: interrupted; 1 key of 402 removed\n"
	if got := stderr.String(); got != want || cmd.ProcessState.ExitCode() != exitInterrupted {
		t.Errorf("it says %q", got)
	}
	if p.client.Exists(t.Context(), "users:here").Val() != 0 {
		t.Error("the record is still there")
	}
}

// A cache may have only leases and markers. They are removed and counted.
func TestClearLoads(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		name, check := p.name(t)
		check.Exempt(name + ":foreign")
		must(t, p.client.HSet(t.Context(), name+":foreign", "field", "x").Err())
		p.refuses(t, exitNotFound, "rediscache clear "+name+
			": there is no such cache: it has no record", "clear", name, "-yes")
		for _, cmd := range [][]any{
			{"hset", name + ":lease", "t", "0123456789abcdef"},
			{"pexpire", name + ":lease", 60000},
			{"hset", name + ":marker", "n", 1}, {"pexpire", name + ":marker", 60000},
		} {
			must(t, p.client.Do(t.Context(), cmd...).Err())
		}
		p.want(t, fmt.Sprintf(`{"cache":%q,"removed":0,"leasesAndMarkers":2}`+"\n", name),
			"clear", name, "-yes", "-json")
		p.refuses(t, exitNotFound, "rediscache clear "+name+
			": there is no such cache: it has no record", "clear", name, "-yes")
		if n := p.client.Exists(t.Context(), name+":foreign").Val(); n != 1 {
			t.Error("a key that is not a record was removed")
		}
	})
}
