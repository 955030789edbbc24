package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/recent"
)

// unreadable marks a key whose value this process could not decode.
type unreadable struct{}

// unreadableKeys is how many such keys a process remembers. Beyond that, a new key displaces
// another, whose record may then be renewed once more.
const unreadableKeys = 1 << 12

// Unreadable is told that the value of a record cannot be decoded. Until the process finds another
// value there, its reads do not renew the record, so that it expires.
func (s *Store) Unreadable(key string) {
	if s.sliding {
		s.unreadable.Put(key, recent.Forever, unreadable{})
	}
}

// Readable tells the store that a value was decoded. It reports whether the read did not renew the
// record, because the value before could not be decoded. Then the caller renews it.
func (s *Store) Readable(key string) (renew bool) {
	if _, bad := s.unreadable.Get(key); bad {
		s.unreadable.Delete(key)
		return true
	}
	return false
}

// Renew renews records that were read without: a command for each, in one round trip to each
// server.
func (s *Store) Renew(ctx context.Context, keys []string) {
	cmds := make([]redis.Cmder, len(keys))
	for i, key := range keys {
		cmds[i] = s.touch(ctx, key, true)
	}
	s.tracker.Reads().Batch(ctx, keys, cmds)
}
