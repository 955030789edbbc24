// Package lease gives one process at a time the right to do something. A lease is a key in Redis
// with a TTL that holds a token of its holder.
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

// ErrLost says that another process has the lease by now.
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

// Take takes the lease of a key for ttl: one command. If another process has it, Take returns nil
// and how long that lease still lasts. For a key without a TTL, which no cache has written, that is
// a second, and the key stays. If a reply is lost, the command may be sent again; it then finds its
// own token and succeeds.
func Take(
	ctx context.Context, w *wire.Client, key string, ttl time.Duration,
) (l *Lease, left time.Duration, err error) {
	l = &Lease{wire: w, key: key, token: rand.Text(), ttl: ttl}
	left, err = l.take(ctx)
	if wire.Unknown(err) { // it may have been taken all the same
		l.GiveBack(ctx)
	}
	if err != nil || left >= 0 {
		return nil, left, err
	}
	return l, 0, nil
}

// GiveBack is Release that does not wait, also if ctx has ended.
func (l *Lease) GiveBack(ctx context.Context) {
	l.wire.Detach(ctx, l.key, redis.NewCmd(ctx, releaseScript.Args(l.key, l.token)...))
}

// Replies to a take.
const (
	mine  = -3
	noTTL = -1
)

// take returns how long another process has the lease, or a negative time if this one has it.
func (l *Lease) take(ctx context.Context) (left time.Duration, err error) {
	now := time.Now()
	args := takeScript.Args(l.key, l.token, l.ttl.Milliseconds())
	cmd := l.wire.Do(ctx, l.key, redis.NewCmd(ctx, args...)).(*redis.Cmd)
	ms, err := cmd.Int64()
	if err != nil {
		return 0, wire.Err(cmd)
	}
	switch ms {
	case mine:
		l.taken = now
		return -1, nil
	case noTTL:
		return time.Second, nil
	}
	return wire.Milliseconds(max(ms, 0)), nil
}

// Keep renews the lease when a third of its TTL has passed: one command. It succeeds also if the
// lease has expired and nobody has taken it. It returns ErrLost if another process has it.
func (l *Lease) Keep(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.taken) < l.ttl/3 {
		return nil
	}
	left, err := l.take(ctx)
	if err == nil && left >= 0 {
		return ErrLost
	}
	return err
}

// Release ends the lease: one command. If that fails, the lease expires by itself.
func (l *Lease) Release(ctx context.Context) error {
	return wire.Err(l.wire.Do(ctx, l.key, redis.NewCmd(ctx, releaseScript.Args(l.key, l.token)...)))
}
