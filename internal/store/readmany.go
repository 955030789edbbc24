package store

import (
	"context"
	"iter"

	"github.com/activettl/rediscache/internal/task"
	"github.com/activettl/rediscache/internal/wire"
)

// Reply is the outcome for one key of a batch.
type Reply struct {
	Value []byte
	Err   error
}

// GetMany does for each key what Get does, in one round trip to each server for each chunk of keys.
// It yields the index of a key and its reply. It drops the replies of a chunk before it reads the
// next one.
func (s *Store) GetMany(ctx context.Context, keys []string) iter.Seq2[int, Reply] {
	return replies(s.readMany(ctx, s.tracker.Reads(), keys, manner{renews: s.sliding}))
}

// PeekMany is GetMany for a walk over the cache: it renews nothing, and asks the primaries.
func (s *Store) PeekMany(ctx context.Context, keys []string) iter.Seq2[int, Reply] {
	return replies(s.readMany(ctx, s.wire.Primaries(), keys, manner{}))
}

// manner says how a batch of keys is read.
type manner struct {
	renews  bool
	through bool // for a read-through
	copies  bool // for copies in memory
	bound   bound
	before  func(i int) // is called for each key before it is read; nil for none
}

// bound makes the context of each round trip of a read-through. It is nil for other reads.
type bound func(context.Context) context.Context

func (b bound) apply(ctx context.Context) context.Context {
	if b == nil {
		return ctx
	}
	return b(ctx)
}

func replies(reads iter.Seq2[int, *read]) iter.Seq2[int, Reply] {
	return func(yield func(int, Reply) bool) {
		for i, r := range reads {
			if !yield(i, Reply{r.value, r.err}) {
				return
			}
		}
	}
}

func (s *Store) readMany(
	ctx context.Context, by wire.Sender, keys []string, how manner,
) iter.Seq2[int, *read] {
	return func(yield func(int, *read) bool) {
		servers, err := s.wire.Split(ctx, keys)
		if err != nil {
			for i := range keys {
				if !yield(i, &read{err: err}) {
					return
				}
			}
			return
		}
		// Each server has its own chunks, so a server that does not answer does not delay the
		// others.
		for c := range task.Merge(ctx, len(servers), max(len(servers), 1),
			func(ctx context.Context, n int, yield func(chunk) bool) {
				s.readServer(ctx, by, keys, servers[n], how, yield)
			}) {
			for i := range c.plans {
				more := yield(c.of[i], &c.plans[i])
				c.plans[i] = read{} // so that the garbage collector can free its value
				if !more {
					return
				}
			}
		}
	}
}

// chunk is some keys of one server and the plans that have read them.
type chunk struct {
	of    []int // the indices of the keys
	plans []read
}

// readServer reads the keys at these indices, which one server holds, in chunks.
func (s *Store) readServer(
	ctx context.Context, by wire.Sender, keys []string, of []int, how manner,
	yield func(chunk) bool,
) {
	if !s.wire.ReadsReplicas() { // go-redis may send the next chunk to another server
		by = wire.UntilSilent(by)
	}
	most := chunkKeys
	if how.through && s.notDue != nil {
		most = chunkScripts
	}
	for len(of) > 0 {
		part := of[:min(s.window.size(), len(of), most)]
		plans := make([]read, len(part))
		for i, at := range part {
			plans[i] = s.newRead(keys[at], how.renews)
			plans[i].through, plans[i].copies = how.through, how.copies
			if how.before != nil {
				how.before(at)
			}
		}
		many(how.bound.apply(ctx), by, pick(keys, part), func(i int) plan { return &plans[i] })
		var found sizes
		for i := range plans {
			if plans[i].err == nil {
				found.add(len(plans[i].value))
			}
		}
		s.window.noticeChunk(len(part), found)
		if !yield(chunk{part, plans}) {
			return
		}
		of = of[len(part):]
	}
}

// pick returns the keys at these indices, which are in ascending order.
func pick(keys []string, of []int) []string {
	if first, last := of[0], of[len(of)-1]; last-first == len(of)-1 { // one server has them all
		return keys[first : last+1]
	}
	picked := make([]string, len(of))
	for i, at := range of {
		picked[i] = keys[at]
	}
	return picked
}

// spread calls do for each server at the same time, with the indices of the keys that it holds.
func (s *Store) spread(ctx context.Context, keys []string, do func(of []int)) error {
	servers, err := s.wire.Split(ctx, keys)
	if err != nil {
		return err
	}
	sends := make([]func(), len(servers))
	for n, of := range servers {
		sends[n] = func() { do(of) }
	}
	task.Together(sends)
	return nil
}

// A batch is cut into chunks, so that neither side has to hold the whole of a large one.
const (
	chunkKeys  = 1000
	chunkBytes = 8 << 20 // of values to write

	// For scripts of a read-through: a healthy server answers 100 of them in far less time than a
	// read-through waits for Redis.
	chunkScripts = 100
)

// chunks calls do with the indices of the keys of one chunk after the other, for all servers at the
// same time. do sends the chunk with the Sender that it gets, which is by until the server is
// silent. A chunk has at least one key, and at most most keys and mostBytes bytes.
func (s *Store) chunks(
	ctx context.Context, by wire.Sender, keys []string, most, mostBytes int,
	size func(i int) int, do func(by wire.Sender, part []int),
) error {
	return s.spread(ctx, keys, func(of []int) {
		by := wire.UntilSilent(by)
		for len(of) > 0 {
			n := fits(of, most, mostBytes, size)
			do(by, of[:n])
			of = of[n:]
		}
	})
}

func noBytes(int) int { return 0 }

// fits returns how many of the keys at these indices the next chunk may have.
func fits(of []int, most, mostBytes int, size func(i int) int) (n int) {
	bytes := 0
	for n < len(of) && n < most {
		if bytes += size(of[n]); n > 0 && bytes > mostBytes {
			break
		}
		n++
	}
	return n
}
