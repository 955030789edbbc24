// Package minipipe dials a miniredis in memory, without the deadlock of a bare net.Pipe.
//
// [miniredis.Miniredis.Dial] serves a net.Pipe, which has no buffer. The server blocks on writing
// its first reply until the client reads. A client that is still writing a pipeline does not read.
// Every pipeline beyond miniredis' 4 KiB read buffer then stalls until the client's write timeout
// (go-redis 9.23: 20 s of retries, measured with ten SETs of 1 kB). A real server buffers its
// replies, and so does this package.
package minipipe

import (
	"context"
	"errors"
	"net"
	"sync"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// Dial connects to m, starting it without a listener if it does not run yet. No socket is opened,
// so a connection also works inside a testing/synctest bubble. Safe for concurrent use. Each
// connection costs two goroutines, which end when either side closes it, and memory for unread
// replies, without a limit.
func Dial(m *miniredis.Miniredis) (net.Conn, error) {
	server, err := m.Dial()
	if err != nil {
		return nil, err
	}
	client, feed := net.Pipe()
	c := &conn{Conn: server, replies: client}
	b := &buffer{}
	b.filled.L = &b.mu
	go b.fill(server)
	go b.drain(feed)
	return c, nil
}

// Dialer returns Dial as a function for the Dialer field of go-redis' options. It ignores network
// and address.
func Dialer(
	m *miniredis.Miniredis,
) func(ctx context.Context, network, addr string) (net.Conn, error) {
	return func(context.Context, string, string) (net.Conn, error) { return Dial(m) }
}

// conn writes to the server's own pipe and reads from a second one, which the buffer feeds. Both
// are pipes, which implement deadlines. A read deadline goes to the second one only: on the first
// it would end the buffer's reader.
type conn struct {
	net.Conn // requests
	replies  net.Conn
}

func (c *conn) Read(p []byte) (int, error) { return c.replies.Read(p) }
func (c *conn) Close() error {
	return errors.Join(c.Conn.Close(), c.replies.Close())
}
func (c *conn) SetReadDeadline(t time.Time) error { return c.replies.SetReadDeadline(t) }
func (c *conn) SetDeadline(t time.Time) error {
	return errors.Join(c.SetWriteDeadline(t), c.SetReadDeadline(t))
}

// buffer holds the bytes that the server has sent and the client has not read.
type buffer struct {
	mu     sync.Mutex
	filled sync.Cond
	bytes  []byte
	done   bool
}

// fill ends when the server or the client closes the request pipe.
func (b *buffer) fill(from net.Conn) {
	page := make([]byte, 4096)
	for {
		n, err := from.Read(page)
		b.mu.Lock()
		b.bytes = append(b.bytes, page[:n]...)
		b.done = err != nil
		b.mu.Unlock()
		b.filled.Signal()
		if err != nil {
			return
		}
	}
}

// drain ends when fill has ended and all bytes are delivered, or when the client has closed its
// end.
func (b *buffer) drain(to net.Conn) {
	defer to.Close()
	for {
		b.mu.Lock()
		for len(b.bytes) == 0 && !b.done {
			b.filled.Wait()
		}
		out := b.bytes
		b.bytes = nil
		b.mu.Unlock()
		if len(out) == 0 {
			return
		}
		if _, err := to.Write(out); err != nil {
			return
		}
	}
}
