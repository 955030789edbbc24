package tracking

import (
	"context"
	"net"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// If a server accepts a connection and never answers, connect returns when ctx ends.
func TestConnectToASilentServer(t *testing.T) {
	server, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer server.Close()
	accepted := make(chan net.Conn, 1)
	go func() {
		if c, err := server.Accept(); err == nil {
			accepted <- c
		}
	}()
	client := redis.NewClient(&redis.Options{
		Addr: server.Addr().String(), ReadTimeout: time.Hour, WriteTimeout: time.Hour,
	})
	defer client.Close()
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		c := <-accepted
		defer c.Close()
		_, _ = c.Read(make([]byte, 1)) // of the first command
		cancel()
		<-t.Context().Done()
	}()
	c, err := connect(ctx, client.Options(), []string{"users:"}, "users!near", false,
		func(string) {})
	if err == nil {
		c.close()
		t.Error("connect has succeeded")
	}
}
