package store

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/sweep"
)

// judgeByTTL returns the keys of the records that look idle: under a policy that
// renews, the last access gave a record its whole TTL.
func (p *pass) judgeByTTL(ctx context.Context, keys []string, part *sweep.Result) (idle []string, err error) {
	lefts := make([]*redis.IntCmd, len(keys))
	kinds := make([]*redis.StatusCmd, len(keys))
	pipe := p.rdb.Pipeline()
	for i, key := range keys {
		lefts[i], kinds[i] = redis.NewIntCmd(ctx, "pttl", key), redis.NewStatusCmd(ctx, "type", key)
		_ = pipe.Process(ctx, lefts[i])
		_ = pipe.Process(ctx, kinds[i])
	}
	exec(ctx, pipe)
	look := func(key string, since time.Duration) {
		part.LongestIdle = max(part.LongestIdle, since)
		if since >= p.unusedAfter() {
			idle = append(idle, key)
		}
	}
	var lists []string // records with terms of their own, if they are records
	for i, key := range keys {
		left, err := lefts[i].Result()
		kind, kindErr := kinds[i].Result()
		if err = errors.Join(err, kindErr); err != nil {
			if fatal := p.fail(ctx, err, part, 1); fatal != nil {
				return nil, fatal
			}
			continue
		}
		switch kind {
		case "list":
			lists = append(lists, key)
		case "string":
			part.Scanned++
			if left >= 0 { // it has not expired meanwhile, and has a TTL
				look(key, p.ttl-milliseconds(left))
			}
		}
	}
	cmds := pipeline(ctx, p.rdb, len(lists), func(i int, whole bool) *redis.IntCmd {
		return redis.NewIntCmd(ctx, idleScript.args(whole, lists[i], p.policy)...)
	})
	for i, cmd := range cmds {
		ms, err := cmd.Result()
		switch {
		case errors.Is(err, redis.Nil):
		case err != nil:
			if fatal := p.fail(ctx, err, part, 1); fatal != nil {
				return nil, fatal
			}
		default:
			part.Scanned++
			look(lists[i], milliseconds(ms))
		}
	}
	return idle, nil
}

// unusedAfter is how long ago the last renewal of a record must be for its last access
// to be maxIdle ago: an access within the tolerance after a renewal is not seen.
func (p *pass) unusedAfter() time.Duration {
	if p.renewals == nil {
		return p.maxIdle
	}
	return p.maxIdle + p.renewals.tolerance
}

// removeByTTL removes those records that are idle on the second look.
func (p *pass) removeByTTL(ctx context.Context, idle []string, part *sweep.Result) error {
	return p.tally(ctx, part, pipeline(ctx, p.rdb, len(idle), func(i int, whole bool) *redis.Cmd {
		return redis.NewCmd(ctx, sweepScript.args(whole, idle[i], p.policy, p.unusedAfter().Milliseconds())...)
	}))
}
