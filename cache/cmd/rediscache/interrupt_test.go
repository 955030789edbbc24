package main

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// fill writes n records with a TTL of 24 hours that have not been used for two hours.
func (p place) fill(t *testing.T, name string, n int) {
	t.Helper()
	for i := 0; i < n; {
		_, err := p.client.Pipelined(t.Context(), func(pipe redis.Pipeliner) error {
			for end := min(i+5000, n); i < end; i++ {
				pipe.Set(t.Context(), name+":"+strconv.Itoa(i), "value", 22*time.Hour)
			}
			return nil
		})
		must(t, err)
	}
}

// TestInterrupt interrupts walks after their first page. Replies take 50 ms each, so that the rest
// would take at least 20 s.
func TestInterrupt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no program can send Ctrl-C to one other program there")
	}
	t.Parallel()
	const records = 100_000
	s := redistest.Start(t)
	proxy := redistest.NewProxy(t, s.Addr())
	p := at(t, s)
	p.fill(t, "users", records)
	slow := place{env: environ(t, proxy.Addr())}
	tests := []struct {
		args    []string
		removes bool
		done    string // what the line says about the number of keys or records
	}{
		{[]string{"count", "users"}, false, "([0-9,]+) records? counted"},
		{[]string{"keys", "users"}, false, "([0-9,]+) keys? printed"},
		{[]string{"stats", "users"}, false, "([0-9,]+) records? looked at"},
		{[]string{"ls"}, false, "([0-9,]+) records? counted"},
		{[]string{"sweep", "users", "-dry-run", "-max-idle", "1h", "-policy-ttl", "24h"}, false,
			"[0-9,]+ records? looked at, ([0-9,]+) found idle"},
		{[]string{"sweep", "users", "-yes", "-max-idle", "1h", "-policy-ttl", "24h"}, true,
			"[0-9,]+ records? looked at, ([0-9,]+) removed"},
		{[]string{"clear", "users", "-yes"}, true, "([0-9,]+) keys? removed"},
	}
	for _, tt := range tests {
		t.Run(tt.args[0], func(t *testing.T) {
			before := p.client.DBSize(t.Context()).Val()
			proxy.Set(redistest.Spoil{Delay: 50 * time.Millisecond})
			defer proxy.Set(redistest.Spoil{})
			line, code := interrupt(t, toolCmd(t, slow.env, append(tt.args, "-progress")...))
			subject := regexp.QuoteMeta(tt.args[0])
			if tt.args[0] != "ls" {
				subject += " users"
			}
			m := regexp.MustCompile("^rediscache " + subject + ": interrupted; " + tt.done + "\n$").
				FindStringSubmatch(line)
			if m == nil || code != exitInterrupted {
				t.Fatalf("exit %d after %q", code, line)
			}
			n, after := number(t, m[1]), p.client.DBSize(t.Context()).Val()
			gone := before - after
			if tt.removes && gone != int64(n) || !tt.removes && gone != 0 {
				t.Errorf("%d records are gone, and it says %s", gone, m[1])
			}
			if n < 1 || n >= records || after == 0 {
				t.Errorf("it was not in the middle: %q, %d are left", line, after)
			}
			if lease := p.client.Exists(t.Context(), "users!sweep").Val(); lease != 0 {
				t.Error("a lease is left")
			}
		})
	}
}

func number(t *testing.T, text string) (n int) {
	t.Helper()
	n, err := strconv.Atoi(regexp.MustCompile(",").ReplaceAllString(text, ""))
	must(t, err)
	return n
}

// interrupt sends Ctrl-C after the first line on stderr, and returns the last one.
func interrupt(t *testing.T, cmd *exec.Cmd) (last string, code int) {
	t.Helper()
	pipe, err := cmd.StderrPipe()
	must(t, err)
	cmd.Stdout = io.Discard
	must(t, cmd.Start())
	stderr := bufio.NewReader(pipe)
	line, err := stderr.ReadString('\n')
	if err != nil {
		t.Fatalf("no progress: %q, %v", line, err)
	}
	must(t, cmd.Process.Signal(os.Interrupt))
	for err == nil {
		if line, err = stderr.ReadString('\n'); line != "" {
			last = line
		}
	}
	_ = cmd.Wait()
	return last, cmd.ProcessState.ExitCode()
}

// An interrupted command does not wait long for a server that has stopped answering.
func TestInterruptBlackHole(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("no program can send Ctrl-C to one other program there")
	}
	s := redistest.Start(t)
	proxy := redistest.NewProxy(t, s.Addr())
	p := at(t, s)
	p.fill(t, "users", 20_000)
	proxy.Set(redistest.Spoil{Delay: 20 * time.Millisecond})
	cmd := toolCmd(t, environ(t, proxy.Addr()), "count", "users", "-progress")
	pipe, err := cmd.StderrPipe()
	must(t, err)
	must(t, cmd.Start())
	stderr := bufio.NewReader(pipe)
	_, err = stderr.ReadString('\n')
	must(t, err)
	proxy.Set(redistest.Spoil{Swallow: true})
	must(t, cmd.Process.Signal(os.Interrupt))
	rest, err := io.ReadAll(stderr)
	must(t, err)
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != exitInterrupted {
		t.Errorf("exit %d after %q", code, rest)
	}
	if !strings.Contains(string(rest), "interrupted; ") || strings.Contains(string(rest), "panic") {
		t.Errorf("it says %q", rest)
	}
}
