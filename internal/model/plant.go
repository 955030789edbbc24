package model

import (
	"context"
	"fmt"
	"strconv"

	"github.com/redis/go-redis/v9"
)

// plants are what other programs, and later versions of the library, may write below the cache's
// name.
var plants = []string{
	"a value", badPlant, badPlant, "a hash", "a set", "a list",
	"a lease", "a marker", "a record with terms", "a record of a later version", "a hash of two",
}

const badPlant = "bytes that are no value"

const token = "0123456789abcdef" // of a lease

// plant writes one and returns what the key holds then.
func (w *world) plant(ctx context.Context, o op) (state, error) {
	key := redisKey(o.keys[0])
	s := state{kind: text, value: Value{N: o.n}, foreign: true, expires: span{never, never}}
	no := state{kind: other, expires: s.expires}
	pipe := w.admin.TxPipeline()
	pipe.Unlink(ctx, key)
	switch plants[o.member] {
	case "a value":
		pipe.Set(ctx, key, s.bytes(), 0)
	case badPlant:
		s.value, s.bad = Value{}, true
		pipe.Set(ctx, key, badBytes, 0)
	case "a hash":
		s = no
		pipe.HSet(ctx, key, "a", "b")
	case "a hash of two":
		s = no
		pipe.HSet(ctx, key, "t", token, "n", "1")
	case "a set":
		s = no
		pipe.SAdd(ctx, key, "a")
	case "a list":
		s = no
		pipe.RPush(ctx, key, s.bytes(), "-5", "0")
	case "a lease":
		s = load(o)
		pipe.HSet(ctx, key, "t", token)
	case "a marker":
		s = load(o)
		s.marker = s.kind == hash
		pipe.HSet(ctx, key, "n", strconv.Itoa(o.n))
	case "a record with terms":
		w.pushRecord(ctx, pipe, key, &s, o)
	case "a record of a later version":
		s.more = 1 + o.n%2
		w.pushRecord(ctx, pipe, key, &s, o)
	}
	if !o.dry {
		pipe.PExpire(ctx, key, o.d)
	}
	var err error
	now := w.during(func() { _, err = pipe.Exec(ctx) })
	if !o.dry {
		s.expires = now.plus(o.d)
	}
	s.used, s.met = span{0, now.hi}, now // an older record's access may be noted
	return s, err
}

// load is the lease or marker of a load. Without a TTL it is neither.
func load(o op) state {
	s := state{kind: hash, expires: span{never, never}}
	if o.dry {
		s.kind, s.loads = other, true
	}
	return s
}

// pushRecord writes a record with its own terms, as a cache with such terms does. It was just
// renewed, by its own TTL or that of a policy, and may have a deadline that is still far away.
func (w *world) pushRecord(
	ctx context.Context, pipe redis.Pipeliner, key string, s *state, o op,
) {
	s.kind, s.own = list, o.d
	if o.n%5 == 0 {
		s.value, s.bad = Value{}, true
	}
	deadline := int64(0)
	if !o.dry && o.n%3 == 0 {
		if o.n%2 == 0 {
			s.own = 0
		}
		at := w.during(func() {}).hi + o.d + hour
		deadline = w.begun.UnixMilli() + (at - w.moved).Milliseconds()
		at = w.since(deadline)
		s.deadline = span{at, at}
	}
	pipe.RPush(ctx, key,
		append([]any{s.bytes(), s.own.Milliseconds(), deadline}, later(s.more)...)...)
}

// later are the elements of a list that a later version has added.
func later(n int) (all []any) {
	for i := range n {
		all = append(all, fmt.Sprintf("later %d", i))
	}
	return all
}

func redisKey(n int) string { return cacheName + ":" + keyText(n) }
