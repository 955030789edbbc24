package minipipe_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"go.uber.org/goleak"

	"github.com/activettl/rediscache/internal/minipipe"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func client(m *miniredis.Miniredis) *redis.Client {
	return redis.NewClient(&redis.Options{Dialer: minipipe.Dialer(m), WriteTimeout: 2 * time.Second,
		MaxRetries: -1})
}

func TestLargePipeline(t *testing.T) {
	m := miniredis.NewMiniRedis()
	defer m.Close()
	c := client(m)
	defer c.Close()
	value := strings.Repeat("x", 1000)
	for _, n := range []int{10, 2000} {
		cmds, err := c.Pipelined(t.Context(), func(p redis.Pipeliner) error {
			for i := range n {
				p.Set(t.Context(), strconv.Itoa(i), value, time.Minute)
				p.Get(t.Context(), strconv.Itoa(i))
			}
			return nil
		})
		if err != nil {
			t.Fatalf("pipeline of %d commands: %v", 2*n, err)
		}
		if got := cmds[2*n-1].(*redis.StringCmd).Val(); got != value {
			t.Errorf("last reply = %.20q…, want the value", got)
		}
	}
}

func TestDeadline(t *testing.T) {
	for _, tt := range []struct {
		name string
		set  func(net.Conn, time.Time) error
	}{{"SetDeadline", net.Conn.SetDeadline}, {"SetReadDeadline", net.Conn.SetReadDeadline}} {
		t.Run(tt.name, func(t *testing.T) {
			m := miniredis.NewMiniRedis()
			defer m.Close()
			c, err := minipipe.Dial(m)
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			answer := make([]byte, len("+PONG\r\n"))
			for range 3 { // a missed deadline must not break the connection
				if err := tt.set(c, time.Now().Add(-time.Second)); err != nil {
					t.Fatal(err)
				}
				if _, err := c.Read(answer); !errors.Is(err, os.ErrDeadlineExceeded) {
					t.Errorf("Read: %v, want a deadline error", err)
				}
				if err := tt.set(c, time.Now().Add(10*time.Second)); err != nil {
					t.Fatal(err)
				}
				if _, err := io.WriteString(c, "*1\r\n$4\r\nPING\r\n"); err != nil {
					t.Fatal(err)
				}
				if _, err := io.ReadFull(c, answer); err != nil || string(answer) != "+PONG\r\n" {
					t.Fatalf("PING after a deadline: %q, %v", answer, err)
				}
			}
		})
	}
}

func TestServerCloses(t *testing.T) {
	m := miniredis.NewMiniRedis()
	c, err := minipipe.Dial(m)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	m.Close()
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("Read after the server closed: %v, want EOF", err)
	}
}

func TestInBubble(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		m := miniredis.NewMiniRedis()
		defer m.Close()
		m.ClockTTL(true)
		c := client(m)
		defer c.Close()
		ctx := context.Background()
		if err := c.Set(ctx, "k", "v", time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour + time.Second)
		if err := c.Get(ctx, "k").Err(); !errors.Is(err, redis.Nil) {
			t.Errorf("Get after an hour in the bubble: %v, want redis.Nil", err)
		}
	})
}
