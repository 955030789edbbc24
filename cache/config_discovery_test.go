package cache_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
)

// farCluster is a cluster without records. Each node takes one round trip to answer, also to
// connect. Nodes that are not alive drop packets.
type farCluster struct {
	roundTrip time.Duration
	alive     []string
	says      func(addr string) string // the owner of all slots, according to the node at addr
}

func (c farCluster) client(t *testing.T, addrs []string) redis.UniversalClient {
	rdb := dialled(t, cache.Config{Addrs: addrs}, c.dial)
	// Close waits for a handshake in a way that stops the clock of a synctest bubble. So let all
	// handshakes end first.
	t.Cleanup(func() { time.Sleep(2 * time.Minute) })
	return rdb
}

func (c farCluster) dial(ctx context.Context, network, addr string) (net.Conn, error) {
	for _, alive := range c.alive {
		if addr == alive {
			time.Sleep(c.roundTrip)
			client, server := net.Pipe()
			go c.serve(server, c.says(addr))
			return client, nil
		}
	}
	return blackHole(ctx, network, addr)
}

// serve answers all commands that arrive together after one round trip.
func (c farCluster) serve(conn net.Conn, owner string) {
	defer conn.Close()
	host, port, _ := net.SplitHostPort(owner)
	in := bufio.NewReader(conn)
	for {
		var replies strings.Builder
		for ok := true; ok; ok = in.Buffered() > 0 {
			name, err := readCommand(in)
			switch {
			case err != nil:
				return
			case name == "hello":
				replies.WriteString("%1\r\n+proto\r\n:3\r\n")
			case name == "cluster":
				fmt.Fprintf(&replies, "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$%d\r\n%s\r\n:%s\r\n",
					len(host), host, port)
			case name == "command":
				replies.WriteString("*0\r\n")
			case name == "get":
				replies.WriteString("_\r\n")
			default:
				replies.WriteString("+OK\r\n")
			}
		}
		time.Sleep(c.roundTrip)
		if _, err := io.WriteString(conn, replies.String()); err != nil {
			return
		}
	}
}

func nodes(n int) (addrs []string) {
	for i := range n {
		addrs = append(addrs, fmt.Sprintf("10.0.0.%d:%d", i+1, 6379+i))
	}
	return addrs
}

// A new connection takes four round trips, and the request for the slots takes a fifth. go-redis
// asks the nodes in random order, so each case runs several times.
func TestFindsFarCluster(t *testing.T) {
	six := nodes(6)
	last := func(string) string { return six[5] }
	for name, tt := range map[string]struct {
		cluster  farCluster
		attempts int // one of these must succeed
	}{
		"100 ms":                         {farCluster{100 * time.Millisecond, six, last}, 1},
		"150 ms":                         {farCluster{150 * time.Millisecond, six, last}, 1},
		"250 ms":                         {farCluster{250 * time.Millisecond, six, last}, 1},
		"100 ms, others are black holes": {farCluster{100 * time.Millisecond, six[5:], last}, 2},
		"250 ms, others are black holes": {farCluster{250 * time.Millisecond, six[5:], last}, 2},
		// go-redis replaces a loopback address with the host of the node that it asked. So an
		// answer with one is valid for that node only. For another node, it gives a wrong address,
		// which is a black hole.
		"loopback addresses": {farCluster{100 * time.Millisecond, six,
			func(addr string) string { return "127.0.0.1" + addr[strings.Index(addr, ":"):] }}, 2},
	} {
		for n := range 12 {
			t.Run(fmt.Sprint(name, " ", n), func(t *testing.T) {
				synctest.Test(t, func(t *testing.T) {
					rdb := tt.cluster.client(t, six)
					var err error
					for range tt.attempts {
						begun := time.Now()
						err = rdb.Get(context.Background(), "a").Err()
						if errors.Is(err, redis.Nil) {
							return
						}
						if took := time.Since(begun); took > 2*time.Second {
							t.Errorf("Get: %v after %v", err, took)
						}
					}
					t.Errorf("Get: %v", err)
				})
			})
		}
	}
}

// A deadline ends the operation. The next operation continues what it began.
func TestFindsFarClusterUnderDeadline(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		one := nodes(1)
		far := farCluster{100 * time.Millisecond, one, func(string) string { return one[0] }}
		rdb := far.client(t, one)
		const deadline = 240 * time.Millisecond
		begun := time.Now()
		for n := 1; ; n++ {
			short, cancel := context.WithTimeout(t.Context(), deadline)
			err := rdb.Get(short, "a").Err()
			cancel()
			if errors.Is(err, redis.Nil) {
				return
			}
			if took := time.Since(begun); !errors.Is(err, context.DeadlineExceeded) ||
				took != time.Duration(n)*deadline || n == 3 {
				t.Fatalf("Get %d: %v after %v", n, err, took)
			}
		}
	})
}
