package store

import (
	"context"
	"slices"
	"time"

	"github.com/redis/go-redis/v9"
)

// A pipeline is cut into chunks, so that neither side has to hold the whole of
// a large batch.
const (
	chunkKeys  = 1000
	chunkBytes = 8 << 20
)

// Reply is the outcome for one key of a batch.
type Reply struct {
	Value []byte
	Err   error
}

// GetMany does what Get does for each key, in one round trip per chunk of 1000
// keys (to each node, in a cluster).
func (s *Store) GetMany(ctx context.Context, keys []string) []Reply {
	return s.readMany(ctx, keys, s.renewal, s.tracker)
}

// PeekMany does what Peek does for each key, in one round trip per chunk of
// 1000 keys (to each node, in a cluster).
func (s *Store) PeekMany(ctx context.Context, keys []string) []Reply {
	return s.readMany(ctx, keys, int64(0), nil)
}

func (s *Store) readMany(ctx context.Context, keys []string, renewal any, tracker *tracker) []Reply {
	replies := make([]Reply, len(keys))
	for done := 0; done < len(keys); done += chunkKeys {
		end := min(done+chunkKeys, len(keys))
		if s.renewals != nil && renewal != int64(0) {
			s.readChunkTolerant(ctx, keys[done:end], replies[done:end])
		} else {
			s.readChunk(ctx, keys[done:end], renewal, tracker, replies[done:end])
		}
	}
	return replies
}

func (s *Store) readChunk(ctx context.Context, keys []string, renewal any, tracker *tracker, replies []Reply) {
	notes, ride := s.notes(ctx, tracker, 0, len(keys), func(i int) string { return keys[i] })
	var special []int // what a plain read does not serve
	if s.ownTerms.Load() {
		special = make([]int, len(keys))
		for i := range keys {
			special[i] = i
		}
	} else {
		cmds := pipeline(ctx, s.rdb, len(keys), func(i int, _ bool) *redis.StringCmd {
			return readCmd(ctx, keys[i], renewal)
		}, ride...)
		ride = nil
		for i, cmd := range cmds {
			value, err := cmd.Bytes()
			if wrongType(err) {
				special = append(special, i)
				continue
			}
			replies[i] = Reply{value, failure(err)}
		}
	}
	cmds := pipeline(ctx, s.rdb, len(special), func(i int, whole bool) *redis.StringCmd {
		return redis.NewStringCmd(ctx, getScript.args(whole, keys[special[i]], renewal)...)
	}, ride...)
	for i, cmd := range cmds {
		value, err := s.met(cmd)
		replies[special[i]] = Reply{value, err}
	}
	s.settle(ctx, notes)
}

// Item is a record to write.
type Item struct {
	Key   string
	Value []byte
}

// SetMany does what Set does for each item, in one round trip per chunk of 1000
// items or 8 MiB (to each node, in a cluster). It returns an error, or nil, for
// each item.
func (s *Store) SetMany(ctx context.Context, items []Item, own time.Duration) []error {
	errs := make([]error, len(items))
	for done := 0; done < len(items); {
		end, size := done, 0
		for end < len(items) && end-done < chunkKeys && (end == done || size+len(items[end].Value) <= chunkBytes) {
			size += len(items[end].Value)
			end++
		}
		s.setChunk(ctx, items[done:end], own, errs[done:end])
		done = end
	}
	return errs
}

func (s *Store) setChunk(ctx context.Context, items []Item, own time.Duration, errs []error) {
	if s.renewals != nil {
		sent := s.renewals.Now()
		defer func() {
			for i, err := range errs {
				if err == nil {
					s.wrote(items[i].Key, sent, own)
				}
			}
		}()
	}
	if s.keepsTerms(own) {
		cmds := pipeline(ctx, s.rdb, len(items), func(i int, whole bool) *redis.Cmd {
			return redis.NewCmd(ctx, setScript.args(whole, items[i].Key, s.setArgs(items[i].Value, own)...)...)
		})
		for i, cmd := range cmds {
			errs[i] = failure(cmd.Err())
		}
		return
	}
	notes, ride := s.notes(ctx, s.tracker, s.life(own), len(items), func(i int) string { return items[i].Key })
	cmds := pipeline(ctx, s.rdb, len(items), func(i int, _ bool) *redis.StatusCmd {
		return s.setCmd(ctx, items[i].Key, items[i].Value, own)
	}, ride...)
	s.settle(ctx, notes)
	for i, cmd := range cmds {
		errs[i] = failure(cmd.Err())
	}
}

// DeleteMany does what Delete does for each key, in one round trip per chunk of
// 1000 keys (to each node, in a cluster). It returns how many there were to
// remove, and an error, or nil, for each key.
func (s *Store) DeleteMany(ctx context.Context, keys []string) (removed int, errs []error) {
	errs = make([]error, 0, len(keys))
	defer s.forget(keys...)
	for chunk := range slices.Chunk(keys, chunkKeys) {
		cmds := pipeline(ctx, s.rdb, len(chunk), func(i int, _ bool) *redis.IntCmd { return deleteCmd(ctx, chunk[i]) })
		for _, cmd := range cmds {
			removed += int(cmd.Val())
			errs = append(errs, failure(cmd.Err()))
		}
	}
	return removed, errs
}
