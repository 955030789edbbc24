package redistest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"
)

func TestRestart(t *testing.T) {
	for _, tt := range []struct {
		name string
		args []string
		want string // what is left of a key
	}{
		{"empty", nil, ""},
		{"from AOF", []string{"--appendonly", "yes", "--appendfsync", "always"}, "v"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := Start(t, tt.args...)
			addr, dir, pid := s.Addr(), s.dir, s.process().cmd.Process.Pid
			if err := s.Client(t).Set(t.Context(), "k", "v", time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
			s.Kill()
			if !refuses(addr) {
				t.Errorf("%s accepts connections after Kill", addr)
			}
			s.Restart(t)
			if s.Addr() != addr || s.dir != dir || s.process().cmd.Process.Pid == pid {
				t.Errorf("it came back at %s in %s, was at %s in %s", s.Addr(), s.dir, addr, dir)
			}
			if got := s.Client(t).Get(t.Context(), "k").Val(); got != tt.want {
				t.Errorf("the key holds %q, want %q", got, tt.want)
			}
		})
	}
}

func TestRestartFails(t *testing.T) {
	s := Start(t)
	s.args = []string{"--no-such-directive", "1"}
	f := failing(t, func(tb testing.TB) { s.Restart(tb) })
	if got := strings.Join(f.messages, "\n"); !f.stopped ||
		!strings.Contains(got, "no-such-directive") {
		t.Errorf("Restart with a bad directive: stopped %v, says %q", f.stopped, got)
	}
	s.Stop()
	if err := s.start(); !errors.Is(err, errStopped) {
		t.Errorf("start after Stop: %v", err)
	}
	if _, err := os.Stat(s.dir); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("its directory after Stop: %v, want none", err)
	}
}

func TestPause(t *testing.T) {
	s := Start(t)
	rdb := s.Client(t)
	ping := func(limit time.Duration) error {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		return rdb.Ping(ctx).Err()
	}
	if err := ping(startLimit); err != nil {
		t.Fatal(err)
	}
	s.Pause(t)
	if err := ping(50 * time.Millisecond); err == nil {
		t.Error("a paused server answers")
	}
	s.Resume(t)
	if err := ping(startLimit); err != nil {
		t.Errorf("after Resume: %v", err)
	}
	s.Pause(t) // Stop must not wait for it
}

// Each policy evicts, and noeviction refuses.
func TestMaxMemory(t *testing.T) {
	for _, policy := range []string{
		"noeviction", "allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru",
		"volatile-lfu", "volatile-random", "volatile-ttl",
	} {
		t.Run(policy, func(t *testing.T) {
			t.Parallel()
			s := Start(t, "--maxmemory", "3mb", "--maxmemory-policy", policy)
			rdb := s.Client(t)
			var err error
			for i := 0; i < 1000 && err == nil; i++ {
				err = rdb.Set(t.Context(), fmt.Sprint(i), strings.Repeat("x", 10_000),
					time.Minute).Err()
			}
			evicted := infoFields(rdb.Info(t.Context(), "stats").Val())["evicted_keys"] != "0"
			if refused := err != nil &&
				strings.HasPrefix(err.Error(), "OOM "); refused == evicted ||
				refused != (policy == "noeviction") {
				t.Errorf("10 MB in 3: error %v, evicted %v", err, evicted)
			}
		})
	}
}
