package access

import (
	"context"
	"errors"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// notes reports whether an access to a key with one of the sender's commands must be noted.
func (s sender) notes(key string) bool {
	if s.ttl > s.index.ttl {
		return true // so that a longer TTL becomes known
	}
	how, ok := s.index.noted.Get(key)
	return !ok || s.ttl > 0 && how != added
}

// riders returns the notes of accesses to these keys, one command for each shard.
func (s sender) riders(ctx context.Context, keys []string) (riders []wire.Rider) {
	var byShard map[int][]string // made on demand: most accesses are noted already
	for _, key := range keys {
		if s.notes(key) {
			if byShard == nil {
				byShard = map[int][]string{}
			}
			byShard[shardOf(key)] = append(byShard[shardOf(key)], key)
		}
	}
	if byShard == nil {
		return nil
	}
	x := s.index
	riders = x.longestRiders(ctx, s.ttl)
	now := x.noted.Now()
	for shard, keys := range byShard {
		if x.health[shard].usable(now) {
			riders = append(riders, x.indexWrite(ctx, shard, keys, s.ttl > 0, now))
		}
	}
	return riders
}

// indexWrite returns the command that notes accesses to keys of one shard. An access that does not
// write is noted only for keys that the index has. Most of the others would be misses.
func (x *Index) indexWrite(
	ctx context.Context, shard int, keys []string, write bool, now time.Duration,
) wire.Rider {
	known, as := 1, ifKnown
	if write {
		known, as = 0, added
	}
	prune := 0
	if x.known.Load() {
		prune = 1
	}
	args := []any{known, x.lifetime(), x.window.Milliseconds(), prune}
	for _, key := range keys {
		args = append(args, x.names.Text(key))
	}
	name := x.names.Seen(shard)
	return wire.Rider{
		Key: name,
		Cmd: redis.NewCmd(ctx, trackScript.Args(name, args...)...),
		Done: func(r wire.Rider) {
			err := r.Cmd.Err()
			lost := err != nil && !wire.Answered(err)
			x.health[shard].ended(x.noted.Now(), x.window, lost && r.Alone)
			if err == nil {
				for _, key := range keys {
					x.noted.Put(key, now+x.again, as)
				}
			}
		},
	}
}

// longestRiders returns the command that tells all processes of a TTL longer than the policy's, or
// the command that asks for it, or nil. Each is sent at most once in a window. A TTL longer than
// all known ones is sent at once.
func (x *Index) longestRiders(ctx context.Context, ttl time.Duration) []wire.Rider {
	now, key := x.noted.Now(), x.names.Longest()
	rider := wire.Rider{Key: key, Done: func(r wire.Rider) {
		ms, err := r.Cmd.(*redis.Cmd).Int64()
		if err == nil {
			x.raise(ms)
		}
		if err == nil || errors.Is(err, redis.Nil) {
			x.known.Store(true)
		}
	}}
	switch ms := ttl.Milliseconds(); {
	case ttl > x.ttl && (x.raise(ms) || x.claim(&x.toldAt, now)):
		x.toldAt.Store(int64(now))
		rider.Cmd = redis.NewCmd(ctx, longestScript.Args(key, ms)...)
	case x.claim(&x.askedAt, now):
		rider.Cmd = redis.NewCmd(ctx, "get", key)
	default:
		return nil
	}
	return []wire.Rider{rider}
}

// claim reports whether a window has passed since a time, and then sets that time to now. Of
// several goroutines, one gets true.
func (x *Index) claim(since *atomic.Int64, now time.Duration) bool {
	last := since.Load()
	return now-time.Duration(last) >= x.window && since.CompareAndSwap(last, int64(now))
}

// raise makes the longest known TTL at least ms, and reports whether it was less.
func (x *Index) raise(ms int64) bool {
	for {
		known := x.longest.Load()
		if ms <= known {
			return false
		}
		if x.longest.CompareAndSwap(known, ms) {
			return true
		}
	}
}

// health says whether the server of a shard answers. If it does not, notes are left out, or they
// would pile up.
type health struct {
	mu       sync.Mutex
	inFlight int
	progress time.Duration // when a note last ended, or began with no other in flight
	until    time.Duration // when the shard is tried again
}

// slow is how long notes in flight may take before further notes are left out. That ends when one
// of them ends.
const slow = 100 * time.Millisecond

// usable reports whether a note may be sent now. If so, ended must follow.
func (h *health) usable(now time.Duration) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if now < h.until || h.inFlight > 0 && now-h.progress > slow {
		return false
	}
	if h.inFlight == 0 {
		h.progress = now
	}
	h.inFlight++
	return true
}

// settleLimit is how long Settle waits at most.
const settleLimit = 500 * time.Millisecond

// Settle waits until the notes that this process has sent are in the index, so that a look finds
// them. It stops waiting when settleLimit has passed or ctx ends.
func (x *Index) Settle(ctx context.Context) {
	for end := time.Now().Add(settleLimit); x.busy() && ctx.Err() == nil &&
		time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
}

func (x *Index) busy() bool {
	for i := range x.health {
		h := &x.health[i]
		h.mu.Lock()
		n := h.inFlight
		h.mu.Unlock()
		if n > 0 {
			return true
		}
	}
	return false
}

// ended ends a note. After a lost note, the shard gets no notes for a window.
func (h *health) ended(now, window time.Duration, lost bool) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.inFlight--
	h.progress = now
	if lost {
		h.until = now + window
	}
}
