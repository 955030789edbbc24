package model

import (
	"context"
	"fmt"
	"io"
	"net"
	"sync"
)

// fault is what happens to one of the next round trips of a client.
type fault struct {
	kind  int // 0 for none
	after int // how many requests pass before that
	bytes int // of the reply that pass before it is cut
}

const (
	lost = 1 // the request never arrives
	cut  = 2 // the request is executed, and the reply is cut
)

// String describes the fault behind an op.
func (f fault) String() string {
	switch f.kind {
	case lost:
		return fmt.Sprintf(" (request %d is lost)", f.after+1)
	case cut:
		return fmt.Sprintf(" (reply %d is cut after %d bytes)", f.after+1, f.bytes)
	}
	return ""
}

// line is the connections of one client.
type line struct {
	mu     sync.Mutex
	armed  fault
	victim *brittle // whose reply is being cut
	fired  bool
}

type dialer = func(ctx context.Context, network, addr string) (net.Conn, error)

func (l *line) through(dial dialer) dialer {
	return func(ctx context.Context, network, addr string) (net.Conn, error) {
		c, err := dial(ctx, network, addr)
		if err != nil {
			return nil, err
		}
		return &brittle{c, l}, nil
	}
}

func (l *line) arm(f fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed, l.victim, l.fired = f, nil, false
}

// disarm reports whether the fault happened.
func (l *line) disarm() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.armed, l.victim = fault{}, nil
	return l.fired
}

// brittle is a connection that breaks when its line has a fault for it.
type brittle struct {
	net.Conn
	line *line
}

func (c *brittle) Write(p []byte) (int, error) {
	if c.line.loses(c) {
		_ = c.Conn.Close()
		return 0, io.EOF
	}
	return c.Conn.Write(p)
}

// loses reports whether the next request of a connection is lost. If its reply is to be cut, it
// remembers the connection.
func (l *line) loses(c *brittle) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case l.armed.kind == 0 || l.victim != nil:
		return false
	case l.armed.after > 0:
		l.armed.after--
		return false
	case l.armed.kind == cut:
		l.victim = c
		return false
	}
	l.armed, l.fired = fault{}, true
	return true
}

func (c *brittle) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p) // also a reply that is cut: the command was executed by then
	c.line.mu.Lock()
	defer c.line.mu.Unlock()
	if c.line.victim != c || err != nil {
		return n, err
	}
	if left := c.line.armed.bytes; n <= left {
		c.line.armed.bytes -= n
		return n, nil
	}
	n = c.line.armed.bytes
	c.line.armed, c.line.victim, c.line.fired = fault{}, nil, true
	_ = c.Conn.Close()
	return n, io.EOF
}
