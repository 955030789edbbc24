package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// tourOn runs the tour, and checks its exit code and that its output has the texts in this order.
func tourOn(
	t *testing.T, ctx context.Context, open opener, args []string, wantCode int, texts ...string,
) (output string) {
	t.Helper()
	var out, errs bytes.Buffer
	code := run(ctx, open, args, &out, &errs)
	if code != wantCode || (code == 0) != (errs.Len() == 0) {
		t.Errorf("tour %q exits with %d, want %d", args, code, wantCode)
	}
	output = out.String() + errs.String()
	rest := strings.Join(strings.Fields(output), " ")
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("no %q (in this order) in\n%s", text, output)
		}
		rest = after
	}
	return output
}

// file writes a file of a test and returns its path.
func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "data.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestEmbedded(t *testing.T) {
	out := tourOn(t, t.Context(), embedded, nil, 0, "server embedded", "4 JSON objects",
		"1. Read-through", "500 callers at once, queries: 1", "4 rows, queries: 0", "the new row",
		"2. Sessions", "10m0s left before, 30m0s after", "Bob was away", "reads: 34", "logs out",
		"3. Updates", "Age:32", "ErrUnknownField", "Visits:10", "10 items",
		"4. Near", "allows no copies", "TRACKING", "from memory: 0",
		"5. Sweep", "scanned 4, removed 2, longest idle 20m", "found 2", "All 5 scenes passed")
	for line := range strings.Lines(out) {
		if len(line) > 120 || strings.HasSuffix(line, " \n") {
			t.Errorf("a line is too long or ends with a space: %q", line)
		}
	}
}

// at opens a tour on a real server and checks at the end that no record of it is left.
func at(t *testing.T, s *redistest.Server) opener {
	host, port, _ := net.SplitHostPort(s.Addr())
	number, _ := strconv.Atoi(port)
	t.Cleanup(func() { leftNothing(t, s.Client(t)) })
	return func(ctx context.Context) (*server, error) {
		return dial(ctx, cache.Config{Host: host, Port: number})
	}
}

func leftNothing(t *testing.T, rdb redis.Cmdable) {
	keys, err := rdb.Keys(context.Background(), "tour-*").Result()
	if err != nil || len(keys) > 0 {
		t.Errorf("the tour left %q, %v", keys, err)
	}
}

var realTexts = []string{"a real Redis at 127.0.0.1:", "2 JSON objects", "2 rows, queries: 0",
	"TTL 4s", "reads: 1", "from memory: 9", "All 5 scenes passed"}

func TestRealServer(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for TTLs of seconds")
	}
	t.Parallel()
	args := []string{"-data", file(t, `[{"n": 1}, {"n": 2}]`)}
	tourOn(t, t.Context(), at(t, redistest.Start(t)), args, 0, realTexts...)
}

func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("waits for TTLs of seconds")
	}
	t.Parallel()
	cfg := cache.Config{Addrs: redistest.Cluster(t).Addrs()}
	open := func(ctx context.Context) (*server, error) { return dial(ctx, cfg) }
	args := []string{"-data", file(t, `{"rows": [{"n": 1}, {"n": 2}], "next": null}`)}
	tourOn(t, t.Context(), open, args, 0, realTexts...)
	rdb := cfg.Client().(*redis.ClusterClient)
	defer rdb.Close()
	_ = rdb.ForEachMaster(t.Context(), func(_ context.Context, node *redis.Client) error {
		leftNothing(t, node)
		return nil
	})
}

// A tour that is stopped while it waits has written sessions by then.
func TestStopped(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	open := at(t, redistest.Start(t))
	stopping := func(ctx context.Context) (*server, error) {
		srv, err := open(ctx)
		if err == nil {
			wait := srv.pass
			srv.pass = func(ctx context.Context, d time.Duration) error {
				cancel()
				return wait(ctx, d)
			}
		}
		return srv, err
	}
	tourOn(t, ctx, stopping, nil, exitFailed, "... 2.4s pass",
		"tour: scene 2 (Sessions: they live while they are used): context canceled")
}

func TestBrokenPromise(t *testing.T) {
	tr := &tour{out: io.Discard}
	err := attempt(t.Context(), func(context.Context) { tr.check(false, "Get", "queries: %d", 7) })
	if err == nil || err.Error() != "check failed: Get: queries: 7" {
		t.Errorf("got %v", err)
	}
}

func TestUnreachable(t *testing.T) {
	for _, name := range []string{"REDIS_URL", "REDIS_ADDRS", "REDIS_TLS", "REDIS_DB"} {
		t.Setenv(name, "")
	}
	t.Setenv("REDIS_HOST", "127.0.0.1")
	t.Setenv("REDIS_PASSWORD", "s3cret")
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_, port, _ := net.SplitHostPort(l.Addr().String())
	_ = l.Close()
	for port, want := range map[string]string{
		port: "tour: cannot use the Redis at 127.0.0.1:" + port + ": dial tcp",
		"x":  "FromEnv: REDIS_PORT takes a port",
	} {
		t.Setenv("REDIS_PORT", port)
		out := tourOn(t, t.Context(), openServer, nil, exitFailed, want)
		if strings.Contains(out, "s3cret") {
			t.Errorf("the password is shown: %s", out)
		}
	}
}

func TestArguments(t *testing.T) {
	for _, tt := range []struct {
		arg  string
		code int
		want string
	}{
		{"-nothing", exitUsage, "tour: flag provided but not defined: -nothing"},
		{"twitter.json", exitUsage, `tour: unexpected argument "twitter.json"`},
		{"-data=no-file.json", exitUsage, "tour: open no-file.json: "},
		{"-h", 0, "usage: go run ./internal/tour"},
	} {
		tourOn(t, t.Context(), embedded, []string{tt.arg}, tt.code, tt.want)
	}
}

func TestWrongFiles(t *testing.T) {
	const form = "want a JSON array of objects"
	big := strings.Repeat("secret", cache.DefaultMaxValueBytes/6)
	for text, want := range map[string]string{
		"":                                  form,
		`"secret"`:                          form,
		`[{"a": "secret"}, secret]`:         form,
		`[{"a": 1}, {"a": 2}] secret`:       form,
		`[{"a": 1}, "secret"]`:              "element 1 of the array is not an object",
		`{"secret": {"a": 1}}`:              "the object has 0 arrays of objects",
		`{"secret": [{}], "secret2": [{}]}`: "the object has 2 arrays of objects",
		`[{"a": "secret"}]`:                 "the tour needs 2 objects: the file has 1",
		`[{}, {"a": "` + big + `"}]`:        "object 1 does not fit into a cache",
	} {
		path := file(t, text)
		out := tourOn(t, t.Context(), embedded, []string{"-data", path}, exitUsage,
			"tour: "+path+": ", want)
		if strings.Contains(out, "secret") {
			t.Errorf("%s: the error quotes the file: %s", want, out)
		}
	}
}

func TestNumbers(t *testing.T) {
	path := file(t, `{"names": ["a"], "all": [{"id": 505874924095815681, "x": 1.50e400}, {}]}`)
	records, err := readRecords(path)
	if err != nil || records[0]["id"] != json.Number("505874924095815681") ||
		records[0]["x"] != json.Number("1.50e400") {
		t.Errorf("got %v, %v", records, err)
	}
	tourOn(t, t.Context(), embedded, []string{"-data", path}, 0, "2 JSON objects")
	records, err = readRecords(file(t, "[{}"+strings.Repeat(",{}", maxRecords)+"]"))
	if err != nil || len(records) != maxRecords {
		t.Errorf("got %d records, %v", len(records), err)
	}
}
