package store

import (
	"context"
	"iter"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/task"
	"github.com/activettl/rediscache/internal/wire"
)

// PageKeys is how many keys a walk asks for at a time.
const PageKeys = 512

// Pages walks the keys of every primary, a page at a time. It costs one SCAN for each page. It
// yields a key that exists from the beginning to the end of the walk at least once. It also yields
// keys that hold no record. An error ends the walk of its primary, and not the walks of the others.
func (s *Store) Pages(ctx context.Context) iter.Seq2[[]string, error] {
	return pages(ctx, s.wire, s.names.Prefix())
}

// Database walks the keys of a namespace, as Pages walks the keys of a cache. With an empty
// namespace it walks all keys of the database.
func Database(
	ctx context.Context, w *wire.Client, namespace string,
) iter.Seq2[[]string, error] {
	return pages(ctx, w, namespace)
}

func pages(ctx context.Context, w *wire.Client, prefix string) iter.Seq2[[]string, error] {
	return func(yield func([]string, error) bool) {
		servers, _, err := w.Servers(ctx)
		if err != nil {
			yield(nil, err)
			return
		}
		// All at the same time, so a server that does not answer does not delay the others.
		walk := func(ctx context.Context, i int, yield func(page) bool) {
			for keys, err := range servers[i].Pages(ctx, prefix, PageKeys, PageKeys) {
				if !yield(page{keys, err}) {
					return
				}
			}
		}
		for p := range task.Merge(ctx, len(servers), maxWalkers, walk) {
			if !yield(p.keys, p.err) || p.err != nil && ctx.Err() != nil {
				return
			}
		}
	}
}

// page is a page of a walk, or the error that ended it on one server.
type page struct {
	keys []string
	err  error
}

// maxWalkers is how many servers a walk asks at the same time.
const maxWalkers = 16

// Records returns the keys that hold records. It costs one TYPE for each key, in one round trip to
// each primary, and an LRANGE for each list in a second one.
func (s *Store) Records(ctx context.Context, keys []string) ([]string, error) {
	records, _, err := s.sort(ctx, keys)
	return records, err
}

// Clear removes the records among the keys, and the leases and markers of loads. It returns how
// many of each it removed, and the errors by key. A lease or marker that expires during the call
// counts too. Clear costs what Records costs, an UNLINK for each record in one more round trip, and
// a script for each hash.
func (s *Store) Clear(
	ctx context.Context, keys []string,
) (removed, voided int, failed map[string]error, err error) {
	records, hashes, err := s.sort(ctx, keys)
	if err != nil {
		return 0, 0, nil, err
	}
	failed = map[string]error{}
	removed, errs := s.DeleteMany(ctx, records)
	for i, err := range errs {
		if err != nil {
			failed[records[i]] = err
		}
	}
	cmds := make([]redis.Cmder, len(hashes))
	for i, key := range hashes {
		s.writes(key)
		cmds[i] = redis.NewCmd(ctx, clearScript.Args(key)...)
	}
	s.wire.Batch(ctx, hashes, cmds)
	for i, cmd := range cmds {
		n, err := cmd.(*redis.Cmd).Int()
		switch {
		case err == nil:
			removed += n // 1 if a record has replaced the hash since
			voided += 1 - n
			s.changed(hashes[i], change{removed: true})
		case !wire.WrongType(err): // a hash of another program stays
			failed[hashes[i]] = failure(cmd)
		}
	}
	return removed, voided, failed, nil
}

// sort returns the keys that hold records and the keys that hold hashes.
func (s *Store) sort(ctx context.Context, keys []string) (records, hashes []string, err error) {
	primaries := s.wire.Primaries()
	cmds := make([]redis.Cmder, len(keys))
	for i, key := range keys {
		cmds[i] = redis.NewStatusCmd(ctx, "type", key)
	}
	primaries.Batch(ctx, keys, cmds)
	var lists []string
	for i, cmd := range cmds {
		if err := failure(cmd); err != nil {
			return nil, nil, err
		}
		switch cmd.(*redis.StatusCmd).Val() {
		case "string":
			records = append(records, keys[i])
		case "list":
			lists = append(lists, keys[i])
		case "hash":
			hashes = append(hashes, keys[i])
		}
	}
	// This reads only the terms, and not the value before them.
	cmds = cmds[:0]
	for _, key := range lists {
		cmds = append(cmds, redis.NewStringSliceCmd(ctx, "lrange", key, 1, 2))
	}
	primaries.Batch(ctx, lists, cmds)
	for i, cmd := range cmds {
		if err := cmd.Err(); err != nil && !wire.WrongType(err) {
			return nil, nil, failure(cmd)
		}
		if _, ok := ownTTL(append([]string{""}, cmd.(*redis.StringSliceCmd).Val()...)); ok {
			records = append(records, lists[i])
		}
	}
	return records, hashes, nil
}
