package main

import (
	"os"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// The namespace is put before the name, unless the name has it already. ls looks only at keys of
// the namespace, so that a user without permission for other keys can run it.
func TestNamespace(t *testing.T) {
	s := redistest.Start(t)
	p := at(t, s)
	const users = "shop/prod/users"
	for _, key := range []string{users + ":k", "others:k"} {
		must(t, p.client.Set(t.Context(), key, "x", time.Minute).Err())
	}
	must(t, p.client.Do(t.Context(), "acl", "setuser", "shop", "on", ">hunter2", "~shop/prod/*",
		"+@all").Err())
	p.want(t, "1\n", "count", users)
	if got := p.run(t, "count", "users"); got.code != exitNotFound {
		t.Errorf("without the namespace: %+v", got)
	}
	listed := `{"cache":"shop/prod/users","records":1,"other":0,"bookkeeping":0}` + "\n"
	other := `{"cache":"others","records":1,"other":0,"bookkeeping":0}` + "\n"
	in := p.with("REDIS_NAMESPACE", "shop/prod/")
	for _, tt := range []struct {
		p    place
		args []string
	}{
		{p, []string{"-namespace", "shop/prod/"}}, {in, nil},
		{p.with("REDIS_NAMESPACE", "elsewhere/"), []string{"-namespace", "shop/prod/"}},
		{p.with("REDIS_NAMESPACE", "no/ namespace"), []string{"-namespace", "shop/prod/"}},
		{in.with("REDIS_USERNAME", "shop").with("REDIS_PASSWORD", "hunter2"), nil},
	} {
		tt.p.want(t, "1\n", append([]string{"count", "users"}, tt.args...)...)
		tt.p.want(t, "1\n", append([]string{"count", users}, tt.args...)...)
		tt.p.want(t, listed, append([]string{"ls", "-json"}, tt.args...)...)
	}
	in.want(t, other+listed, "ls", "-json", "-namespace", "")
	in.want(t, "1\n", "count", "others", "-namespace=")
	p.refuses(t, exitNotFound, "rediscache ls: there is no cache in the namespace none/",
		"ls", "-namespace", "none/")
}

// -url replaces the environment.
func TestURL(t *testing.T) {
	s := redistest.Start(t)
	p := at(t, s)
	must(t, p.client.Set(t.Context(), "users:k", "x", time.Minute).Err())
	must(t, p.client.Do(t.Context(), "acl", "setuser", "ann", "on", ">hunter2", "~*",
		"+@all").Err())
	open, ann := "redis://"+s.Addr(), "redis://ann:hunter2@"+s.Addr()
	tests := []struct {
		name string
		env  map[string]string
		url  string
	}{
		{"address", map[string]string{"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "1",
			"REDIS_TLS": "true", "REDIS_DB": "3"}, open},
		{"URL", map[string]string{"REDIS_URL": "rediss://127.0.0.1:1/3"}, open},
		{"user", map[string]string{"REDIS_USERNAME": "bob", "REDIS_PASSWORD": "secret"}, ann},
		{"password file", map[string]string{"REDIS_PASSWORD_FILE": "/there/is/none"}, ann},
		{"Sentinels", map[string]string{"REDIS_ADDRS": "127.0.0.1:1", "REDIS_MASTER_NAME": "m",
			"REDIS_SENTINEL_USERNAME": "s", "REDIS_SENTINEL_PASSWORD": "secret"}, open},
		{"certificates", map[string]string{"REDIS_TLS_CA_FILE": "/there/is/none"}, open},
		{"numbers", map[string]string{"REDIS_POOL_SIZE": "3", "REDIS_CLIENT_NAME": "x",
			"REDIS_READ_TIMEOUT": "5s", "REDIS_DIAL_TIMEOUT": "5s"},
			open + "?pool_size=2&client_name=y&read_timeout=9s&dial_timeout=9s"},
		{"user of the environment", map[string]string{"REDIS_USERNAME": "ann",
			"REDIS_PASSWORD": "hunter2"}, open},
		{"password of the environment", map[string]string{"REDIS_PASSWORD": "hunter2"},
			"redis://ann@" + s.Addr()},
		{"password of another user", map[string]string{"REDIS_USERNAME": "bob",
			"REDIS_PASSWORD": "hunter2"}, "redis://ann@" + s.Addr()},
		{"password file of the environment", map[string]string{
			"REDIS_PASSWORD_FILE": file(t, "hunter2\n")}, "redis://ann@" + s.Addr()},
		{"password alone", map[string]string{"REDIS_USERNAME": "bob", "REDIS_PASSWORD": "secret"},
			"redis://:hunter2@" + s.Addr()},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			place{env: tt.env}.want(t, "1\n", "count", "users", "-url", tt.url)
		})
	}
	// The environment still counts for what the URL leaves open.
	got := place{env: map[string]string{"REDIS_USERNAME": "ann", "REDIS_PASSWORD": "secret"}}.
		run(t, "count", "users", "-url", open)
	if got.code != exitFailure || !strings.Contains(got.err, "WRONGPASS") {
		t.Errorf("a wrong password in the environment: %+v", got)
	}
	got = p.run(t, "count", "users", "-url", "redis://hunter2@%zz")
	if got.code != exitUsage || strings.Contains(got.err, "hunter2") ||
		!strings.HasPrefix(got.err, "rediscache count users: -url takes a URL") {
		t.Errorf("a bad URL: %+v", got)
	}
}

// The passwords of the users of Sentinels and of servers may come from the environment.
func TestURLOfSentinels(t *testing.T) {
	const url = "redis://watcher@127.0.0.1:1,127.0.0.1:2?master_name=m"
	env := place{}.with("REDIS_SENTINEL_PASSWORD", "hunter3")
	for _, tt := range []struct {
		p    place
		url  string
		code int
		says string
	}{
		{env, url, exitFailure, "sentinels"},
		{env.with("REDIS_PASSWORD", "hunter2"), url + "&username=ann", exitFailure, "sentinels"},
		{env.with("REDIS_SENTINEL_USERNAME", "bob"), url, exitFailure, "sentinels"},
		{place{}, url, exitUsage, "it needs REDIS_SENTINEL_PASSWORD"},
		{env, url + "&username=ann", exitUsage, "it needs REDIS_PASSWORD"},
		{env, "redis://watcher@127.0.0.1:1", exitUsage, "it needs REDIS_PASSWORD"},
	} {
		got := tt.p.run(t, "count", "users", "-url", tt.url)
		if got.code != tt.code || !strings.Contains(got.err, tt.says) {
			t.Errorf("%s in %v: %+v", tt.url, tt.p.env, got)
		}
	}
}

// The tool asks primaries even if the URL names replicas: a replica may lag behind.
func TestURLOfReplicas(t *testing.T) {
	if testing.Short() {
		t.Skip("Sentinels take seconds to start")
	}
	g := redistest.Sentinel(t)
	p := place{client: g.Client(t)}
	name, _ := p.name(t)
	must(t, p.records(t, name, ttl.Active(time.Hour)).Set(t.Context(), "k", []byte("x")))
	url := "redis://" + strings.Join(g.Addrs(), ",") + "?master_name=primary&"
	for _, what := range []string{"replica_only", "route_by_latency", "route_randomly"} {
		run := func() { p.want(t, "x\n", "get", name, "k", "-url", url+what+"=true") }
		var gets int
		for range 8 { // a server chosen at random might be the primary
			gets += redistest.Commands(t, p.client, run)["get"]
		}
		if gets != 8 {
			t.Errorf("%s: the primary has answered %d of 8", what, gets)
		}
	}
}

// A client of one node would count, and remove, only a part of a cluster's records.
func TestOneNode(t *testing.T) {
	c := redistest.Cluster(t)
	p := place{"node", environ(t, c.Addrs()[0]), c.Client(t)}
	name, _ := p.name(t)
	records := p.records(t, name, ttl.Active(time.Hour))
	for _, key := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		must(t, records.Set(t.Context(), key, []byte("x")))
	}
	for _, args := range all(name) {
		got := p.run(t, args...)
		if got.code != exitUsage || got.out != "" || strings.Count(got.err, "\n") != 1 ||
			!strings.Contains(got.err, "a node of a cluster") ||
			!strings.Contains(got.err, "REDIS_ADDRS") {
			t.Errorf("%q: %+v", args, got)
		}
	}
	two := "redis://" + strings.Join(c.Addrs()[:2], ",")
	p.want(t, "8\n", "count", name, "-url", two)
}

// The only node of a cluster has all records.
func TestOnlyNode(t *testing.T) {
	s := redistest.StartClusterOfOne(t)
	p := at(t, s)
	must(t, p.client.Set(t.Context(), "users:k", "x", time.Minute).Err())
	p.want(t, "1\n", "count", "users")
}

// The tool refuses the address of a Sentinel, and a server that is given as a cluster.
func TestWrongClient(t *testing.T) {
	if testing.Short() {
		t.Skip("Sentinels take seconds to start")
	}
	g := redistest.Sentinel(t)
	got := place{env: environ(t, g.Addrs()[0])}.run(t, "ls")
	if got.code != exitUsage || !strings.Contains(got.err, "is a Sentinel") ||
		!strings.Contains(got.err, "REDIS_MASTER_NAME") {
		t.Errorf("a Sentinel: %+v", got)
	}
	s := redistest.Standalone(t)
	got = place{env: map[string]string{"REDIS_ADDRS": s.Addr()}}.run(t, "ls")
	if got.code != exitFailure || !strings.Contains(got.err, "it is no cluster") {
		t.Errorf("a server as a cluster: %+v", got)
	}
}

// A server without HELLO, such as an old one or a proxy, is accepted.
func TestNoHello(t *testing.T) {
	s := redistest.Start(t, "--rename-command", "HELLO", "")
	p := at(t, s)
	must(t, p.client.Set(t.Context(), "users:k", "x", time.Minute).Err())
	p.want(t, "1\n", "count", "users")
}

// The null device is not a terminal: nobody answers there, and any bytes may be written to it.
func TestNullDevice(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	must(t, p.records(t, name, ttl.Active(time.Hour)).Set(t.Context(), "k", []byte{0, 1}))
	null, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	must(t, err)
	defer null.Close()
	run := func(args ...string) string {
		var stderr strings.Builder
		cmd := toolCmd(t, p.env, args...)
		cmd.Stdin, cmd.Stdout, cmd.Stderr = null, null, &stderr
		_ = cmd.Run() // stderr is checked
		return stderr.String()
	}
	if said := run("get", name, "k", "-raw"); said != "" {
		t.Errorf("get -raw: %s", said)
	}
	if said := run("clear", name); !strings.Contains(said, "stdin is not a terminal") {
		t.Errorf("clear: %s", said)
	}
}
