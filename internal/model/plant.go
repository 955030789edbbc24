package model

import "context"

// plants are what other programs write below the cache's name.
var plants = []string{"a value", "bytes that are no value", "a hash", "a set", "a list"}

// plant writes one and returns what the key holds then.
func (w *world) plant(ctx context.Context, o op) (state, error) {
	key := redisKey(o.keys[0])
	s := state{kind: text, value: Value{N: o.n}, foreign: true, expires: span{never, never}}
	pipe := w.admin.TxPipeline()
	pipe.Unlink(ctx, key)
	switch plants[o.member] {
	case "a value":
		pipe.Set(ctx, key, s.bytes(), 0)
	case "bytes that are no value":
		s.value, s.bad = Value{}, true
		pipe.Set(ctx, key, badBytes, 0)
	case "a hash":
		s = state{kind: hash, expires: s.expires}
		pipe.HSet(ctx, key, "a", "b")
	case "a set":
		s = state{kind: other, expires: s.expires}
		pipe.SAdd(ctx, key, "a")
	case "a list":
		s = state{kind: other, expires: s.expires}
		pipe.RPush(ctx, key, s.bytes(), "-5", "0")
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

func redisKey(n int) string { return cacheName + ":" + keyText(n) }
