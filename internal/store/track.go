package store

import (
	"context"
	"fmt"
	"hash/maphash"
	"strconv"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/clock"
)

// The index of accesses is a sorted set per shard: the text of a key, and when it
// was last accessed by the server's clock. It is of use only under a policy that
// does not renew. Its entries follow the records loosely: a sweep takes out those
// of dead records, each write takes out some of those that are too old to be of
// live ones, and a record that has no entry counts as accessed when a sweep first
// meets it.

// shards is how many parts the index has, so that it spreads over a cluster and
// none of its keys grows too large to handle.
const shards = 16

// shardOf returns the key in Redis of the shard that has the record's entry. It
// goes by hash slot, so that records of one node of a cluster share few shards.
func (s *Store) shardOf(key string) string {
	return s.shard(slotOf(key) * shards / slots)
}

func (s *Store) shard(n int) string { return s.bookkeeping("seen:" + strconv.Itoa(n)) }

// member returns what stands in the index for a record.
func (s *Store) member(key string) string { return key[len(s.prefix):] }

// tracker remembers which accesses this process has noted in the index, so that
// it notes a key once in a window at most. It forgets when two keys share a slot,
// which costs one more note and never one too few: a mark is 56 bits of the key's
// hash.
type tracker struct {
	clock.Clock
	window time.Duration
	seed   maphash.Seed
	slots  [1 << 16]atomic.Uint64
}

const (
	minWindow = 10 * time.Millisecond
	maxWindow = time.Minute
)

// windowOf returns the window for records with this TTL: a twentieth of it, and a
// minute at most. It is how much longer than its idle time a record may stay.
func windowOf(ttl time.Duration) time.Duration {
	return min(max(ttl/20, minWindow), maxWindow)
}

func newTracker(ttl time.Duration) *tracker {
	return &tracker{
		Clock:  clock.Start(),
		window: windowOf(ttl),
		seed:   maphash.MakeSeed(),
	}
}

// mark is what stands in a slot when an access is noted.
type mark struct {
	slot *atomic.Uint64
	want uint64
}

// added is the bit of a mark that tells that the index has the key: the note of a
// read, which may have been a miss, adds none.
const added = 1

// look returns the mark of a key in this window, by a write or by another access.
func (t *tracker) look(key string, write bool) mark {
	hash := maphash.String(t.seed, key)
	window := uint64(t.Now()/t.window) + 1
	want := hash&^(1<<24-1) | window<<1&(1<<24-1)
	if write {
		want |= added
	}
	return mark{&t.slots[hash%uint64(len(t.slots))], want}
}

// noted reports whether the access need not be noted any more: a write has been, or
// any access if this is no write.
func (m mark) noted() bool {
	have := m.slot.Load()
	return have == m.want || have == m.want|added
}

func (m mark) note() { m.slot.Store(m.want) }

// note is a command that notes accesses in one shard, and their marks.
type note struct {
	shard string
	args  []any
	marks []mark
	cmd   *redis.Cmd
}

// newNote returns a note of accesses that give a record so long to live, or of 0
// if they are not writes: then it is not for the index to know a key that it does
// not know, since most of these would be misses.
func (s *Store) newNote(shard string, life time.Duration) *note {
	known := 0
	if life == 0 {
		known = 1
	}
	return &note{shard: shard, args: []any{known, s.policy, s.tracker.window.Milliseconds(), life.Milliseconds()}}
}

// indexTTL is the least TTL of a shard: it outlives the records that it is about.
func (s *Store) indexTTL() int64 { return 2 * (s.ttl + s.tracker.window).Milliseconds() }

// access sends a command that is an access to a record, and notes the access in
// the same round trip if it is to be noted.
func (s *Store) access(ctx context.Context, key string, cmd redis.Cmder) error {
	return s.accessFor(ctx, key, cmd, 0)
}

// accessFor is access by a command that gives a record so long to live; 0 if it is
// not a write.
func (s *Store) accessFor(ctx context.Context, key string, cmd redis.Cmder, life time.Duration) error {
	if s.tracker == nil {
		return s.send(ctx, key, cmd)
	}
	notes, ride := s.notes(ctx, s.tracker, life, 1, func(int) string { return key })
	if len(ride) == 0 {
		return s.send(ctx, key, cmd)
	}
	pipe := s.rdb.Pipeline()
	_ = pipe.Process(ctx, ride[0])
	_ = pipe.Process(ctx, cmd)
	exec(ctx, pipe)
	rediscover(ctx, s.rdb, cmd.Err())
	s.settle(ctx, notes)
	return nil
}

// notes returns the notes of accesses to n keys, one per shard, and their
// commands.
func (s *Store) notes(ctx context.Context, t *tracker, life time.Duration, n int, key func(i int) string) (notes []*note, cmds []redis.Cmder) {
	if t == nil {
		return nil, nil
	}
	var byShard map[string]*note // made when it is needed: most accesses are noted already
	for i := range n {
		k := key(i)
		m := t.look(k, life > 0)
		if m.noted() && life <= s.ttl {
			continue
		}
		shard := s.shardOf(k)
		in := byShard[shard]
		if in == nil {
			in = s.newNote(shard, life)
			if byShard == nil {
				byShard = map[string]*note{}
			}
			byShard[shard] = in
			notes = append(notes, in)
		}
		in.args, in.marks = append(in.args, s.member(k)), append(in.marks, m)
	}
	for _, n := range notes {
		n.cmd = redis.NewCmd(ctx, trackScript.args(false, n.shard, n.args...)...)
		cmds = append(cmds, n.cmd)
	}
	return notes, cmds
}

// settle takes the replies to notes. An access that could not be noted is not an
// error of the operation, which may have succeeded; the next one is noted again. A
// server that answers but has no memory takes the entry out, so that the record
// counts as used; from one that does not answer, an old entry stays.
func (s *Store) settle(ctx context.Context, notes []*note) {
	for _, n := range notes {
		err := n.cmd.Err()
		if noScript(err) {
			cmd := redis.NewCmd(ctx, trackScript.args(true, n.shard, n.args...)...)
			if err = s.send(ctx, n.shard, cmd); err == nil {
				err = cmd.Err()
			}
		}
		if err != nil {
			continue
		}
		for _, m := range n.marks {
			m.note()
		}
	}
}

// forget lets the next access to each key be noted, whatever was noted before:
// after a record is removed, its entry in the index is, or will be.
func (s *Store) forget(keys ...string) {
	if s.tracker == nil {
		return
	}
	for _, key := range keys {
		m := s.tracker.look(key, false)
		m.slot.CompareAndSwap(m.want, 0)
		m.slot.CompareAndSwap(m.want|added, 0)
	}
}

// idle returns how long ago a record was accessed, or -1 if the index does not
// have it.
func (s *Store) idle(ctx context.Context, key string) (time.Duration, error) {
	ms, err := run(ctx, s.send, redis.NewCmd, seenScript, s.shardOf(key), 0, s.member(key)).Int64Slice()
	switch {
	case err != nil:
		return -1, failure(err)
	case len(ms) != 1:
		return -1, fmt.Errorf("seen: %d numbers in the reply, want 1", len(ms))
	case ms[0] < 0:
		return -1, nil
	}
	return milliseconds(ms[0]), nil
}
