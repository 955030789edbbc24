package store

import (
	"context"
	"errors"
	"iter"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// Found is what a read-through finds under a key.
type Found struct {
	Value []byte
	Err   error // ErrNotFound where there is no record

	Absent bool // a marker is there: the record is known to be absent
	Leased bool // another load is under way
	Other  bool // it is not a string, and this read cannot tell more

	// Known if the script of Look has read the record.
	Due    bool  // for a refresh
	Expiry int64 // when the record expires in Unix ms, unless it is written; 0 if reads move that
}

// Through is the store as a read-through uses it.
type Through struct {
	*Store
	bound bound
}

// Through returns the store for read-throughs. Each of their round trips has a context made by
// bound.
func (s *Store) Through(bound func(context.Context) context.Context) *Through {
	return &Through{s, bound}
}

// Find reads a record for a read-through and renews it, as Get does and at its cost. It does not
// look for lists where it expects a string, but says that there is something else. If this process
// knows of a marker, or does not know that the record is not due for a refresh, it reads by the
// script of Look.
func (t *Through) Find(ctx context.Context, key string) Found {
	r := t.newRead(key, t.sliding)
	r.through = true
	one(t.bound(ctx), t.tracker.Reads(), key, &r)
	return r.found()
}

// FindMany does for each key what Find does, as GetMany does for Get.
func (t *Through) FindMany(ctx context.Context, keys []string) iter.Seq2[int, Found] {
	return func(yield func(int, Found) bool) {
		for i, r := range t.readMany(ctx, t.tracker.Reads(), keys, t.sliding, t.bound) {
			if !yield(i, r.found()) {
				return
			}
		}
	}
}

// Peek is FindMany for keys whose reads the server has refused. It uses commands that are no writes
// and no scripts, and renews nothing. It costs what Find costs, and for a list one command more.
func (t *Through) Peek(ctx context.Context, keys []string) []Found {
	plans, all := make([]read, len(keys)), make([]Found, len(keys))
	for i, key := range keys {
		plans[i] = t.newRead(key, false)
		plans[i].through, plans[i].plainOnly = true, true
	}
	err := t.each(ctx, t.wire, keys, noBytes, func(i int) plan { return &plans[i] })
	for i := range plans {
		if all[i] = plans[i].found(); err != nil {
			all[i] = Found{Err: err}
		}
	}
	return all
}

func (r *read) found() Found {
	f := Found{Value: r.value, Err: r.err}
	if r.look != nil {
		f = r.look.Found
	}
	if errors.Is(r.err, errOther) {
		f = Found{Other: true, Err: ErrNotFound}
	}
	return f
}

// errOther says that a key holds something that is not a string.
var errOther = errors.New("not a string")

// mustLook reports whether a read-through of a key begins with the script of Look.
func (s *Store) mustLook(key string) bool {
	if _, absent := s.absent.Get(key); absent {
		return true
	}
	if s.notDue == nil {
		return false
	}
	_, known := s.notDue.Get(key)
	return !known
}

// knowNotDue remembers for how long a record that this process has written is not due. If the
// record has a TTL of its own, the next read will tell.
func (s *Store) knowNotDue(key string, to change) {
	if to.own != 0 {
		s.notDue.Delete(key)
		return
	}
	s.notDue.Put(key, to.at+s.DueAfter(0), struct{}{})
}

// claim is the plan of a claim and of a look.
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
		var tolerance int64
		if s.renewed != nil {
			tolerance = s.renewed.tolerance.Milliseconds()
		}
		args := claimScript.Args(c.key, s.policy, flag(s.sliding), flag(c.renews), tolerance,
			s.refresh, c.token, c.lease.Milliseconds(), flag(c.force))
		if c.token != "" {
			return wire.NewOnce(ctx, args...)
		}
		return redis.NewCmd(ctx, args...)
	}
	if c.Err = failure(reply); c.Err != nil {
		once, ok := reply.(*wire.Once)
		c.unknown = ok && once.Unknown()
		return nil
	}
	fields, _ := reply.(interface{ Val() any }).Val().([]any)
	c.Err = c.take(fields)
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
		c.Absent = true
		s.knowAbsent(c.key, wire.Milliseconds(n[0]))
		return ErrNotFound
	case what == "record" && len(n) == 4:
		c.Value = wire.Bytes(reply[1].(string))
		s.window.met(len(c.Value))
		due, fresh, own := n[0], n[2], n[3]
		c.Due, c.Expiry = due == 0, n[1]
		if s.notDue != nil && due != 0 {
			until := c.sent + wire.Milliseconds(due)
			if due < 0 {
				until = c.sent + s.ttl
			}
			s.notDue.Put(c.key, until, struct{}{})
		}
		if fresh > 0 && s.renewed != nil {
			s.renewed.table.Put(c.key, c.sent+wire.Milliseconds(fresh), own)
		}
		if own >= 0 {
			s.lists.met()
		}
		return nil
	}
	return errReply
}

// parts returns the first text of a reply and the numbers behind it. A reply that begins with
// "record" has the value second.
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

// knowAbsent remembers that a marker is there for a time.
func (s *Store) knowAbsent(key string, left time.Duration) {
	s.absent.Put(key, s.absent.Now()+left, struct{}{})
}

// DueAfter returns how long after it was written a record with this own TTL, or 0, is due at the
// earliest.
func (s *Store) DueAfter(own time.Duration) time.Duration {
	lives, refresh := time.Duration(float64(s.ttl)*(1-s.jitter)), wire.Milliseconds(s.refresh)
	switch {
	case s.maxAge > 0:
		lives = wire.Milliseconds(s.maxAge)
	case own > 0 && own < s.ttl:
		lives, refresh = own, time.Duration(float64(refresh)*float64(own)/float64(s.ttl))
	case own > 0:
		lives = own
	}
	return lives - refresh
}
