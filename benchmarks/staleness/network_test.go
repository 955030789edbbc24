package staleness

import (
	"bytes"
	"context"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// network is a proxy between a client and its servers. It recognizes connections for pushes by
// their commands. What it holds back is delivered later, and not lost.
type network struct {
	mu      sync.Mutex
	servers map[string]net.Listener // by the address of the server
	held    [2]chan struct{}        // by path: nil while it passes; closed when a block ends
	late    [2]time.Duration
	conns   map[net.Conn]bool
	over    chan struct{}
	wg      sync.WaitGroup
}

// The two kinds of connections.
const (
	data = iota
	pushes
)

func newNetwork(tb testing.TB) *network {
	n := &network{servers: map[string]net.Listener{}, conns: map[net.Conn]bool{},
		over: make(chan struct{})}
	tb.Cleanup(n.close)
	return n
}

func (n *network) close() {
	n.mu.Lock()
	close(n.over)
	for _, l := range n.servers {
		_ = l.Close()
	}
	for c := range n.conns {
		_ = c.Close()
	}
	n.mu.Unlock()
	n.wg.Wait()
}

// hold blocks some paths in both directions, until pass is called.
func (n *network) hold(paths ...int) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, path := range paths {
		n.held[path] = make(chan struct{})
	}
}

func (n *network) pass() {
	n.mu.Lock()
	defer n.mu.Unlock()
	for path, c := range n.held {
		if c != nil {
			close(c)
			n.held[path] = nil
		}
	}
}

// delay makes the replies of servers on a path arrive late.
func (n *network) delay(path int, late time.Duration) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.late[path] = late
}

// dial is the Dialer of a client.
func (n *network) dial(ctx context.Context, _, addr string) (net.Conn, error) {
	n.mu.Lock()
	l := n.servers[addr]
	if l == nil {
		var err error
		if l, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
			n.mu.Unlock()
			return nil, err
		}
		n.servers[addr] = l
		n.wg.Go(func() { n.accept(l, addr) })
	}
	n.mu.Unlock()
	var d net.Dialer
	return d.DialContext(ctx, "tcp", l.Addr().String())
}

func (n *network) accept(l net.Listener, addr string) {
	for {
		client, err := l.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", addr)
		if err != nil {
			_ = client.Close()
			continue
		}
		n.mu.Lock()
		select {
		case <-n.over:
			_, _ = client.Close(), server.Close()
		default:
			n.conns[client], n.conns[server] = true, true
			p := &pipe{network: n}
			n.wg.Go(func() { p.copy(server, client, false) })
			n.wg.Go(func() { p.copy(client, server, true) })
		}
		n.mu.Unlock()
	}
}

// pipe is one connection.
type pipe struct {
	*network
	path int // under the lock of the network
}

// piece is the data of one read.
type piece struct {
	data []byte
	at   time.Time
}

// copy passes data on until one side ends. Data that was read before that still arrives.
func (p *pipe) copy(to io.Writer, from net.Conn, replies bool) {
	queue, gone := make(chan piece, 1<<14), make(chan struct{})
	p.wg.Go(func() {
		defer p.end(to.(net.Conn), from)
		defer close(gone)
		for piece := range queue {
			if !p.wait(piece, replies) {
				return
			}
			if _, err := to.Write(piece.data); err != nil {
				return
			}
		}
	})
	defer close(queue)
	for {
		buf := make([]byte, 16<<10)
		n, err := from.Read(buf)
		if err != nil {
			return
		}
		if !replies && bytes.Contains(buf[:n], []byte("tracking")) {
			p.mu.Lock()
			p.path = pushes
			p.mu.Unlock()
		}
		select {
		case queue <- piece{buf[:n], time.Now()}:
		case <-gone:
			return
		}
	}
}

// wait waits until a piece may pass. It returns false if the network is closed.
func (p *pipe) wait(piece piece, replies bool) bool {
	for {
		p.mu.Lock()
		held, late := p.held[p.path], time.Duration(0)
		if replies {
			late = p.late[p.path] - time.Since(piece.at)
		}
		p.mu.Unlock()
		var timer <-chan time.Time
		switch {
		case held == nil && late <= 0:
			return true
		case held == nil:
			timer = time.After(late)
		}
		select {
		case <-held:
		case <-timer:
		case <-p.over:
			return false
		}
	}
}

func (p *pipe) end(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.conns, c)
	}
}
