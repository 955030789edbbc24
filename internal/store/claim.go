package store

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// claim is the plan of Claim and of Look.
type claim struct {
	store  *Store
	key    string
	token  string // empty to look
	lease  time.Duration
	force  bool
	renews bool
	sent   time.Duration

	Found
	Mine    bool // the caller has the lease
	unknown bool
}

// next implements plan.
func (c *claim) next(ctx context.Context, reply redis.Cmder) redis.Cmder {
	s := c.store
	if reply == nil {
		c.sent = s.now()
		if _, bad := s.unreadable.Get(c.key); bad {
			c.renews = false
		}
		args := claimScript.Args(c.key, s.policy, flag(s.sliding), flag(c.renews), s.tolerance,
			s.refresh, c.token, c.lease.Milliseconds(), flag(c.force))
		if c.token != "" {
			return wire.NewOnce(ctx, args...)
		}
		return wire.NewWatched(ctx, args...)
	}
	if c.Err = failure(reply); c.Err != nil {
		once, ok := reply.(*wire.Once)
		c.unknown = ok && once.Unknown()
		return nil
	}
	fields, _ := reply.(interface{ Val() any }).Val().([]any)
	c.Err = c.take(fields)
	if w, ok := reply.(*wire.Watched); ok {
		c.Keep = !w.Redirected()
	}
	if c.Err == errReply {
		c.Err = wire.Unexpected(reply)
	}
	return nil
}

func flag(b bool) any {
	if b {
		return 1
	}
	return 0
}

var errReply = errors.New("unexpected reply")

// take takes the reply of claim.lua.
func (c *claim) take(reply []any) error {
	s := c.store
	what, n, ok := parts(reply)
	if !ok {
		return errReply
	}
	if what != "absent" {
		s.absent.Delete(c.key)
	}
	switch {
	case what == "yours" && len(n) == 0:
		c.Mine = true
		return ErrNotFound
	case what == "nothing" && len(n) == 0:
		return ErrNotFound
	case what == "leased" && len(n) == 1:
		c.Leased = true
		return ErrNotFound
	case what == "absent" && len(n) == 1:
		c.Absent, c.Lives = true, wire.Milliseconds(n[0])
		s.knowAbsent(c.key, c.Lives)
		return ErrNotFound
	case what == "record" && len(n) == 5:
		c.Value = wire.Bytes(reply[1].(string))
		s.window.noticeSize(len(c.Value))
		due, fresh, own := n[0], n[2], n[3]
		c.Due, c.Expiry, c.Lives = due == 0, n[1], -1
		c.DueIn, c.Renew = -1, -1
		if due >= 0 {
			c.DueIn = wire.Milliseconds(due)
		}
		if n[4] >= 0 {
			c.Lives = wire.Milliseconds(n[4])
		}
		if s.sliding {
			c.Renew = wire.Milliseconds(fresh)
		}
		if s.notDue != nil && due != 0 {
			until := c.sent + wire.Milliseconds(due)
			if due < 0 {
				until = c.sent + s.ttl
			}
			s.notDue.Put(c.key, until, until)
		}
		if fresh > 0 && s.renewed != nil {
			s.renewed.table.Put(c.key, c.sent+wire.Milliseconds(fresh), own)
		}
		if own >= 0 {
			s.lists.noticeOwnTerms()
		}
		return nil
	}
	return errReply
}

// parts returns the first text of a reply and the numbers after it. In a reply that begins with
// "record", the value comes second, before the numbers.
func parts(reply []any) (what string, n []int64, ok bool) {
	if len(reply) == 0 {
		return "", nil, false
	}
	if what, ok = reply[0].(string); !ok {
		return "", nil, false
	}
	rest := reply[1:]
	if what == "record" {
		if len(rest) == 0 {
			return "", nil, false
		}
		if _, ok = rest[0].(string); !ok {
			return "", nil, false
		}
		rest = rest[1:]
	}
	for _, r := range rest {
		v, ok := r.(int64)
		if !ok {
			return "", nil, false
		}
		n = append(n, v)
	}
	return what, n, true
}
