package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/redis/go-redis/v9/logging"

	"github.com/activettl/rediscache/benchmarks/compare"
	"github.com/activettl/rediscache/benchmarks/internal/realdata"
	"github.com/activettl/rediscache/internal/redistest"
)

// environ sets the variables of cache.FromEnv to these values and all others to "".
func environ(t *testing.T, set map[string]string) {
	t.Helper()
	logging.Disable() // as main does
	for _, name := range []string{
		"URL", "HOST", "PORT", "ADDRS", "MASTER_NAME", "DB", "USERNAME", "PASSWORD", "TLS",
		"DEFAULT_TTL",
		"ACTIVE_TTL", "SWEEP_INTERVAL", "SWEEP_IDLE",
	} {
		t.Setenv("REDIS_"+name, set["REDIS_"+name])
	}
}

func onServer(t *testing.T, addr string) {
	t.Helper()
	host, port, err := net.SplitHostPort(addr)
	if err != nil {
		t.Fatal(err)
	}
	environ(t, map[string]string{"REDIS_HOST": host, "REDIS_PORT": port})
}

// command runs the command, checks its exit code and returns its output.
func command(
	t *testing.T, ctx context.Context, wantCode int, args ...string,
) (stdout, stderr string) {
	t.Helper()
	var out, errs bytes.Buffer
	if code := run(ctx, args, &out, &errs); code != wantCode {
		t.Fatalf("%q exits with %d, want %d\n%s%s", args, code, wantCode, &out, &errs)
	}
	return out.String(), errs.String()
}

// wantInOrder checks that the output has the texts in this order.
func wantInOrder(t *testing.T, output string, texts ...string) {
	t.Helper()
	rest := output
	for _, text := range texts {
		_, after, found := strings.Cut(rest, text)
		if !found {
			t.Fatalf("no %q (in this order) in\n%s", text, output)
		}
		rest = after
	}
}

func parsed(t *testing.T, data []byte) compare.Report {
	t.Helper()
	var r compare.Report
	if err := json.Unmarshal(data, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

func file(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "things.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestBuiltIn(t *testing.T) {
	environ(t, nil)
	html, js := filepath.Join(t.TempDir(), "r.html"), filepath.Join(t.TempDir(), "r.json")
	out, errs := command(t, t.Context(), 0, "-rounds", "1", "-html", html, "-json", js)
	wantInOrder(t, out, "miniredis", "1 round.", "not measured", "### profile",
		"json, msgpack: domain.Profile; proto: *domainpb.Profile", "### session", "### product",
		"### feed",
		"### Recommendation", "- profile: ", "- feed: ", "Rule: ")
	if errs != "" {
		t.Errorf("stderr, which is no terminal, has %q", errs)
	}
	page, err := os.ReadFile(html)
	if err != nil || strings.Count(string(page), "<figure") != 4 {
		t.Errorf("the page has %d charts, want 4: %v", strings.Count(string(page), "<figure"), err)
	}
	data, err := os.ReadFile(js)
	if err != nil {
		t.Fatal(err)
	}
	report := parsed(t, data)
	if len(report.Results) != 4 {
		t.Fatalf("%d results", len(report.Results))
	}
	for _, res := range report.Results {
		sizes := make([]float64, len(res.Codecs))
		for i, f := range res.Codecs {
			sizes[i] = f.Bytes
		}
		if len(sizes) != 3 || sizes[1] >= sizes[0] || sizes[2] >= sizes[1] {
			t.Errorf("%s: sizes %v, want three, the JSON the largest and the message the smallest",
				res.Name, sizes)
		}
	}
}

func TestJSONToStdout(t *testing.T) {
	environ(t, nil)
	out, _ := command(t, t.Context(), 0, "-quick", "-json", "-", "-data",
		file(t, `[{"a":1},{"a":2}]`))
	r := parsed(t, []byte(out))
	if r.Rounds != quickRounds || len(r.Results) != 5 || r.Results[0].Name != "things.json" ||
		r.Results[0].Records != 2 {
		t.Errorf("report %+v", r)
	}
}

func TestRealFiles(t *testing.T) {
	environ(t, nil)
	for _, tt := range []struct {
		name, types string
		records     int
	}{
		{realdata.Twitter, "realdata.Tweet realdata.Tweet *testpb.Tweet", 100},
		{realdata.GitHubEvents, "realdata.Event realdata.Event *testpb.Event", 30},
	} {
		t.Run(tt.name, func(t *testing.T) {
			path, err := realdata.Find(tt.name)
			if errors.Is(err, fs.ErrNotExist) {
				// t.Skip prints only with -v
				fmt.Fprintf(os.Stderr, "SKIP: %s: no %s\n", t.Name(), path)
				t.Skipf("SKIP: no %s", path)
			}
			if err != nil {
				t.Fatal(err)
			}
			g, err := load(path)
			if err != nil {
				t.Fatal(err)
			}
			report, err := compare.Run(t.Context(), []compare.Group{g}, &compare.Options{Rounds: 1})
			if err != nil {
				t.Fatal(err)
			}
			res, types := report.Results[0], []string{}
			for _, f := range res.Codecs {
				types = append(types, f.Type)
			}
			if res.Name != tt.name || res.Records != tt.records || res.Note != "" ||
				strings.Join(types, " ") != tt.types {
				t.Errorf("%s: %d records, %q, %q", res.Name, res.Records, types, res.Note)
			}
		})
	}
}

func TestOtherFile(t *testing.T) {
	g, err := load(file(t, `{"list":[
		{"id":"b","n":1.5,"deep":{"list":[1,null,"x",true,[],{}]}},
		{"id":"a","n":9007199254740993,"deep":{"list":[
			-9007199254740993, 9007199254740992, 1e300, 12345678901234567890.5
		]}}
	]}`))
	if err != nil {
		t.Fatal(err)
	}
	report, err := compare.Run(t.Context(), []compare.Group{g}, &compare.Options{Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	res := report.Results[0]
	if res.Codecs[0].Type != "map[string]interface {}" ||
		res.Codecs[1].Type != "map[string]interface {}" ||
		res.Codecs[2].Type != "*structpb.Struct" {
		t.Errorf("codecs %+v", res.Codecs)
	}
	wantInOrder(t, res.Note, "No Go type is known", "every number is a float64", "package compare",
		"2 integers beyond 2^53 lost digits")
	g, err = load(file(t, `[{"n":1}]`))
	if err != nil || strings.Contains(g.Note, "lost digits") {
		t.Errorf("%v, %q", err, g.Note)
	}
}

func TestOnAServer(t *testing.T) {
	s := redistest.Start(t)
	onServer(t, s.Addr())
	out, _ := command(t, t.Context(), 0, "-rounds", "1")
	wantInOrder(t, out, "Server: Redis ", "Memory in Redis: MEMORY USAGE", "| in Redis |")
	if keys := s.Client(t).Keys(t.Context(), "*").Val(); len(keys) > 0 {
		t.Errorf("it left %q", keys)
	}
}

func TestStopped(t *testing.T) {
	s := redistest.Start(t)
	onServer(t, s.Addr())
	rdb := s.Client(t)
	ctx, cancel := context.WithCancel(t.Context())
	var seen []string
	go func() {
		defer cancel()
		for len(seen) == 0 && t.Context().Err() == nil {
			seen = rdb.Keys(t.Context(), "compare-*").Val()
		}
	}()
	out, errs := command(t, ctx, exitFailed)
	wantInOrder(t, errs, "benchmarks: stopped: compare: profile: ", "context canceled")
	if keys := rdb.Keys(t.Context(), "*").Val(); len(seen) == 0 || len(keys) > 0 || out != "" {
		t.Errorf("%d keys were seen, it left %q and printed %q", len(seen), keys, out)
	}
}

func TestServersThatCannotBeUsed(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	closed := l.Addr().String()
	_ = l.Close()
	silent, err := net.Listen("tcp", "127.0.0.1:0") // accepts connections and never answers
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	for name, tt := range map[string]struct {
		env  map[string]string
		want []string
	}{
		"refused": {map[string]string{"REDIS_ADDRS": closed},
			[]string{"the Redis server cannot be used: dial tcp " + closed}},
		"silent": {map[string]string{"REDIS_ADDRS": silent.Addr().String()},
			[]string{"the Redis server cannot be used: ", "timeout"}},
		"bad port": {map[string]string{"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "x"},
			[]string{"REDIS_PORT takes a port from"}},
	} {
		t.Run(name, func(t *testing.T) {
			environ(t, tt.env)
			out, errs := command(t, t.Context(), exitFailed)
			wantInOrder(t, errs, append([]string{"benchmarks: "}, tt.want...)...)
			if out != "" || strings.Contains(errs, "usage") {
				t.Errorf("stdout %q, stderr %q", out, errs)
			}
		})
	}
}

// ordered sorts records by key, so that both forms of a record have the same position.
func TestOrdered(t *testing.T) {
	if got := ordered(map[int64]string{3: "c", 1: "a", 2: "b"}); !slices.Equal(got,
		[]string{"a", "b", "c"}) {
		t.Errorf("got %q", got)
	}
}
