package redistest

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

// CheckKeys checks at the test's end what the cache of that name left in Redis, on every primary, and then deletes it:
//   - every key "name:…" or "name!…" has a TTL;
//   - its type is string, list or hash, or zset under "name!seen:";
//   - no other key starts with the name.
//
// Call it before making the cache, so that the cache is closed when the check runs, and after making the client. name
// should come from [UniqueName]. It costs a SCAN of the server and two pipelined commands per key.
func CheckKeys(tb testing.TB, rdb redis.UniversalClient, name string) *KeyCheck {
	tb.Helper()
	k := &KeyCheck{}
	k.add(name)
	tb.Cleanup(func() { k.run(tb, rdb) })
	return k
}

// KeyCheck is a check that is due at a test's end. Safe for concurrent use.
type KeyCheck struct {
	alone bool // the server is the test's own: keys outside every name are strays too

	mu     sync.Mutex
	names  []string
	exempt map[string]bool
}

// Exempt takes keys that the test planted itself out of the check. They are deleted too.
func (k *KeyCheck) Exempt(keys ...string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.exempt == nil {
		k.exempt = map[string]bool{}
	}
	for _, key := range keys {
		k.exempt[key] = true
	}
}

func (k *KeyCheck) add(name string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.names = append(k.names, name)
}

// run reports every bad key; it never stops the test, so that cleanups after it run.
func (k *KeyCheck) run(tb testing.TB, rdb redis.UniversalClient) {
	tb.Helper()
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.names) == 0 && len(k.exempt) == 0 {
		return
	}
	ctx, cancel := background()
	defer cancel()
	var bad []string
	var mu sync.Mutex // the primaries of a cluster are walked at the same time
	err := eachPrimary(ctx, rdb, func(ctx context.Context, node *redis.Client) error {
		found, err := k.walk(ctx, node)
		mu.Lock()
		defer mu.Unlock()
		bad = append(bad, found...)
		return err
	})
	slices.Sort(bad)
	for _, b := range bad {
		tb.Errorf("redistest: %s", b)
	}
	if err != nil {
		tb.Errorf("redistest: cannot check the keys of %q: %v", k.names, err)
	}
}

// walk checks and deletes the test's keys on one node, page by page.
func (k *KeyCheck) walk(ctx context.Context, node *redis.Client) (bad []string, err error) {
	var cursor uint64
	for {
		page, next, err := node.Scan(ctx, cursor, "*", 500).Result()
		if err != nil {
			return bad, err
		}
		mine := slices.DeleteFunc(page, func(key string) bool { return !k.isMine(key) })
		found, err := k.check(ctx, node, mine)
		bad = append(bad, found...)
		if err != nil {
			return bad, err
		}
		if cursor = next; cursor == 0 {
			return bad, nil
		}
	}
}

func (k *KeyCheck) isMine(key string) bool {
	if k.exempt[key] || k.alone && len(k.names) > 0 {
		return true
	}
	return slices.ContainsFunc(k.names, func(name string) bool { return strings.HasPrefix(key, name) })
}

func (k *KeyCheck) check(ctx context.Context, node *redis.Client, keys []string) (bad []string, err error) {
	if len(keys) == 0 {
		return nil, nil
	}
	types, ttls := make([]*redis.StatusCmd, len(keys)), make([]*redis.DurationCmd, len(keys))
	// One UNLINK per key: the keys of a cluster's node lie in many slots.
	_, err = node.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			types[i], ttls[i] = p.Type(ctx, key), p.PTTL(ctx, key)
			p.Unlink(ctx, key)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	for i, key := range keys {
		if k.exempt[key] || types[i].Val() == "none" { // none: it expired after SCAN had named it
			continue
		}
		for _, fault := range k.faults(key, types[i].Val(), ttls[i].Val()) {
			bad = append(bad, fmt.Sprintf("key %q %s", key, fault))
		}
	}
	return bad, nil
}

// persistent is what go-redis makes of PTTL's answer -1. An answer of 0 is a key in its last millisecond.
const persistent = time.Duration(-1)

func (k *KeyCheck) faults(key, typ string, ttl time.Duration) (faults []string) {
	i := slices.IndexFunc(k.names, func(name string) bool {
		return strings.HasPrefix(key, name+":") || strings.HasPrefix(key, name+"!")
	})
	if i < 0 {
		return []string{fmt.Sprintf("is outside the namespaces of %q", k.names)}
	}
	if ttl == persistent {
		faults = append(faults, "has no TTL")
	}
	switch typ {
	case "string", "list", "hash":
	case "zset":
		if !strings.HasPrefix(key, k.names[i]+"!seen:") {
			faults = append(faults, "is a zset, which only the index of accesses may be")
		}
	default:
		faults = append(faults, "has the type "+typ)
	}
	return faults
}
