package model

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// raw is what a key holds, as any client of Redis sees it.
type raw struct {
	kind *redis.StatusCmd
	left *redis.DurationCmd
	text *redis.StringCmd
	list *redis.StringSliceCmd
}

// String describes it in a failure.
func (h raw) String() string {
	switch kind := h.kind.Val(); kind {
	case "string":
		return fmt.Sprintf("%s, %v left", h.text.Val(), h.left.Val())
	case "list":
		return fmt.Sprintf("%q, %v left", h.list.Val(), h.left.Val())
	default:
		return fmt.Sprintf("%s, %v left", kind, h.left.Val())
	}
}

// look reads all keys in a transaction, so that no key expires between two replies about it.
func (w *world) look(ctx context.Context) (held [keyCount]raw, now span, err error) {
	pipe := w.admin.TxPipeline()
	for n := range held {
		key := redisKey(n)
		held[n] = raw{pipe.Type(ctx, key), pipe.PTTL(ctx, key), pipe.Get(ctx, key),
			pipe.LRange(ctx, key, 0, -1)}
	}
	now = w.during(func() { _, _ = pipe.Exec(ctx) }) // GET and LRANGE are refused on other types
	for _, h := range held {
		if err == nil {
			err = h.left.Err()
		}
	}
	return held, now, err
}

// agrees reports whether a key holds this state, which has not expired. It returns the state,
// narrowed by what the reply tells.
func (s state) agrees(w *world, h raw, now span) (state, bool) {
	kind := h.kind.Val()
	switch s.kind {
	case absent:
		return s, kind == "none"
	case hash:
		if kind != "hash" || s.given {
			return s, kind == "hash"
		}
	case other:
		if kind != "set" && kind != "hash" && (kind != "list" || h.list.Val()[1] != "-5") {
			return s, false
		}
	case text:
		if kind != "string" || h.text.Val() != s.bytes() {
			return s, false
		}
	case list:
		l := h.list.Val()
		if kind != "list" || len(l) != 3+s.more || l[0] != s.bytes() ||
			l[1] != strconv.FormatInt(s.own.Milliseconds(), 10) ||
			fmt.Sprint(l[3:]) != fmt.Sprint(later(s.more)) {
			return s, false
		}
		if l[2] == "0" || s.deadline == (span{}) {
			if l[2] != "0" || s.deadline != (span{}) {
				return s, false
			}
			break
		}
		at, err := strconv.ParseInt(l[2], 10, 64)
		d := w.since(at)
		if err != nil || !s.deadline.has(d) {
			return s, false
		}
		s.deadline = span{d, d}
	}
	return s.remaining(h.left.Val(), now)
}

// strangers are keys of other programs.
var strangers = []string{"users", "users2:k0", "user:k0", "my-users:k0", "users/k0"}

// strays returns which keys of other programs were changed, and which keys must not exist.
func (w *world) strays() string {
	keys, err := w.admin.Keys(ctx, "*").Result()
	if err != nil {
		return err.Error()
	}
	left := len(strangers)
	for _, key := range keys {
		switch {
		case slices.Contains(strangers, key):
			left--
			if v, err := w.admin.Get(ctx, key).Result(); v != "stranger" || err != nil {
				return fmt.Sprintf("the key %q of another program holds %q, %v", key, v, err)
			}
		case strings.HasPrefix(key, cacheName+"!"):
			if w.admin.PTTL(ctx, key).Val() == -1 {
				return fmt.Sprintf("the key %q has no TTL", key)
			}
		case !strings.HasPrefix(key, cacheName+":k"):
			return fmt.Sprintf("nobody wrote the key %q", key)
		}
	}
	if left != 0 {
		return fmt.Sprintf("keys of other programs are gone: there are %q", keys)
	}
	return ""
}
