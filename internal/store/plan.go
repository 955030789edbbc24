package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// plan is one operation on one record. next takes the reply to the last command, or nil at the
// beginning. It returns the command to send, or nil at the end.
type plan interface {
	next(ctx context.Context, reply redis.Cmder) redis.Cmder
}

// one runs a plan. It costs a round trip for each command.
func one(ctx context.Context, by wire.Sender, key string, p plan) {
	cmd := p.next(ctx, nil)
	for cmd != nil {
		cmd = p.next(ctx, by.Do(ctx, key, cmd))
	}
}

// many runs the plans of many keys at the same time. It costs one round trip for all first
// commands, one for all second commands, and so on. at returns the plan of a key, the same each
// time.
func many(ctx context.Context, by wire.Sender, keys []string, at func(i int) plan) {
	cmds := make([]redis.Cmder, len(keys))
	for i := range keys {
		cmds[i] = at(i).next(ctx, nil)
	}
	for len(cmds) > 0 {
		by.Batch(ctx, keys, cmds)
		var again []string
		var plans []plan // those that are not at their end
		for i, cmd := range cmds {
			p := at(i)
			if cmd = p.next(ctx, cmd); cmd != nil {
				cmds[len(plans)] = cmd
				again, plans = append(again, keys[i]), append(plans, p)
			}
		}
		keys, cmds, at = again, cmds[:len(plans)], func(i int) plan { return plans[i] }
	}
}
