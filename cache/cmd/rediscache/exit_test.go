package main

import (
	"fmt"
	"net"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

func TestUsage(t *testing.T) {
	nowhere := place{env: map[string]string{"REDIS_HOST": "127.0.0.1", "REDIS_PORT": "1"}}
	flag := `there is no such flag; "rediscache help %s" lists the flags, and -- ends them`
	tests := []struct {
		args []string
		line string
	}{
		{[]string{"secret"}, `rediscache: there is no such command; "rediscache help" lists them`},
		{[]string{"-json"},
			`rediscache: want: rediscache COMMAND; "rediscache help" lists the commands`},
		{[]string{"help", "x"},
			`rediscache: there is no such command; "rediscache help" lists them`},
		{[]string{"get", "users"}, "rediscache get: want: rediscache get NAME KEY"},
		{[]string{"ls", "users"}, "rediscache ls: want: rediscache ls"},
		{[]string{"set", "users", "k", "-secret"}, "rediscache set: " + fmt.Sprintf(flag, "set")},
		{[]string{"get", "users", "k", "-as"},
			"rediscache get: the flag -as needs a value"},
		{[]string{"stats", "users", "-top", "secret"},
			"rediscache stats: the flag -top does not take this value"},
		{[]string{"stats", "users", "-top", "-1"},
			"rediscache stats users: -top takes a number from 0 to 1000"},
		{[]string{"sweep", "users", "-max-idle=x"},
			"rediscache sweep: the flag -max-idle does not take this value"},
		{[]string{"count", "a b"},
			`rediscache count a b: name "a b" must match ^[A-Za-z0-9._/-]+$`},
		{[]string{"count", "users", "-namespace", "x"},
			"rediscache count users: -namespace takes parts of letters, digits, _ and -, each " +
				"followed by / or a dot, such as shop/prod/"},
		{[]string{"count", "users", "-yes=x: secret"},
			"rediscache count: the flag -yes does not take this value"},
		{[]string{"set", "users", "k", "v", "-ttl", `x" for flag -secret: y`},
			"rediscache set: the flag -ttl does not take this value"},
		{[]string{"count", "users", "-url", ""},
			"rediscache count: the flag -url does not take this value"},
		{[]string{"stats", "users", "-policy-ttl", " "},
			"rediscache stats: the flag -policy-ttl does not take this value"},
		{[]string{"stats", "users", "-policy-ttl", "secret"},
			"rediscache stats users: -policy-ttl takes seconds, such as 3600, or a Go duration, " +
				"such as 90m, of at least 1ms"},
	}
	for _, command := range []string{"get", "inspect", "set", "field", "rm"} {
		args := []string{command, "users", `""`}
		switch command {
		case "set":
			args = append(args, "v")
		case "field":
			args = append(args, "a=1")
		}
		nowhere.refuses(t, exitUsage, "rediscache "+command+" users: empty key", args...)
	}
	for _, tt := range tests {
		nowhere.refuses(t, exitUsage, tt.line, tt.args...)
	}
	got := nowhere.with("REDIS_DB", "secret").with("REDIS_TLS", "hunter2").run(t, "ls")
	if got.code != exitUsage || !strings.Contains(got.err, "REDIS_DB") ||
		!strings.Contains(got.err, "REDIS_TLS") || strings.Count(got.err, "\n") != 1 ||
		strings.Contains(got.err, "secret") || strings.Contains(got.err, "hunter2") {
		t.Errorf("a bad environment: %+v", got)
	}
	if strings.Contains(got.err, ":;") {
		t.Errorf("a bad environment: %q has an empty part", got.err)
	}
}

// Flags may stand anywhere.
func TestFlagsAnywhere(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	records := p.records(t, name, ttl.Active(time.Hour))
	must(t, records.Set(t.Context(), "-as", []byte("x")))
	must(t, records.Set(t.Context(), "k", []byte("5")))
	for _, args := range [][]string{
		{"get", name, "k", "-as", "text"}, {"get", "-as", "text", name, "k"},
		{"get", name, "--as=text", "k"}, {"-as", "text", "get", name, "k"},
		{"-as=text", "get", name, "k"}, {"get", "-as", "text", "--", name, "k"},
	} {
		p.want(t, "5\n", args...)
	}
	p.want(t, "x\n", "get", name, "--", "-as")
	p.want(t, "x\n", "get", name, `"-as"`)
}

// all returns a run of each command that asks Redis.
func all(name string) [][]string {
	return [][]string{
		{"ls"}, {"keys", name}, {"get", name, "k"}, {"inspect", name, "k"},
		{"set", name, "k", `{"a":3}`, "-yes"}, {"field", name, "k", "a=2"}, {"rm", name, "k"},
		{"count", name}, {"stats", name},
		{"sweep", name, "-max-idle", "1s", "-policy-ttl", "1h", "-yes"},
		{"clear", name, "-yes"}, {"near"},
	}
}

func TestNoServer(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	must(t, l.Close())
	p := place{env: environ(t, l.Addr().String())}
	for _, args := range all("users") {
		t.Run(args[0], func(t *testing.T) {
			t.Parallel() // the client retries for a while
			got := p.run(t, args...)
			if got.code != exitFailure || got.out != "" || strings.Count(got.err, "\n") != 1 ||
				!strings.Contains(got.err, "connection refused") ||
				!strings.HasPrefix(got.err, "rediscache "+args[0]) {
				t.Errorf("%q: %+v", args, got)
			}
		})
	}
}

// A user without permission gets an error of one line, and nothing changes.
func TestNoPermission(t *testing.T) {
	s := redistest.Start(t)
	p := at(t, s)
	for _, rules := range [][]any{
		{"nobody", "on", ">hunter2", "~users:*", "+get"},
		{"other", "on", ">hunter2", "~others:*", "+@all"},
		{"reader", "on", ">hunter2", "~users*", "+@all", "-@write", "-@scripting"},
	} {
		must(t, p.client.Do(t.Context(), append([]any{"acl", "setuser"}, rules...)...).Err())
	}
	must(t, p.client.Set(t.Context(), "users:k", `{"a":1}`, time.Hour).Err())
	may := map[string][]string{
		"nobody": {"get"},
		"other":  {"near"},
		"reader": {"ls", "keys", "get", "count", "stats", "near"},
	}
	for user, allowed := range may {
		p := p.with("REDIS_USERNAME", user).with("REDIS_PASSWORD", "hunter2")
		for _, args := range all("users") {
			got := p.run(t, args...)
			if strings.Contains(got.out+got.err, "hunter2") {
				t.Errorf("%s %q shows the password", user, args)
			}
			if slices.Contains(allowed, args[0]) {
				if got.code != exitOK && args[0] != "near" {
					t.Errorf("%s %q: %+v", user, args, got)
				}
				continue
			}
			if got.code != exitFailure || strings.Count(got.err, "\n") != 1 || got.out != "" ||
				!strings.Contains(strings.ToLower(got.err), "permission") {
				t.Errorf("%s %q: %+v", user, args, got)
			}
			if v := p.client.Get(t.Context(), "users:k").Val(); v != `{"a":1}` {
				t.Fatalf("%s %q: the record is %q", user, args, v)
			}
		}
	}
	got := p.with("REDIS_USERNAME", "reader").with("REDIS_PASSWORD", "hunter3").
		run(t, "count", "users")
	if got.code != exitFailure || strings.Count(got.err, "\n") != 1 || got.out != "" ||
		!strings.Contains(got.err, "WRONGPASS") || strings.Contains(got.err, "hunter3") {
		t.Errorf("a wrong password: %+v", got)
	}
}

// The reader of stdout may close it.
func TestStdoutClosed(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	must(t, p.records(t, name, ttl.Active(time.Hour)).Set(t.Context(), "k", []byte("x")))
	for _, args := range [][]string{{"keys", name}, {"help"}, {"get", name, "k"}} {
		r, w, err := os.Pipe()
		must(t, err)
		must(t, r.Close())
		cmd := toolCmd(t, p.env, args...)
		var stderr strings.Builder
		cmd.Stdout, cmd.Stderr = w, &stderr
		if err := cmd.Run(); err == nil || strings.Contains(stderr.String(), "goroutine") {
			t.Errorf("%q: %v, %q", args, err, stderr.String())
		}
		must(t, w.Close())
	}
}
