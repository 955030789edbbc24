package store

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// Get reads a record and, under a policy that renews, renews it. It costs one command. It costs two
// for the first list after many strings, for a list whose terms another process has changed, and if
// the server refuses scripts.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	r := s.newRead(key, s.sliding)
	one(ctx, s.tracker.Reads(), key, &r)
	return r.value, r.err
}

// Peek reads a record and renews nothing. It costs what Get costs.
func (s *Store) Peek(ctx context.Context, key string) ([]byte, error) {
	r := s.newRead(key, false)
	one(ctx, s.wire, key, &r)
	return r.value, r.err
}

// ReadForSwap reads a record for a compare-and-set: from the primary, bypassing replicas and the
// client's memory. It renews nothing and costs what Get costs. With voids, it removes the lease or
// marker of a load, as a write does that finds no record.
func (s *Store) ReadForSwap(ctx context.Context, key string, voids bool) ([]byte, error) {
	r := s.newRead(key, false)
	r.swap, r.voids = true, voids
	one(ctx, s.wire, key, &r)
	return r.value, r.err
}

// read is the plan of all reads of a value.
type read struct {
	store     *Store
	key       string
	state     reading
	renews    bool
	swap      bool          // the value is for a compare-and-set
	voids     bool          // it removes the lease or marker of a load
	through   bool          // it is for a read-through
	copies    bool          // it is for a copy in memory
	plainOnly bool          // it uses plain commands only
	refused   bool          // the server refuses scripts; err says why
	own       int64         // what renewed knows of the record
	sent      time.Duration // when a tolerant script was sent
	args      [7]any        // of the command
	look      *claim        // the plan of a read-through that looks
	timed     *Found        // what copy.lua has returned besides the value

	value []byte
	err   error
}

// reading is the command whose reply a read takes next.
type reading int8

const (
	begun    reading = iota
	plain            // GET or GETEX, which read strings
	script           // get.lua, which reads any record
	fresh            // GET or LRANGE of a record that is not renewed
	tolerant         // get_tolerant.lua
	looking          // claim.lua
	copying          // copy.lua
)

func (s *Store) newRead(key string, renews bool) read {
	if renews {
		_, bad := s.unreadable.Get(key)
		renews = !bad
	}
	return read{store: s, key: key, renews: renews}
}

// next implements plan.
func (r *read) next(ctx context.Context, reply redis.Cmder) redis.Cmder {
	s := r.store
	switch r.state {
	case begun:
		if r.through && !r.plainOnly && s.mustLook(r.key) {
			r.state = looking
			r.look = &claim{store: s, key: r.key, renews: r.renews}
			return r.look.next(ctx, nil)
		}
		if r.copies {
			return r.sendCopy(ctx)
		}
		if s.renewed != nil && !r.swap && !r.plainOnly {
			if own, ok := s.renewed.table.Get(r.key); ok {
				return r.sendFresh(ctx, own)
			}
		}
		return r.first(ctx)

	case fresh:
		value, err := r.fresh(reply)
		switch {
		case err == errTermsChanged && r.plainOnly:
			err = errNotString
		case err == errTermsChanged:
			return r.first(ctx)
		}
		return r.end(value, err)

	case plain:
		if wire.WrongType(reply.Err()) {
			switch {
			case r.plainOnly:
				return r.sendFresh(ctx, 0)
			case r.refused:
				return r.end(nil, r.err)
			case r.through:
				return r.end(nil, errNotString)
			}
			return r.sendScript(ctx)
		}
		value, err := reply.(*redis.StringCmd).Bytes()
		if err != nil {
			err = failure(reply)
		}
		return r.end(value, err)

	case script:
		value, list, err := recordOf(reply)
		switch {
		case wire.Refused(err):
			return r.withoutScripts(ctx, reply)
		case list:
			s.lists.noticeOwnTerms()
		case err == nil || errors.Is(err, redis.Nil):
			s.lists.noticeNoList()
		}
		if err != nil {
			err = failure(reply)
		}
		return r.end(value, err)

	case looking:
		if wire.Refused(reply.Err()) {
			r.look = nil
			return r.withoutScripts(ctx, reply)
		}
		r.look.next(ctx, reply)
		return r.end(r.look.Value, r.look.Err)

	case copying:
		if wire.Refused(reply.Err()) {
			return r.withoutScripts(ctx, reply)
		}
		value, err := r.copied(reply.(*wire.Watched))
		return r.end(value, err)

	default: // tolerant
		if wire.Refused(reply.Err()) {
			return r.withoutScripts(ctx, reply)
		}
		value, err := r.tolerant(reply)
		return r.end(value, err)
	}
}

func (r *read) end(value []byte, err error) redis.Cmder {
	r.value, r.err = value, err
	r.store.window.noticeSize(len(value))
	return nil
}

// first sends the command of a read that knows nothing of the record.
func (r *read) first(ctx context.Context) redis.Cmder {
	switch s := r.store; {
	case r.plainOnly:
		return r.sendPlain(ctx)
	case s.renewed != nil && r.renews:
		return r.sendTolerant(ctx)
	case s.lists.expected():
		return r.sendScript(ctx)
	}
	return r.sendPlain(ctx)
}

// withoutScripts continues after the server has refused a script.
func (r *read) withoutScripts(ctx context.Context, reply redis.Cmder) redis.Cmder {
	r.refused, r.err = true, wire.Err(reply)
	r.store.lists.refused()
	return r.sendPlain(ctx)
}

func (r *read) sendPlain(ctx context.Context) redis.Cmder {
	r.state = plain
	args := r.args[:0]
	switch {
	case r.renews:
		args = append(args, "getex", r.key, "px", r.store.policy)
	case r.swap:
		args = append(args, "getex", r.key) // clients send it to the primary, as a write
	default:
		args = append(args, "get", r.key)
	}
	return redis.NewStringCmd(ctx, args...)
}

func (r *read) sendScript(ctx context.Context) redis.Cmder {
	r.state = script
	which, ttl := getScript, nothing
	if r.store.lists.always {
		which = getListScript
	}
	if r.renews {
		ttl = r.store.policy
	}
	if r.voids {
		which = getForWriteScript
	}
	return redis.NewCmd(ctx, which.Append(r.args[:0], r.key, ttl)...)
}

// recordOf reads the reply to get.lua: a value, or [value] of a list.
func recordOf(reply redis.Cmder) (value []byte, list bool, err error) {
	cmd := reply.(*redis.Cmd)
	if err := cmd.Err(); err != nil {
		return nil, false, err
	}
	switch v := cmd.Val().(type) {
	case string:
		return wire.Bytes(v), false, nil
	case []any:
		if len(v) == 1 {
			if text, ok := v[0].(string); ok {
				return wire.Bytes(text), true, nil
			}
		}
	}
	cmd.SetErr(wire.Unexpected(cmd))
	return nil, false, cmd.Err()
}
