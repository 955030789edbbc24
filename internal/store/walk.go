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
		scans, err := s.primaries(ctx)
		if err != nil {
			yield(nil, failure(err))
			return
		}
		for _, scan := range scans {
			for cursor := uint64(0); ; {
				keys, next, err := scan(ctx, cursor, s.prefix+"*", pageKeys)
				if err != nil {
					if !yield(nil, failure(err)) || ctx.Err() != nil {
						return
					}
					break
				}
				slices.Sort(keys) // SCAN may give a key twice in a page
				for chunk := range slices.Chunk(slices.Compact(keys), pageKeys) {
					if !yield(chunk, nil) {
						return
					}
				}
				if cursor = next; cursor == 0 {
					break
				}
			}
		}
	}
}

// Records returns those of the keys that hold records: one TYPE each, in one
// round trip (to each node, in a cluster).
func (s *Store) Records(ctx context.Context, keys []string) ([]string, error) {
	cmds := pipeline(ctx, s.rdb, len(keys), func(i int, _ bool) *redis.StatusCmd {
		return redis.NewStatusCmd(ctx, "type", keys[i])
	})
	var records []string
	for i, cmd := range cmds {
		kind, err := cmd.Result()
		if err != nil {
			return nil, failure(err)
		}
		if kind == "string" || kind == "list" {
			records = append(records, keys[i])
		}
	}
	return records, nil
}
