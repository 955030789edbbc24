package faults

import (
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// behind returns a client that reaches the server through a proxy, and the proxy.
func behind(t *testing.T, s *redistest.Server) (*redistest.Proxy, redis.UniversalClient) {
	t.Helper()
	p, dial := proxied(t, s)
	return p, dial()
}

// proxied is behind for any number of clients.
func proxied(t *testing.T, s *redistest.Server) (*redistest.Proxy, func() redis.UniversalClient) {
	t.Helper()
	p := redistest.NewProxy(t, s.Addr())
	return p, func() redis.UniversalClient {
		return s.Client(t, func(o *redis.UniversalOptions) { o.Addrs = []string{p.Addr()} })
	}
}

// Replies are cut, delayed, throttled or dropped on their way.
func TestWire(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name  string
		spoil redistest.Spoil
		sees  []string
	}{
		{"cut", redistest.Spoil{Cut: 0.05}, []string{broken, deadline}},
		{"delayed", redistest.Spoil{Delay: 2 * limit}, []string{deadline, broken}},
		{"throttled", redistest.Spoil{Rate: 3_000}, []string{deadline, broken}},
		{"swallowed", redistest.Spoil{Swallow: true}, []string{deadline, broken}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			p, rdb := behind(t, redistest.Start(t))
			scenario{rdb: rdb, sees: tt.sees, core: tt.name == "cut", fault: func(*load) {
				p.Set(tt.spoil)
				time.Sleep(1500 * time.Millisecond)
				p.Set(redistest.Spoil{})
			}}.run(t)
		})
	}
}

// All connections are closed at once, 50 times.
func TestDropped(t *testing.T) {
	t.Parallel()
	p, rdb := behind(t, redistest.Start(t))
	scenario{rdb: rdb, sees: []string{broken, deadline}, fault: func(*load) {
		for range 50 {
			p.Drop()
			time.Sleep(20 * time.Millisecond)
		}
	}}.run(t)
}
