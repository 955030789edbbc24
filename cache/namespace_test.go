package cache_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/operations"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// All keys of a cache begin with its namespace. Two ways to write the same full name give the same
// cache.
func TestNamespace(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		full := b.Name()
		space, name := full+"/prod/", "users"
		b.Exempt() // the keys are checked below
		o := &cache.Options{TTL: ttl.Fixed(hour), TrackAccess: true, Namespace: space}
		u := mustNew[int64](t, b.Client, name, jsonUsers, o)
		if u.Name() != space+name {
			t.Errorf("the cache is called %s", u.Name())
		}
		must(t, u.Set(ctx(t), 42, ann, cache.WithTTL(2*hour)))
		if _, err := u.Sweep(ctx(t), time.Minute); err != nil {
			t.Error(err)
		}
		same := mustNew[int64](t, b.Client, space+name, jsonUsers, fixed())
		got, err := same.Get(ctx(t), 42)
		wantUser(t, got, err, ann)
		if n := b.Client.Exists(ctx(t), space+name+":42").Val(); n != 1 {
			t.Errorf("%s:42 exists %d times", space+name, n)
		}
		for _, other := range []*cache.Options{nil, {Namespace: full + "/"},
			{Namespace: full + "/prod.users/"}} {
			c := mustNew[int64](t, b.Client, name, jsonUsers, other)
			if _, err := c.Get(ctx(t), 42); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("the cache %s reads %v", c.Name(), err)
			}
		}
		_, err = u.Get(ctx(t), 7)
		if err == nil || !strings.Contains(err.Error(), "Get "+space+`users "7"`) {
			t.Errorf("the error is %v", err)
		}
		if n, err := u.Clear(ctx(t)); n != 1 || err != nil {
			t.Errorf("Clear = %d, %v", n, err)
		}
		for _, key := range allKeys(t, b.Client) {
			if strings.HasPrefix(key, full) && !strings.HasPrefix(key, space+name+"!") {
				t.Errorf("the key %s is left", key)
			} else if strings.HasPrefix(key, full) {
				must(t, b.Client.Del(ctx(t), key).Err())
			}
		}
	})
}

// allKeys returns the keys of all servers.
func allKeys(t *testing.T, rdb redis.UniversalClient) (keys []string) {
	t.Helper()
	scan := func(ctx context.Context, one *redis.Client) error {
		got, err := one.Keys(ctx, "*").Result()
		keys = append(keys, got...)
		return err
	}
	if cluster, ok := rdb.(*redis.ClusterClient); ok {
		found := make(chan []string, 100)
		must(t, cluster.ForEachMaster(ctx(t), func(ctx context.Context, one *redis.Client) error {
			got, err := one.Keys(ctx, "*").Result()
			found <- got
			return err
		}))
		close(found)
		for got := range found {
			keys = append(keys, got...)
		}
		return keys
	}
	must(t, scan(ctx(t), rdb.(*redis.Client)))
	return keys
}

// New refuses bad namespaces, and names the field.
func TestBadNamespaces(t *testing.T) {
	rdb := redis.NewClient(&redis.Options{})
	defer rdb.Close()
	for _, space := range []string{
		"shop", "shop/prod", "shop:", "shop:/", "/", "//", "shop//", "/shop/", ".", "shop/./",
		"shop..", "sh*p/", "sh?p/", "[a]/",
		"sh p/", "shop/\n", "shop\\/", "{shop}/", "shöp/", "shop/%", strings.Repeat("a/", 200),
	} {
		_, err := cache.New[int64](rdb, "users", jsonUsers, &cache.Options{Namespace: space})
		if err == nil || !strings.Contains(err.Error(), "Options.Namespace") {
			t.Errorf("New accepts the namespace %q: %v", space, err)
		}
	}
	for _, space := range []string{"", "a/", "a.", "shop/prod/", "shop.prod.", "a-b_C9/",
		strings.Repeat("a/", 100)} {
		if _, err := cache.New[int64](rdb, "users", jsonUsers,
			&cache.Options{Namespace: space}); err != nil {
			t.Errorf("New refuses the namespace %q: %v", space, err)
		}
	}
}

// errorsWithKeys returns errors of each kind that contains a key, by operation.
func errorsWithKeys(
	t *testing.T, b *redistest.Backend, o *cache.Options, secret string,
) map[string]error {
	t.Helper()
	c := mustNew[string](t, b.Client, b.Name(), codec.JSON[User]{}, o)
	must(t, b.Client.Set(ctx(t), c.Name()+":"+secret, "no JSON", hour).Err())
	other := mustNew[string](t, b.Client, b.Name(), codec.JSON[User]{}, o)
	must(t, b.Client.SAdd(ctx(t), other.Name()+":"+secret, "m").Err())
	must(t, b.Client.PExpire(ctx(t), other.Name()+":"+secret, hour).Err())
	b.Exempt(other.Name() + ":" + secret)
	errs := map[string]error{}
	for op, do := range single(c, ann) {
		switch op {
		case "Set", "Update", "Delete", "Add":
		default:
			if !operations.Loads(op) { // loads replace it
				errs[op+" of undecodable bytes"] = do(ctx(t), secret)
			}
			errs[op+" of another type"] = single(other, ann)[op](ctx(t), secret)
		}
	}
	for op, do := range single(c, ann) {
		errs[op+" with a key that is too long"] = do(ctx(t), secret+strings.Repeat("x", 2000))
	}
	_, errs["GetMany"] = c.GetMany(ctx(t), []string{secret, secret + strings.Repeat("x", 2000)})
	errs["GetOrLoadMany"] = operations.OnSeveral(other, ann, secret)["GetOrLoadMany"](ctx(t))
	errs["SetMany"] = c.SetMany(ctx(t), map[string]User{secret + strings.Repeat("x", 2000): ann})
	for _, err := range c.All(ctx(t)) {
		errs["All"] = err
	}
	must(t, c.Close())
	errs["closed"] = c.Set(ctx(t), secret, ann)
	for op, err := range errs {
		if err == nil && !strings.HasPrefix(op, "Touch") && !strings.HasPrefix(op, "Inspect") {
			t.Errorf("%s succeeds", op)
		}
	}
	return errs
}

// No Hook gets a key, not even in Op.Err. With RedactKeys, no error shows a key. Processes with the
// same secret show the same fingerprint.
func TestKeysThatAreSecrets(t *testing.T) {
	const token = "tok-5f1e9c"
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		rec := &recorder{}
		errorsWithKeys(t, b, &cache.Options{Hook: rec}, token)
		for _, op := range rec.ended {
			if s := fmt.Sprintf("%v %+v", op, op.Err); strings.Contains(s, token) {
				t.Errorf("the Hook gets %s", s)
			}
			for _, err := range allErrors(op.Err) {
				var e *cache.Error
				if errors.As(err, &e) && e.Key != "" {
					t.Errorf("the Hook gets the key %q", e.Key)
				}
			}
		}
		fingerprint := regexp.MustCompile(`^#[0-9a-f]{16}$`)
		for op, err := range errorsWithKeys(t, b, &cache.Options{RedactKeys: true}, token) {
			for _, err := range allErrors(err) {
				var e *cache.Error
				if s := fmt.Sprintf("%v %+v %#v", err, err, err); strings.Contains(s, token) {
					t.Errorf("%s shows the key: %s", op, s)
				}
				if errors.As(err, &e) && e.Key != "" && !fingerprint.MatchString(e.Key) {
					t.Errorf("%s shows the key as %q", op, e.Key)
				}
			}
		}
	})
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", DialerRetries: 1, MaxRetries: -1})
	defer rdb.Close()
	shown := func(name, secret string) string {
		c := mustNew[string](t, rdb, name, jsonUsers,
			&cache.Options{RedactKeys: true, RedactSecret: cache.NewSecret(secret)})
		for _, text := range []string{secret, strings.Trim(fmt.Sprint([]byte(secret)), "[]")} {
			if s := fmt.Sprintf("%v %+v %#v", c, c, c); secret != "" && strings.Contains(s, text) {
				t.Errorf("a printed cache shows the secret as %s", text)
			}
		}
		var e *cache.Error
		if _, err := c.Get(ctx(t), token); !errors.As(err, &e) {
			t.Fatal(err)
		}
		return e.Key
	}
	if a, b := shown("a", "s3cret"), shown("b", "s3cret"); a != b {
		t.Errorf("with one secret the key is shown as %s and %s", a, b)
	}
	if a, b := shown("a", "s3cret"), shown("a", "other"); a == b {
		t.Errorf("with two secrets the key is shown as %s", a)
	}
	if a, b := shown("a", ""), shown("a", ""); a == b {
		t.Errorf("two caches without a secret show the key as %s", a)
	}
	if _, err := cache.New[string](rdb, "a", jsonUsers,
		&cache.Options{RedactSecret: cache.NewSecret("s")}); err == nil ||
		!strings.Contains(err.Error(), "RedactKeys") {
		t.Errorf("New accepts a RedactSecret without RedactKeys: %v", err)
	}
}

// allErrors returns an error and all errors joined in it.
func allErrors(err error) []error {
	if err == nil {
		return nil
	}
	all := []error{err}
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		for _, err := range joined.Unwrap() {
			all = append(all, allErrors(err)...)
		}
	}
	return all
}

// The text of a batch's error has each cause once. The error still holds an *Error for each key.
func TestErrorsOfBatches(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		for id := range 60 {
			must(t, b.Client.Set(ctx(t), u.redisKey(int64(id)), "no JSON", hour).Err())
		}
		must(t, b.Client.SAdd(ctx(t), u.redisKey(99), "m").Err())
		b.Exempt(u.redisKey(99))
		ids := make([]int64, 60)
		for i := range ids {
			ids[i] = int64(i)
		}
		get := func(ids ...int64) error { _, err := u.GetMany(ctx(t), ids); return err }
		name := "rediscache: GetMany " + u.Name()
		for want, err := range map[string]error{
			name + ": 60 keys: value cannot be decoded": get(ids...),
			name + ` "7": value cannot be decoded`:      get(7),
			name + `: "7": value cannot be decoded`:     get(7, 99),
			`; "99": not a record`:                      get(7, 99),
			name + ": 59 keys: value cannot be decoded": get(append(ids[:59:59], 99)...),
		} {
			if err == nil || !strings.Contains(err.Error(), want) ||
				strings.Count(err.Error(), "decoded") != 1 {
				t.Errorf("GetMany = %v, want %s", err, want)
			}
		}
		err := get(ids...)
		joined, ok := err.(interface{ Unwrap() []error })
		if !ok || len(joined.Unwrap()) != 60 || !errors.Is(err, cache.ErrDecode) {
			t.Fatalf("GetMany = %v, a %T", err, err)
		}
		keys := map[string]bool{}
		for _, err := range joined.Unwrap() {
			e, ok := err.(*cache.Error)
			if !ok || e.Op != "GetMany" || !errors.Is(e, cache.ErrDecode) {
				t.Fatalf("GetMany holds %v, a %T", err, err)
			}
			keys[e.Key] = true
		}
		if len(keys) != 60 {
			t.Errorf("GetMany holds errors of %d keys", len(keys))
		}
	})
}
