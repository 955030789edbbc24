// Package lease gives one process at a time the right to do something. A lease is a key in Redis
// with a TTL. Its value is a token of the process that has the lease.
package lease

import (
	"context"
	"crypto/rand"
	_ "embed"
	"errors"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

var (
	//go:embed scripts/take.lua
	takeSource string
	//go:embed scripts/release.lua
	releaseSource string

	takeScript    = wire.NewScript(takeSource)
	releaseScript = wire.NewScript(releaseSource)
)

// ErrLost says that another process has the lease now.
var ErrLost = errors.New("another process has the lease")

// Lease is the right that this process has. It is safe for concurrent use.
type Lease struct {
	wire  *wire.Client
	key   string
	token string
	ttl   time.Duration

	mu    sync.Mutex
	taken time.Time // when it was last taken or renewed
}

// Take takes the lease of a key for ttl. It costs one command. If another process has the lease,
// Take returns nil and how long that lease still lasts. If the key has no TTL, no cache has written
// it: Take leaves it and returns one second. If a reply is lost, the command may be sent again. It
// then finds its own token and succeeds.
func Take(
	ctx context.Context, w *wire.Client, key string, ttl time.Duration,
) (l *Lease, left time.Duration, err error) {
	l = newLease(w, key, ttl)
	now := time.Now()
	return l.outcome(ctx, w.Do(ctx, key, l.command(ctx)), now)
}

func newLease(w *wire.Client, key string, ttl time.Duration) *Lease {
	return &Lease{wire: w, key: key, token: rand.Text(), ttl: ttl}
}

// outcome returns what Take returns for a reply to the command. sent is when the command was sent.
func (l *Lease) outcome(
	ctx context.Context, reply redis.Cmder, sent time.Time,
) (*Lease, time.Duration, error) {
	left, err := l.took(reply, sent)
	if wire.Unknown(err) { // Redis may have executed the command
		l.GiveBack(ctx)
	}
	if err != nil || left >= 0 {
		return nil, left, err
	}
	return l, 0, nil
}

// GiveBack is Release that does not wait. It works even if ctx has ended.
func (l *Lease) GiveBack(ctx context.Context) {
	l.wire.Detach(ctx, l.key, redis.NewCmd(ctx, releaseScript.Args(l.key, l.token)...))
}

// Special replies of take.lua. Other replies are the PTTL of another process's lease.
const (
	mine  = -3
	noTTL = -1
)

// command returns the command that takes or renews the lease.
func (l *Lease) command(ctx context.Context) redis.Cmder {
	return redis.NewCmd(ctx, takeScript.Args(l.key, l.token, l.ttl.Milliseconds())...)
}

// took returns how long another process still has the lease, or a negative time if this process has
// it.
func (l *Lease) took(reply redis.Cmder, sent time.Time) (left time.Duration, err error) {
	ms, err := reply.(*redis.Cmd).Int64()
	if err != nil {
		return 0, wire.Err(reply)
	}
	switch ms {
	case mine:
		l.taken = sent
		return -1, nil
	case noTTL:
		return time.Second, nil
	}
	return wire.Milliseconds(max(ms, 0)), nil
}

// Keep renews the lease if a third of its TTL has passed. Then it costs one command. It also
// succeeds if the lease has expired and nobody has taken it. It returns ErrLost if another process
// has it.
func (l *Lease) Keep(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.taken) < l.ttl/3 {
		return nil
	}
	now := time.Now()
	left, err := l.took(l.wire.Do(ctx, l.key, l.command(ctx)), now)
	if err == nil && left >= 0 {
		return ErrLost
	}
	return err
}

// Release ends the lease. It costs one command. If that fails, the lease expires.
func (l *Lease) Release(ctx context.Context) error {
	return wire.Err(l.wire.Do(ctx, l.key, redis.NewCmd(ctx, releaseScript.Args(l.key, l.token)...)))
}

// Taken is the outcome of a TakeMany for one key.
type Taken struct {
	Lease *Lease        // nil if another process has it, or on an error
	Left  time.Duration // how long another process still has it
	Err   error
}

// TakeMany does for each key what Take does, in one round trip to each server.
func TakeMany(ctx context.Context, w *wire.Client, keys []string, ttl time.Duration) []Taken {
	leases, cmds := make([]*Lease, len(keys)), make([]redis.Cmder, len(keys))
	for i, key := range keys {
		leases[i] = newLease(w, key, ttl)
		cmds[i] = leases[i].command(ctx)
	}
	now := time.Now()
	w.Batch(ctx, keys, cmds)
	all := make([]Taken, len(keys))
	for i, l := range leases {
		all[i].Lease, all[i].Left, all[i].Err = l.outcome(ctx, cmds[i], now)
	}
	return all
}

// KeepMany does for each lease what Keep does, in one round trip to each server. It reports no
// errors.
func KeepMany(ctx context.Context, w *wire.Client, leases []*Lease) {
	var keys []string
	var cmds []redis.Cmder
	var kept []*Lease
	now := time.Now()
	for _, l := range leases {
		l.mu.Lock()
		defer l.mu.Unlock()
		if now.Sub(l.taken) >= l.ttl/3 {
			keys, cmds = append(keys, l.key), append(cmds, l.command(ctx))
			kept = append(kept, l)
		}
	}
	w.Batch(ctx, keys, cmds)
	for i, l := range kept {
		_, _ = l.took(cmds[i], now)
	}
}
