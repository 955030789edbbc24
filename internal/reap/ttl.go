package reap

import (
	"context"
	"embed"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/internal/wire"
)

//go:embed scripts/*.lua
var scripts embed.FS

var (
	idleScript   = script("idle", "now record idle")
	sweepScript  = script("sweep", "now record idle")
	staleScript  = script("stale", "now record")
	removeScript = script("remove", "record")
)

func script(name, needs string) wire.Script {
	return store.Script(wire.LuaFile(scripts, name), needs)
}

// judgeByTTL returns the keys of the records that look idle. Under a policy that renews, the last
// access gave a record its whole TTL, so the time left shows the idle time.
func (p *pass) judgeByTTL(
	ctx context.Context, keys []string, page *page,
) (idle []string, err error) {
	cmds := make([]redis.Cmder, 0, 2*len(keys))
	twice := make([]string, 0, 2*len(keys))
	for _, key := range keys {
		cmds = append(cmds, redis.NewIntCmd(ctx, "pttl", key), redis.NewStatusCmd(ctx, "type", key))
		twice = append(twice, key, key)
	}
	p.cache.Wire.Primaries().Batch(ctx, twice, cmds)
	look := func(key string, since time.Duration) {
		page.LongestIdle = max(page.LongestIdle, since)
		if since >= p.unusedAfter() {
			idle = append(idle, key)
		}
	}
	var lists []string // keys that may hold records with their own terms
	for i, key := range keys {
		left, kind := cmds[2*i].(*redis.IntCmd), cmds[2*i+1].(*redis.StatusCmd)
		failed := redis.Cmder(left)
		if left.Err() == nil {
			failed = kind
		}
		switch {
		case failed.Err() != nil:
			if fatal := page.fail(ctx, failed, 1); fatal != nil {
				return nil, fatal
			}
		case kind.Val() == "list":
			lists = append(lists, key)
		case kind.Val() == "string":
			page.Scanned++
			if left.Val() >= 0 { // it has a TTL, and has not expired since
				look(key, p.cache.Terms.TTL-wire.Milliseconds(left.Val()))
			}
		}
	}
	cmds = p.call(ctx, idleScript, lists, p.cache.Terms.TTL.Milliseconds())
	for i, cmd := range cmds {
		ms, err := cmd.(*redis.Cmd).Int64()
		switch {
		case err == redis.Nil:
		case err != nil:
			if fatal := page.fail(ctx, cmd, 1); fatal != nil {
				return nil, fatal
			}
		default:
			page.Scanned++
			look(lists[i], wire.Milliseconds(ms))
		}
	}
	return idle, nil
}

// unusedAfter returns how old the last renewal of a record must be, so that its last access is at
// least maxIdle ago. It adds the tolerance, since an access within the tolerance after a renewal
// renews nothing.
func (p *pass) unusedAfter() time.Duration {
	return p.maxIdle + p.cache.Terms.Tolerance.Truncate(time.Millisecond)
}

// removeByTTL removes the records that are still idle on a second look.
func (p *pass) removeByTTL(ctx context.Context, idle []string, page *page) error {
	cmds := p.call(ctx, sweepScript, idle, p.cache.Terms.TTL.Milliseconds(),
		p.unusedAfter().Milliseconds())
	return p.tally(ctx, page, idle, cmds)
}

// call calls a script on each key, in one round trip to each server.
func (p *pass) call(
	ctx context.Context, script wire.Script, keys []string, args ...any,
) []redis.Cmder {
	cmds := make([]redis.Cmder, len(keys))
	for i, key := range keys {
		cmds[i] = redis.NewCmd(ctx, script.Args(key, args...)...)
	}
	p.cache.Wire.Batch(ctx, keys, cmds)
	return cmds
}
