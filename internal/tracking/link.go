package tracking

import (
	"context"
	"errors"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/task"
	"github.com/activettl/rediscache/internal/wire"
)

// link listens to one server, connection after connection.
type link struct {
	*Tracker
	server  wire.Server
	session atomic.Pointer[Session] // nil while there is none
	canary  string                  // key and channel of its canaries
	known   string                  // the layout, as far as it is known
	wake    chan struct{}           // receives a value after an echo
	stop    context.CancelFunc
	done    chan struct{}
}

// The pauses between two connections. After a refusal the pause is long, since the next attempt
// will probably be refused too.
const (
	firstPause   = 20 * time.Millisecond
	maxPause     = time.Second
	refusedPause = 15 * time.Second
)

// tellAfter is how long there may be no connection before the listeners are told.
const tellAfter = 3 * time.Second

// run listens until ctx ends or the client is closed.
func (l *link) run(ctx context.Context) {
	defer close(l.done)
	lost := l.Clock.Now()
	for pause := firstPause; ctx.Err() == nil; {
		heard := false
		err := guard(func() (err error) {
			heard, err = l.listen(ctx)
			return err
		})
		if l.end() {
			l.count(ctx, err)
		}
		if ctx.Err() != nil {
			return
		}
		if heard {
			pause, lost = firstPause, l.Clock.Now()
		}
		switch {
		case errors.Is(err, errGone):
			l.relink()
			return
		case refused(err):
			l.refused(err)
			pause = refusedPause
		case l.Clock.Now()-lost >= tellAfter:
			l.refused(err)
		}
		if task.Sleep(ctx, pause) != nil {
			return
		}
		pause = min(pause*2, maxPause)
	}
}

// count counts a session that has ended.
func (l *link) count(ctx context.Context, err error) {
	switch {
	case l.closing.Err() != nil:
	case ctx.Err() != nil || errors.Is(err, errGone):
		l.moves.Add(1)
	default:
		l.losses.Add(1)
	}
}

// begin begins a session. end ends the session, and reports whether there was one.
func (l *link) begin(prefixes []string) {
	l.connects.Add(1)
	l.open.Add(1)
	l.session.Store(newSession(prefixes))
}

func (l *link) end() bool {
	had := l.session.Swap(nil) != nil
	if had {
		l.open.Add(-1)
	}
	return had
}

// listen makes one connection, and returns when it ends. It reports whether there was a proof.
func (l *link) listen(ctx context.Context) (heard bool, err error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	prefixes, renew := l.prefixes()
	defer context.AfterFunc(renew, cancel)()
	if l.canary, err = l.nameCanary(ctx); err != nil {
		return false, err
	}
	c, err := connect(ctx, l.server.Options(), prefixes, l.canary, l.clustered, l.changed)
	if err != nil {
		return false, err
	}
	defer c.close()
	defer context.AfterFunc(ctx, c.close)()
	// Reads in the session come after this command, so a later change of the layout will be
	// noticed.
	if l.known, err = l.layout(ctx, l.server); err != nil {
		return false, err
	}
	l.begin(prefixes)

	rounds := make(chan error, 1)
	go func() {
		rounds <- guard(func() error { return l.rounds(ctx) })
		cancel()
	}()
	defer func() {
		cancel()
		if failed := <-rounds; failed != nil {
			err = failed // the reason why the echoes stopped
		}
	}()
	for last := l.Clock.Now(); ; {
		left := last + silence*l.staleness() - l.Clock.Now()
		text, err := c.next(ctx, max(left, time.Millisecond)) // 0 would be no limit
		if err != nil {
			return heard, err
		}
		n, err := strconv.ParseUint(text, 10, 64)
		if err != nil {
			return heard, errors.New("unexpected message on the channel of the canaries")
		}
		s := l.session.Load()
		s.echo(n)
		last = l.Clock.Now()
		if s.Proven() != never && !heard {
			heard = true
			l.accepted()
		}
		l.awake()
	}
}

// awake makes the rounds check whether a canary is due.
func (l *link) awake() {
	select {
	case l.wake <- struct{}{}:
	default:
	}
}

// silence times the staleness is how long a connection may have no echo before it is closed.
const silence = 3

// changed is called by the connection for each written key, or with "" for all keys.
func (l *link) changed(key string) {
	if key == "" {
		l.void()
		return
	}
	l.dispatch(key)
}

// void begins a new session on the same connection. The old session no longer proves anything.
func (l *link) void() {
	if s := l.session.Load(); s != nil {
		l.session.Store(newSession(s.prefixes))
		s.void()
		l.flushes.Add(1)
	}
}

// canaryScript writes, so that it fails on a server that is no longer a primary. The key that it
// removes never exists, so it needs no memory and leaves nothing behind.
const canaryScript = `redis.call('UNLINK', KEYS[1])
return redis.call(ARGV[2], KEYS[1], ARGV[1])`

// rounds sends canaries until ctx ends or the server refuses them. It returns the error of the last
// canary.
func (l *link) rounds(ctx context.Context) (err error) {
	for {
		begun := l.Clock.Now()
		now := l.round(ctx, l.session.Load())
		if ctx.Err() != nil {
			return err
		}
		if err = now; refused(err) || errors.Is(err, errGone) {
			return err
		}
		l.rest(ctx, begun)
	}
}

// rate is how many canaries are sent in the time of a staleness.
const rate = 4

// rest waits until the next canary is due. While there is no proof yet, it is due as soon as the
// last one was heard: the first proof needs two.
func (l *link) rest(ctx context.Context, begun time.Duration) {
	for ctx.Err() == nil {
		left := begun + l.staleness()/rate - l.Clock.Now()
		if s := l.session.Load(); left <= 0 || s.Proven() == never && s.quiet() {
			return
		}
		timer := time.NewTimer(left)
		select {
		case <-l.wake:
		case <-timer.C:
		case <-ctx.Done():
		}
		timer.Stop()
	}
}

// round sends a canary, and checks whether the layout is still the same.
func (l *link) round(ctx context.Context, s *Session) error {
	ctx, cancel := context.WithTimeout(ctx, l.staleness())
	defer cancel()
	n := l.numbers.Add(1)
	s.send(n, l.Clock.Now())
	publish := "publish"
	if l.clustered {
		publish = "spublish"
	}
	canary := redis.NewCmd(ctx, "eval", canaryScript, 1, l.canary, n, publish)
	now, err := l.layout(ctx, l.server, canary)
	switch {
	case err != nil:
		return err
	case now == l.known:
		s.sameLayout(n)
	default:
		l.known = now
		l.void()
		l.relink()
	}
	return nil
}
