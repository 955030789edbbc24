package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/logging"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/parallel"
	"github.com/activettl/rediscache/internal/redistest"
)

func TestMain(m *testing.M) {
	logging.Disable() // as main does
	parallel.Default(4)
	redistest.Main(m)
}

// environ makes the variables of cache.FromEnv be these and no others, whoever runs the test.
func environ(t *testing.T, set map[string]string) {
	t.Helper()
	for _, name := range []string{
		"URL", "HOST", "PORT", "ADDRS", "MASTER_NAME", "DB", "USERNAME", "PASSWORD", "TLS",
		"DEFAULT_TTL", "ACTIVE_TTL",
	} {
		t.Setenv("REDIS_"+name, set["REDIS_"+name])
	}
}

// on makes the tour run on a server, and checks at the end that it left no key there.
func on(t *testing.T, s *redistest.Server) {
	t.Helper()
	host, port, err := net.SplitHostPort(s.Addr())
	if err != nil {
		t.Fatal(err)
	}
	environ(t, map[string]string{"REDIS_HOST": host, "REDIS_PORT": port})
	leavesNothing(t, s.Client(t))
}

func leavesNothing(t *testing.T, rdb redis.UniversalClient) {
	t.Cleanup(func() {
		keys, err := rdb.Keys(context.Background(), "*").Result()
		if err != nil || len(keys) > 0 {
			t.Errorf("the tour left %q, %v", keys, err)
		}
	})
}

// take runs the tour and checks its exit code.
func take(t *testing.T, ctx context.Context, wantCode int, args ...string) (stdout, stderr string) {
	t.Helper()
	return takeOn(t, ctx, openServer, wantCode, args...)
}

// takeOn is take for a test that is parallel to others, and so cannot set the environment.
func takeOn(
	t *testing.T, ctx context.Context, open opener, wantCode int, args ...string,
) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := runOn(ctx, open, args, &out, &errs); code != wantCode {
		t.Errorf("tour %q exits with %d, want %d\n%s%s", args, code, wantCode, &out, &errs)
	}
	if wantCode == 0 && errs.Len() > 0 {
		t.Errorf("stderr: %s", &errs)
	}
	if bad := regexp.MustCompile(`[^\PC\n]`).FindString(out.String() + errs.String()); bad != "" {
		t.Errorf("the output holds %q, which is no visible character", bad)
	}
	return out.String(), errs.String()
}

// wantLines checks that each text stands in the output, with any spaces between its words, in this
// order.
func wantLines(t *testing.T, output string, texts ...string) {
	t.Helper()
	rest := strings.Join(strings.Fields(output), " ")
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("no %q (in this order) in\n%s", text, output)
		}
		rest = after
	}
}

func TestStepsEmbedded(t *testing.T) {
	environ(t, nil)
	out, _ := take(t, t.Context(), 0)
	wantLines(t, out,
		"17 steps", "server embedded", "policy ttl.Active(30m0s)",
		"1. Typed records", "codec.JSON[User]{} 68 bytes in Redis",
		"codec.MsgPack[User]{} 54 bytes", "codec.Proto[*pb.User]{} 24 bytes",
		`/users:42 {"id":42,"name":"Ann","age":31,"visits":0,"tags":["admin","editor"]}`,
		"2. A read renews", "users.Set(ctx, 42, ann) 30m left", "... 20m pass",
		"users.Inspect(ctx, 42) 10m left",
		"users.Peek(ctx, 42) 10m left", "users.Get(ctx, 42) 30m left",
		"3. A record with a TTL of its own", "1h40m left before, 2h after",
		"4. A tolerance", "10m of that are tolerated",
		"a plain GET, which writes nothing: 25m left", "this one renews: 30m left",
		"5. What nobody reads expires", "users.Get(ctx, 42) Ann", "users.Get(ctx, 43) not found",
		"6. A sweep removes", "nobody reads 43, which has 10m left",
		"idle is 15m: scanned 2, removed 1, longest idle 20m",
		"users.Get(ctx, 42) and (ctx, 43) Ann, age 31, visits 0; 43 is not found",
		"sweep.Periodic{...}} the same in the background: removed 1",
		"7. Beside Active, the Fixed policy", "10m left before, 10m after",
		"pages.Get(ctx, 42) not found",
		"8. GetOrLoad", "100 callers at once, queries of the database: 1",
		"9. Copies", "no copies",
		"10. Update", "age 32", "TTL 2h",
		"11. Update of one field", "age 33", `json: no field "agee" in main.User`,
		`json: field "age" of type int does not take a string`,
		"12. Modify", "visits 1", "visits 10",
		"13. Many at once", "found [42 43]", "1 deleted",
		"14. All records", "3 records", "42 Ann", "43 Bob", "44 Cid",
		"15. Keys", "[42 43 44]", "users.Len(ctx) 3",
		"16. Delete", "users.Len(ctx) 2",
		"17. A miss", "record not found",
		"All 17 steps did what they say",
	)
	for _, line := range strings.Split(out, "\n") {
		if len(line) > 120 || line != strings.TrimRight(line, " ") {
			t.Errorf("a line is too long or ends in spaces: %q", line)
		}
	}
}

var realSteps = []string{
	"a real Redis at 127.0.0.1:", "policy ttl.Active(2s)", "2. A read renews", "2s left",
	"... 1.2s pass (the tour waits)",
	"users.Get(ctx, 43) not found", "scanned 2, removed 1, longest idle 1.2",
	"in the background: removed 1", "pages.Get(ctx, 42) not found",
	"8. GetOrLoad", "queries of the database: 1", "from memory: 1", "own write is seen at once",
	"17. A miss",
	"All 17 steps did what they say",
}

// at opens a tour at these addresses.
func at(addrs ...string) opener {
	return func(ctx context.Context) (*server, error) {
		return dial(ctx, cache.Config{Addrs: addrs})
	}
}

func TestStepsOnAServer(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for TTLs of seconds")
	}
	t.Parallel()
	s := redistest.Start(t)
	leavesNothing(t, s.Client(t))
	host, port, err := net.SplitHostPort(s.Addr())
	must(t, err)
	open := func(ctx context.Context) (*server, error) {
		number, err := strconv.Atoi(port)
		must(t, err)
		return dial(ctx, cache.Config{Host: host, Port: number})
	}
	out, _ := takeOn(t, t.Context(), open, 0)
	wantLines(t, out, realSteps...)
}

func TestStepsOnACluster(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for TTLs of seconds")
	}
	t.Parallel()
	c := redistest.Cluster(t)
	out, _ := takeOn(t, t.Context(), at(c.Addrs()...), 0)
	wantLines(t, out, realSteps...)
	rdb := redis.NewClusterClient(&redis.ClusterOptions{Addrs: c.Addrs()})
	defer rdb.Close()
	if err := rdb.ForEachMaster(t.Context(), func(ctx context.Context, node *redis.Client) error {
		keys, err := node.Keys(ctx, "tour-*").Result()
		if len(keys) > 0 {
			err = fmt.Errorf("the tour left %q", keys)
		}
		return err
	}); err != nil {
		t.Error(err)
	}
}

// A tour that is stopped while it waits has written records by then.
func TestStopped(t *testing.T) {
	on(t, redistest.Start(t))
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	started := time.Now()
	out, errs := take(t, ctx, exitFailed)
	wantLines(t, out, "2. A read renews", "... 1.2s pass")
	wantLines(t, errs, "tour: stopped: step 2 (A read renews the record): context deadline "+
		"exceeded")
	if took := time.Since(started); took > 5*time.Second {
		t.Errorf("it took %v to stop", took)
	}
}

// On a server that lacks a command, the tour says in which step it needed it, and clears up.
func TestFailedStep(t *testing.T) {
	on(t, redistest.Start(t, "--rename-command", "GETEX", "NONE"))
	_, errs := take(t, t.Context(), exitFailed)
	wantLines(t, errs, `tour: step 1 (Typed records in three codecs): rediscache: Get tour-`,
		`/users "42": `, "unknown command 'getex'")
}

func TestCheck(t *testing.T) {
	g := &guide{out: new(bytes.Buffer)}
	if err := g.attempt("step 1", func() { g.check(true, "all is well") }); err != nil {
		t.Error(err)
	}
	err := g.attempt("step 2", func() {
		g.check(false, "a read renews", 7*time.Minute)
		t.Error("check did not end the step")
	})
	if err == nil || err.Error() != "step 2: not so: a read renews; seen: 7m0s" {
		t.Errorf("got %v", err)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("disk full") }

func TestOutputFails(t *testing.T) {
	environ(t, nil)
	var errs bytes.Buffer
	if code := run(t.Context(), nil, fullDisk{}, &errs); code != exitFailed ||
		!strings.Contains(errs.String(), "disk full") {
		t.Errorf("exits with %d and %s", code, &errs)
	}
}

func TestFlags(t *testing.T) {
	environ(t, nil)
	for _, tt := range []struct {
		args []string
		want string
	}{
		{[]string{"-nothing"}, "tour: flag provided but not defined: -nothing"},
		{[]string{"twitter.json"}, `tour: unexpected argument "twitter.json"`},
	} {
		out, errs := take(t, t.Context(), exitUsage, tt.args...)
		wantLines(t, errs, tt.want, "usage: go run ./internal/tour")
		if out != "" {
			t.Errorf("%q: stdout is %q", tt.args, out)
		}
	}
	out, _ := take(t, t.Context(), 0, "-h")
	wantLines(t, out, "usage: go run ./internal/tour", "Exit codes")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
