package redistest

import (
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"
)

// Spoil is what a [Proxy] does to what passes through it. The zero value passes all on unchanged.
type Spoil struct {
	// Swallow drops requests and replies, and leaves the connections open. What it has dropped is
	// never passed on.
	Swallow bool

	// Delay is how long each piece of a reply is held back.
	Delay time.Duration

	// Rate is how many bytes of replies per second pass on each connection; 0 is no limit.
	Rate int

	// Cut is the probability, from 0 to 1, that a piece of a reply is cut. Then only the first part
	// of it passes, of random length, and the connection is closed on both sides. The server has
	// executed the command by then.
	Cut float64
}

// Proxy passes TCP connections on to a server and can spoil them. Set may change that at any time,
// also for open connections. Safe for concurrent use.
type Proxy struct {
	target   string
	listener net.Listener
	wg       sync.WaitGroup

	mu    sync.Mutex
	spoil Spoil
	links map[*link]struct{}
	over  bool
}

// NewProxy starts a proxy of target, an address on this machine. It ends with the test. At first it
// spoils nothing.
func NewProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	l, err := net.Listen("tcp", loopback(0))
	if err != nil {
		tb.Fatalf("redistest: proxy: %v", err)
	}
	p := &Proxy{target: target, listener: l, links: map[*link]struct{}{}}
	p.wg.Go(p.accept)
	tb.Cleanup(func() {
		_ = l.Close()
		p.mu.Lock()
		p.over = true
		p.mu.Unlock()
		p.Drop()
		p.wg.Wait()
	})
	return p
}

// Addr returns the address where the proxy listens.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Set changes what the proxy does from now on.
func (p *Proxy) Set(s Spoil) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.spoil = s
}

// Drop closes all connections that are open now.
func (p *Proxy) Drop() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.links {
		l.close()
	}
}

func (p *Proxy) now() Spoil {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.spoil
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.wg.Go(func() { p.serve(client) })
	}
}

// serve passes on what either side sends until one of them ends.
func (p *Proxy) serve(client net.Conn) {
	l := &link{client: client, done: make(chan struct{})}
	defer l.close()
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		return // the client sees its connection end, as it would see the server's
	}
	l.server = server
	p.mu.Lock()
	if p.over {
		p.mu.Unlock()
		_ = server.Close()
		return
	}
	p.links[l] = struct{}{}
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		delete(p.links, l)
	}()
	var wg sync.WaitGroup
	wg.Go(func() { l.pass(l.server, l.client, func(b []byte) []byte { return p.request(b) }) })
	wg.Go(func() { l.pass(l.client, l.server, func(b []byte) []byte { return p.reply(l, b) }) })
	wg.Wait()
}

func (p *Proxy) request(b []byte) []byte {
	if p.now().Swallow {
		return nil
	}
	return b
}

// reply waits as Delay and Rate say, and returns which part of a piece of a reply to pass on.
func (p *Proxy) reply(l *link, b []byte) []byte {
	s := p.now()
	if s.Delay > 0 {
		l.wait(s.Delay)
		s = p.now() // it may have become a black hole meanwhile
	}
	switch {
	case s.Swallow:
		return nil
	case rand.Float64() < s.Cut:
		_, _ = l.client.Write(b[:rand.IntN(len(b))])
		l.close()
		return nil
	case s.Rate > 0:
		l.wait(time.Duration(len(b)) * time.Second / time.Duration(s.Rate))
	}
	return b
}

// link is a connection through the proxy.
type link struct {
	client, server net.Conn
	once           sync.Once
	done           chan struct{}
}

func (l *link) close() {
	l.once.Do(func() {
		close(l.done)
		_ = l.client.Close()
		if l.server != nil {
			_ = l.server.Close()
		}
	})
}

// wait waits for d, or until the connection is closed.
func (l *link) wait(d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-l.done:
	}
}

// pass copies pieces, as spoil returns them, until one side ends. Then it ends the other.
func (l *link) pass(to, from net.Conn, spoil func([]byte) []byte) {
	defer l.close()
	buf := make([]byte, 16<<10)
	for {
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if out := spoil(buf[:n]); len(out) > 0 {
			if _, err := to.Write(out); err != nil {
				return
			}
		}
	}
}
