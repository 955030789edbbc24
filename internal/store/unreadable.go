package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/recent"
)

// unreadable marks a key whose value this process could not decode.
type unreadable struct{}

// unreadableKeys is how many such keys a process remembers. Beyond that, a new key replaces another
// one, whose record may then be renewed once more.
const unreadableKeys = 1 << 12

// Unreadable tells the store that the value of a record cannot be decoded. From then on, reads of
// this process do not renew the record, so that it expires. This ends when the process decodes a
// value of the key, or writes the key.
func (s *Store) Unreadable(key string) {
	if s.sliding {
		s.unreadable.Put(key, recent.Forever, unreadable{})
	}
}

// Readable tells the store that a value was decoded. It returns true if the read did not renew the
// record, because the previous value could not be decoded. Then the caller must renew it.
func (s *Store) Readable(key string) (renew bool) {
	if _, bad := s.unreadable.Get(key); bad {
		s.unreadable.Delete(key)
		return true
	}
	return false
}

// Renew renews records whose reads did not renew them. It costs one command for each, in one round
// trip to each server.
func (s *Store) Renew(ctx context.Context, keys []string) {
	cmds := make([]redis.Cmder, len(keys))
	for i, key := range keys {
		cmds[i] = s.touch(ctx, key, true)
	}
	s.tracker.Reads().Batch(ctx, keys, cmds)
}
