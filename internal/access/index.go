// Package access keeps the index of accesses that a Fixed cache needs for its sweep. Under a policy
// that does not renew, nothing else in Redis shows when a record was last used.
//
// The index is 16 sorted sets, its shards. A member is the text of a key. Its score is when the
// record was last accessed, by the server's clock. The entries need not match the records exactly.
// A sweep removes the entries of records that are gone. Each note removes some entries that are too
// old to belong to existing records. A record without an entry counts as accessed when a sweep
// first finds it.
package access

import (
	"context"
	"embed"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/wire"
)

//go:embed scripts/*.lua
var scripts embed.FS

var (
	trackScript   = newScript("track", wire.LuaNow, wire.LuaExpire)
	seenScript    = newScript("seen", wire.LuaNow, wire.LuaExpire)
	forgetScript  = newScript("forget", wire.LuaNow)
	pruneScript   = newScript("prune")
	longestScript = newScript("longest")
)

// newScript makes a script of a file and of what it needs.
func newScript(name string, needs ...string) wire.Script {
	return wire.NewScript(append(needs, wire.LuaFile(scripts, name))...)
}

// Index is the index of one cache. It is safe for concurrent use.
type Index struct {
	wire   *wire.Client
	names  names.Names
	ttl    time.Duration
	window time.Duration
	again  time.Duration // how long after a note this process notes no access to the key again

	noted  *recent.Table[how] // accesses that need not be noted again yet
	health [shards]health

	reads, writes wire.Sender // made once

	longest atomic.Int64 // the longest TTL that this process knows a record was given, in ms
	known   atomic.Bool  // Redis has answered what the longest TTL is
	askedAt atomic.Int64 // when Redis was last asked for longest, by the clock of noted
	toldAt  atomic.Int64 // when longest was last sent to Redis
}

// how an access was noted.
type how bool

const (
	ifKnown how = false // only if the index had the key
	added   how = true
)

// tableKeys is how many keys a process remembers as noted.
const tableKeys = 1 << 16

// New returns the index of a cache whose records live for ttl.
func New(w *wire.Client, n names.Names, ttl time.Duration) *Index {
	x := &Index{wire: w, names: n, ttl: ttl, window: Window(ttl), noted: recent.New[how](tableKeys)}
	x.again = x.window
	x.askedAt.Store(int64(-x.window))
	x.toldAt.Store(int64(-x.window))
	x.reads, x.writes = sender{x, 0}, sender{x, ttl}
	return x
}

// shards is how many parts the index has, so that it spreads over a cluster and none of its keys
// grows too large to handle.
const shards = 16

// shardOf returns the shard that has the entry of a record. The hash slot decides, so that the
// records of one server of a cluster share few shards.
func shardOf(key string) int { return slotOf(key) * shards / slots }

const (
	minWindow = 10 * time.Millisecond
	maxWindow = time.Minute
)

// Window returns the time within which a process notes at most one access to a record with this
// TTL: a twentieth of the TTL, from 10 ms to a minute. So a sweep keeps a record for up to a window
// longer than its maximum idle time.
func Window(ttl time.Duration) time.Duration { return min(max(ttl/20, minWindow), maxWindow) }

// Window returns the window of the index.
func (x *Index) Window() time.Duration { return x.window }

// Halve is for a cache that answers reads from memory. The index learns of such reads later. After
// Halve, it notes an access again after half a window. Halve returns the other half: for that time,
// a copy may answer reads that the index does not see.
func (x *Index) Halve() (answers time.Duration) {
	x.again = x.window / 2
	return x.again
}

// HasLongerTTL reports whether the index knows of records with a longer TTL than the policy's.
func (x *Index) HasLongerTTL() bool { return x.longest.Load() > x.ttl.Milliseconds() }

// lifetime returns how long a record may live, in milliseconds.
func (x *Index) lifetime() int64 { return max(x.ttl.Milliseconds(), x.longest.Load()) }

// shardTTL returns the least TTL of a shard, in milliseconds. A shard outlives its records.
func (x *Index) shardTTL() int64 { return 2 * (x.lifetime() + x.window.Milliseconds()) }

// Reads returns the Sender for commands that read, update or renew records. It notes these
// accesses. If one server holds all keys, the note goes in the same round trip. Otherwise it is
// sent alone, and nobody waits for it. A note that fails does not fail the command. The next access
// is then noted again.
func (x *Index) Reads() wire.Sender { return x.reads }

// Writes is Reads for commands that write records with this TTL.
func (x *Index) Writes(ttl time.Duration) wire.Sender {
	if ttl == x.ttl {
		return x.writes
	}
	return sender{x, ttl}
}

// Removed tells the index that a record was removed. The next access to the key is then noted
// again, since the entry is gone or will be.
func (x *Index) Removed(key string) { x.noted.Delete(key) }

// sender sends commands that are accesses, and notes them.
type sender struct {
	index *Index
	ttl   time.Duration // the commands give the records this TTL; 0 if they write none
}

// Do implements wire.Sender.
func (s sender) Do(ctx context.Context, key string, cmd redis.Cmder) redis.Cmder {
	if !s.notes(key) {
		return s.index.wire.Do(ctx, key, cmd)
	}
	keys, cmds := []string{key}, []redis.Cmder{cmd}
	riders := s.riders(ctx, keys)
	if len(riders) == 0 { // the server of the shard does not answer
		return s.index.wire.Do(ctx, key, cmd)
	}
	s.index.wire.BatchWith(ctx, keys, cmds, riders)
	return cmds[0]
}

// Batch implements wire.Sender.
func (s sender) Batch(ctx context.Context, keys []string, cmds []redis.Cmder) {
	s.index.wire.BatchWith(ctx, keys, cmds, s.riders(ctx, keys))
}
