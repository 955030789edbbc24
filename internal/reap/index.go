package reap

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/access"
	"github.com/activettl/rediscache/internal/wire"
	"github.com/activettl/rediscache/sweep"
)

// judgeByIndex returns the keys of the records whose last access, by the index, is long ago.
func (p *pass) judgeByIndex(
	ctx context.Context, keys []string, page *page,
) (idle []string, err error) {
	records, err := p.cache.Store.Records(ctx, keys)
	if err != nil {
		page.Failed += len(keys)
		return nil, err
	}
	page.Scanned += len(records)
	// A record that is not in the index counts as accessed now.
	times, failed := p.cache.Index.IdleOfMany(ctx, records, !p.how.DryRun, &p.silent)
	for i, key := range records {
		if failed[i] != nil {
			if fatal := page.failIndex(ctx, failed[i]); fatal != nil {
				return nil, fatal
			}
			continue
		}
		page.LongestIdle = max(page.LongestIdle, times[i])
		if times[i] >= p.staleAfter() {
			idle = append(idle, key)
		}
	}
	return idle, nil
}

// staleAfter returns how old an entry of the index must be to prove that a record is idle. It adds
// a window, since a process does not note an access again within a window.
func (p *pass) staleAfter() time.Duration { return p.maxIdle + p.cache.Index.Window() }

// removeByIndex removes the records whose last access is still long ago on a second look. If one
// server holds everything, one script checks the entry and removes both. In a cluster the entry is
// removed first. Then the record is removed, unless it was Set in between. A record that is read or
// updated in between is removed.
func (p *pass) removeByIndex(ctx context.Context, idle []string, page *page) error {
	index, after := p.cache.Index, p.staleAfter()
	for _, key := range idle { // removed or not, its next access must be noted
		index.Removed(key)
	}
	if p.local {
		cmds := make([]redis.Cmder, len(idle))
		for i, key := range idle {
			shard, member := index.Shard(key)
			args := staleScript.ArgsOfTwo(key, shard, after.Milliseconds(), member)
			cmds[i] = redis.NewCmd(ctx, args...)
		}
		p.cache.Wire.Batch(ctx, idle, cmds)
		if !wire.OtherSlot(cmds[0].Err()) {
			return p.tally(ctx, page, idle, cmds)
		}
		p.local = false // one server in cluster mode
	}
	lefts, entries, shards := make([]redis.Cmder, len(idle)), make([]redis.Cmder, len(idle)),
		make([]string, len(idle))
	for i, key := range idle {
		lefts[i] = redis.NewIntCmd(ctx, "pttl", key)
		shards[i], entries[i] = index.ForgetCommand(ctx, key, after)
	}
	p.cache.Wire.Primaries().Batch(ctx, idle, lefts)
	p.cache.Wire.Batch(ctx, shards, entries)
	var free []string
	var cmds []redis.Cmder
	for i, entry := range entries {
		n, err := entry.(*redis.Cmd).Int()
		switch {
		case lefts[i].Err() != nil:
			if fatal := page.fail(ctx, lefts[i], 1); fatal != nil {
				return fatal
			}
		case err != nil:
			if fatal := page.failIndex(ctx, entry); fatal != nil {
				return fatal
			}
		case n == 0:
			page.Kept++
		default:
			free = append(free, idle[i])
			left := lefts[i].(*redis.IntCmd).Val()
			cmds = append(cmds, redis.NewCmd(ctx, removeScript.Args(idle[i], left)...))
		}
	}
	p.cache.Wire.Batch(ctx, free, cmds)
	return p.tally(ctx, page, free, cmds)
}

// prune removes from the index the entries of records that are gone.
func (p *pass) prune(ctx context.Context) error {
	var errs []error
	for _, shard := range p.cache.Index.Shards() {
		if err := p.pruneShard(ctx, shard); err != nil {
			errs = append(errs, fmt.Errorf("index of accesses: %w", err))
			if ctx.Err() != nil || errors.Is(err, sweep.ErrLost) {
				break
			}
		}
	}
	return errors.Join(errs...)
}

func (p *pass) pruneShard(ctx context.Context, shard string) error {
	begun := time.Now()
	for entries, err := range p.cache.Index.Entries(ctx, shard, p.how.PageSize) {
		if err != nil {
			return err
		}
		keys, cmds := make([]string, len(entries)), make([]redis.Cmder, len(entries))
		for i, e := range entries {
			keys[i], cmds[i] = e.Key, redis.NewIntCmd(ctx, "exists", e.Key)
		}
		p.cache.Wire.Primaries().Batch(ctx, keys, cmds)
		var dead []access.Entry
		for i, cmd := range cmds {
			if err := wire.Err(cmd); err != nil {
				return err
			}
			if cmd.(*redis.IntCmd).Val() == 0 {
				dead = append(dead, entries[i])
			}
		}
		if len(dead) > 0 {
			if err := p.cache.Index.Prune(ctx, shard, dead); err != nil {
				return err
			}
		}
		if err := p.rest(ctx, time.Since(begun)); err != nil {
			return err
		}
		begun = time.Now()
	}
	return nil
}
