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

// CheckKeys checks at the test's end what the cache of that name has left in Redis, on every
// primary, and deletes it. The rules:
//   - every key "name:…" or "name!…" has a TTL;
//   - "name:…" is a string, a list of at least three elements, or the lease or marker of a load,
//     which is a hash with the one field t or n;
//   - "name!…" is bookkeeping that a cache has: see bookkeeping;
//   - no other key starts with the name.
//
// Call it after making the client and before making the cache: then the cache is closed when the
// check runs. name should come from [UniqueName]. The check costs a SCAN of the whole server and
// five pipelined commands per key.
func CheckKeys(tb testing.TB, rdb redis.UniversalClient, name string) *KeyCheck {
	tb.Helper()
	k := &KeyCheck{}
	k.add(name)
	tb.Cleanup(func() { k.run(tb, rdb) })
	return k
}

// KeyCheck is a check that runs at a test's end. Safe for concurrent use.
type KeyCheck struct {
	alone bool // the server is the test's own: keys outside every name are strays too

	mu     sync.Mutex
	names  []string
	exempt map[string]bool
}

// Exempt excludes keys that the test wrote itself from the check. They are deleted too.
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

// run reports every bad key. It does not stop the test, so that the remaining cleanups run.
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
	return slices.ContainsFunc(k.names, func(name string) bool {
		return strings.HasPrefix(key, name)
	})
}

func (k *KeyCheck) check(
	ctx context.Context, node *redis.Client, keys []string,
) (bad []string, err error) {
	if len(keys) == 0 {
		return nil, nil
	}
	looks := make([]look, len(keys))
	// One UNLINK per key, because the keys of a cluster's node are in many slots.
	_, err = node.Pipelined(ctx, func(p redis.Pipeliner) error {
		for i, key := range keys {
			looks[i] = look{p.Type(ctx, key), p.PTTL(ctx, key), p.LLen(ctx, key), p.HKeys(ctx, key)}
			p.Unlink(ctx, key)
		}
		return nil
	})
	if err != nil && !redis.HasErrorPrefix(err, "WRONGTYPE") { // of LLEN and HKEYS
		return nil, err
	}
	for i, key := range keys {
		// none: it expired after SCAN had named it
		if k.exempt[key] || looks[i].kind.Val() == "none" {
			continue
		}
		for _, fault := range k.faults(key, looks[i]) {
			bad = append(bad, fmt.Sprintf("key %q %s", key, fault))
		}
	}
	return bad, nil
}

// look is what a key held.
type look struct {
	kind   *redis.StatusCmd
	ttl    *redis.DurationCmd
	length *redis.IntCmd         // of a list
	fields *redis.StringSliceCmd // of a hash
}

// bookkeeping has the keys that a cache keeps under "name!…", and their types. A name that ends in
// a colon is a prefix.
var bookkeeping = map[string]string{
	"sweep":   "string",
	"swept":   "string",
	"longest": "string",
	"near:":   "string",
	"seen:":   "zset",
	"load:":   "string",
}

// persistent is what go-redis returns for PTTL's reply -1. A reply of 0 is a key in its last ms.
const persistent = time.Duration(-1)

func (k *KeyCheck) faults(key string, held look) (faults []string) {
	i := slices.IndexFunc(k.names, func(name string) bool {
		return strings.HasPrefix(key, name+":") || strings.HasPrefix(key, name+"!")
	})
	if i < 0 {
		return []string{fmt.Sprintf("is outside the namespaces of %q", k.names)}
	}
	if held.ttl.Val() == persistent {
		faults = append(faults, "has no TTL")
	}
	if text := key[len(k.names[i]):]; text[0] == '!' {
		return append(faults, faultsOfBookkeeping(text[1:], held)...)
	}
	switch kind := held.kind.Val(); kind {
	case "string":
	case "list":
		if n := held.length.Val(); n < 3 {
			faults = append(faults, fmt.Sprintf("is a list of %d, and no record", n))
		}
	case "hash":
		if f := held.fields.Val(); len(f) != 1 || f[0] != "t" && f[0] != "n" {
			faults = append(faults, fmt.Sprintf("is a hash of %q, and no lease or marker", f))
		}
	case "zset":
		faults = append(faults, "is a zset, which only the index of accesses may be")
	default:
		faults = append(faults, "has the type "+kind)
	}
	return faults
}

func faultsOfBookkeeping(name string, held look) []string {
	if first, _, ok := strings.Cut(name, ":"); ok {
		name = first + ":"
	}
	switch want, ok := bookkeeping[name]; {
	case !ok:
		return []string{"is bookkeeping that no cache has"}
	case held.kind.Val() != want:
		return []string{fmt.Sprintf("is a %s, and should be a %s", held.kind.Val(), want)}
	}
	return nil
}
