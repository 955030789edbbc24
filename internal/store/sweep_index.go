package store

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/sweep"
)

// judgeByIndex returns the keys of the records whose last access stands in the
// index and is long ago.
func (p *pass) judgeByIndex(ctx context.Context, keys []string, part *sweep.Result) (idle []string, err error) {
	records, err := p.Records(ctx, keys)
	if err != nil {
		part.Failed += len(keys)
		return nil, err
	}
	part.Scanned += len(records)
	byShard := map[string][]string{}
	for _, key := range records {
		shard := p.shardOf(key)
		byShard[shard] = append(byShard[shard], key)
	}
	names := make([]string, 0, len(byShard))
	for shard := range byShard {
		names = append(names, shard)
	}
	// A record that is not in the index counts as accessed now.
	var add any = p.indexTTL()
	if p.DryRun {
		add = 0
	}
	cmds := pipeline(ctx, p.rdb, len(names), func(i int, whole bool) *redis.Cmd {
		args := []any{add}
		for _, key := range byShard[names[i]] {
			args = append(args, p.member(key))
		}
		return redis.NewCmd(ctx, seenScript.args(whole, names[i], args...)...)
	})
	for i, cmd := range cmds {
		of := byShard[names[i]]
		ms, err := cmd.Int64Slice()
		if err == nil && len(ms) != len(of) {
			err = fmt.Errorf("seen: %d numbers in the reply, want %d", len(ms), len(of))
		}
		if err != nil {
			if fatal := p.fail(ctx, err, part, len(of)); fatal != nil {
				return nil, fatal
			}
			continue
		}
		for j, key := range of {
			since := milliseconds(ms[j])
			part.LongestIdle = max(part.LongestIdle, since)
			if since >= p.staleAfter() {
				idle = append(idle, key)
			}
		}
	}
	return idle, nil
}

// staleAfter is the age of an entry in the index that proves a record idle: within
// a window, a process does not note an access again.
func (p *pass) staleAfter() time.Duration { return p.maxIdle + p.tracker.window }

// removeByIndex removes those records whose last access is long ago on the second
// look. Where the index is on the same server, both are looked at and removed as
// one. In a cluster the entry is taken out first, and the record then, if nobody has
// Set it meanwhile; one that is read or updated between the two is removed.
func (p *pass) removeByIndex(ctx context.Context, idle []string, part *sweep.Result) error {
	after := p.staleAfter().Milliseconds()
	p.forget(idle...) // whether they are removed or not, their next access is to be noted
	if p.local {
		cmds := pipeline(ctx, p.rdb, len(idle), func(i int, whole bool) *redis.Cmd {
			key := idle[i]
			return redis.NewCmd(ctx, staleScript.argsOfTwo(whole, key, p.shardOf(key), after, p.member(key))...)
		})
		if !redis.HasErrorPrefix(cmds[0].Err(), "CROSSSLOT") {
			return p.tally(ctx, part, cmds)
		}
		p.local = false // one server, and a cluster all the same
	}
	lefts := pipeline(ctx, p.rdb, len(idle), func(i int, _ bool) *redis.IntCmd {
		return redis.NewIntCmd(ctx, "pttl", idle[i])
	})
	entries := pipeline(ctx, p.rdb, len(idle), func(i int, whole bool) *redis.Cmd {
		key := idle[i]
		return redis.NewCmd(ctx, forgetScript.args(whole, p.shardOf(key), after, p.member(key))...)
	})
	var free []int
	for i, cmd := range entries {
		n, err := cmd.Int()
		if err == nil {
			err = lefts[i].Err()
		}
		switch {
		case err != nil:
			if fatal := p.fail(ctx, err, part, 1); fatal != nil {
				return fatal
			}
		case n == 0:
			part.Kept++
		default:
			free = append(free, i)
		}
	}
	return p.tally(ctx, part, pipeline(ctx, p.rdb, len(free), func(i int, whole bool) *redis.Cmd {
		return redis.NewCmd(ctx, removeScript.args(whole, idle[free[i]], lefts[free[i]].Val())...)
	}))
}

// prune takes the entries of dead records out of the index.
func (p *pass) prune(ctx context.Context) error {
	var errs []error
	for n := range shards {
		if err := p.pruneShard(ctx, p.shard(n)); err != nil {
			errs = append(errs, fmt.Errorf("index of accesses: %w", err))
			if ctx.Err() != nil || errors.Is(err, sweep.ErrLost) {
				break
			}
		}
	}
	return errors.Join(errs...)
}

func (p *pass) pruneShard(ctx context.Context, shard string) error {
	for cursor := uint64(0); ; {
		begun := time.Now()
		entries, next, err := p.rdb.ZScan(ctx, shard, cursor, "", int64(p.PageSize)).Result()
		if err != nil {
			return failure(err)
		}
		n := len(entries) / 2 // members and scores in turn
		alive := pipeline(ctx, p.rdb, n, func(i int, _ bool) *redis.IntCmd {
			return redis.NewIntCmd(ctx, "exists", p.prefix+entries[2*i])
		})
		var dead []any
		for i, cmd := range alive {
			found, err := cmd.Result()
			if err != nil {
				return failure(err)
			}
			if found == 0 && entries[2*i] != "" { // the one that is of no record: track.lua
				dead = append(dead, entries[2*i], entries[2*i+1])
			}
		}
		if len(dead) > 0 {
			if err := run(ctx, p.send, redis.NewCmd, pruneScript, shard, dead...).Err(); err != nil {
				return failure(err)
			}
		}
		if err := p.rest(ctx, time.Since(begun)); err != nil {
			return err
		}
		if cursor = next; cursor == 0 {
			return nil
		}
	}
}
