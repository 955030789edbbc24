package redistest

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestProxy(t *testing.T) {
	t.Parallel()
	s := Start(t)
	direct := s.Client(t)
	p := NewProxy(t, s.Addr())
	rdb := redis.NewClient(options([]func(*redis.UniversalOptions){func(o *redis.UniversalOptions) {
		o.DialerRetries, o.MaxRetries = 1, -1
	}}, p.Addr()).Simple())
	defer rdb.Close()
	do := func(limit time.Duration, args ...any) (time.Duration, error) {
		ctx, cancel := context.WithTimeout(t.Context(), limit)
		defer cancel()
		begun := time.Now()
		err := rdb.Do(ctx, args...).Err()
		return time.Since(begun), err
	}
	fine := func(when string) {
		t.Helper()
		p.Set(Spoil{})
		if _, err := do(startLimit, "set", "k", strings.Repeat("x", 1000)); err != nil {
			t.Fatalf("%s: %v", when, err)
		}
	}

	fine("at first")
	p.Set(Spoil{Delay: 50 * time.Millisecond})
	if took, err := do(startLimit, "get", "k"); err != nil || took < 50*time.Millisecond {
		t.Errorf("delayed by 50 ms: %v, %v", took, err)
	}

	fine("after Delay")
	p.Set(Spoil{Rate: 10_000})
	if took, err := do(startLimit, "get", "k"); err != nil || took < 100*time.Millisecond {
		t.Errorf("1000 bytes at 10,000 in a second: %v, %v", took, err)
	}

	fine("after Rate")
	p.Set(Spoil{Swallow: true})
	if _, err := do(50*time.Millisecond, "set", "k", "lost"); err == nil {
		t.Error("a black hole answers")
	}
	if got := direct.Get(t.Context(), "k").Val(); got == "lost" {
		t.Error("a black hole passes requests on")
	}

	fine("after Swallow")
	p.Set(Spoil{Cut: 1})
	took, err := do(startLimit, "set", "k", "written")
	if err == nil || took > startLimit/2 {
		t.Errorf("a reply that is cut: %v after %v", err, took)
	}
	if got := direct.Get(t.Context(), "k").Val(); got != "written" {
		t.Errorf("the server has %q: the request did not pass", got)
	}

	fine("after Cut")
	idle, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	defer idle.Close()
	_ = idle.SetDeadline(time.Now().Add(startLimit))
	pong := make([]byte, len("+PONG\r\n")) // an answer: the proxy has accepted it by then
	if _, err := idle.Write([]byte("PING\r\n")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(idle, pong); err != nil {
		t.Fatal(err)
	}
	p.Drop()
	if _, err := idle.Read(pong); err != io.EOF && !errors.Is(err, syscall.ECONNRESET) {
		t.Errorf("a connection that was dropped: %v", err)
	}
	fine("after Drop")
	s.Kill()
	if took, err := do(startLimit, "get", "k"); err == nil || took > startLimit/2 {
		t.Errorf("without a server: %v after %v", err, took)
	}
}
