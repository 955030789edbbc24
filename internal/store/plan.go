package store

import (
	"context"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// plan is one operation on one record. next takes the reply to its last command, nil at first, and
// returns the command to send, or nil at the end.
type plan interface {
	next(ctx context.Context, reply redis.Cmder) redis.Cmder
}

// one runs a plan: a round trip for each of its commands.
func one(ctx context.Context, by wire.Sender, key string, p plan) {
	cmd := p.next(ctx, nil)
	for cmd != nil {
		cmd = p.next(ctx, by.Do(ctx, key, cmd))
	}
}

// many runs the plans of many keys side by side: a round trip for all of their first commands, and
// one for all that follow. at returns the plan of a key, the same each time.
func many(ctx context.Context, by wire.Sender, keys []string, at func(i int) plan) {
	cmds := make([]redis.Cmder, len(keys))
	for i := range keys {
		cmds[i] = at(i).next(ctx, nil)
	}
	for len(cmds) > 0 {
		by.Batch(ctx, keys, cmds)
		var again []string
		var plans []plan // that go on
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
