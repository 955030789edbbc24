package store

import (
	"context"
	"iter"
	"slices"

	"github.com/redis/go-redis/v9"
)

// pageKeys is how many keys a walk asks for at a time.
const pageKeys = 512

// Pages walks the keys of every primary, a page at a time: one SCAN each. Every
// key that is there from the beginning to the end comes at least once. An error
// ends the walk of the primary it came from, not that of the others. Keys that
// hold no record come too.
func (s *Store) Pages(ctx context.Context) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		nodes, _, err := s.primaries(ctx)
		if err != nil {
			yield(nil, failure(err))
			return
		}
		for _, n := range nodes {
			for page, err := range s.pages(ctx, n, pageKeys) {
				if !yield(page, failure(err)) || err != nil && ctx.Err() != nil {
					return
				}
			}
		}
	}
}

// pages walks the keys of one server. It ends with the first error.
func (s *Store) pages(ctx context.Context, n node, size int) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		for cursor := uint64(0); ; {
			keys, next, err := n.scan(ctx, cursor, s.prefix+"*", size)
			if err != nil {
				yield(nil, err)
				return
			}
			slices.Sort(keys) // SCAN may give a key twice in a page
			keys = slices.Compact(keys)
			if len(keys) == 0 && !yield(nil, nil) { // a page all the same, to whoever paces the walk
				return
			}
			for chunk := range slices.Chunk(keys, pageKeys) {
				if !yield(chunk, nil) {
					return
				}
			}
			if cursor = next; cursor == 0 {
				return
			}
		}
	}
}

// Records returns those of the keys that hold records: one TYPE each, in one
// round trip (to each node, in a cluster), and an LRANGE for each list in a second
// one.
func (s *Store) Records(ctx context.Context, keys []string) ([]string, error) {
	cmds := pipeline(ctx, s.rdb, len(keys), func(i int, _ bool) *redis.StatusCmd {
		return redis.NewStatusCmd(ctx, "type", keys[i])
	})
	var records, lists []string
	for i, cmd := range cmds {
		kind, err := cmd.Result()
		switch {
		case err != nil:
			return nil, failure(err)
		case kind == "string":
			records = append(records, keys[i])
		case kind == "list":
			lists = append(lists, keys[i])
		}
	}
	// What stands behind the value, and not the value.
	behind := pipeline(ctx, s.rdb, len(lists), func(i int, _ bool) *redis.StringSliceCmd {
		return redis.NewStringSliceCmd(ctx, "lrange", lists[i], 1, 3)
	})
	for i, cmd := range behind {
		terms, err := cmd.Result()
		if err != nil && !wrongType(err) {
			return nil, failure(err)
		}
		if _, ok := ownTTL(terms); ok {
			records = append(records, lists[i])
		}
	}
	return records, nil
}
