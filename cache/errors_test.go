package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/operations"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/testpb"
)

// single returns every operation on one key.
func single[V any](
	c *cache.Cache[string, V], v V,
) map[string]func(ctx context.Context, key string) error {
	return operations.OnOne(c, v, "age", 1)
}

// several returns every operation on many keys.
func several[V any](c *cache.Cache[string, V], v V) map[string]func(ctx context.Context) error {
	return operations.OnSeveral(c, v, "a")
}

func TestNilValues(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		refusesNil(t, b, codec.JSON[*User]{}, nil)
		refusesNil(t, b, codec.MsgPack[*User]{}, nil)
		refusesNil(t, b, codec.Proto[*testpb.User]{}, nil)
		refusesNil(t, b, codec.JSON[any]{}, nil)
		refusesNil[any](t, b, codec.JSON[any]{}, (*User)(nil))
		refusesNil[any](t, b, codec.JSON[any]{}, map[string]int(nil))
		refusesNil[any](t, b, codec.MsgPack[any]{}, []int(nil))
		refusesNil(t, b, codec.JSON[**int]{}, new(*int))

		// Nil slices and maps are empty values, not misses.
		checkNotMiss(t, b, codec.JSON[[]string]{})
		checkNotMiss(t, b, codec.JSON[map[string]int]{})
		checkNotMiss(t, b, codec.MsgPack[[]string]{})
		checkNotMiss(t, b, codec.Bytes{})
	})
}

func refusesNil[V any](t *testing.T, b *redistest.Backend, c codec.Codec[V], null V) {
	t.Helper()
	u := mustNew[string](t, b.Client, b.Name(), c, nil)
	wantErr(t, u.Set(ctx(t), "a", null), cache.ErrNilValue, "Set", "a")
	wantErr(t, u.Update(ctx(t), "a", null), cache.ErrNilValue, "Update", "a")
	err := u.SetMany(ctx(t), map[string]V{"a": null})
	wantErr(t, err, cache.ErrNilValue, "SetMany", "a")
	if n, err := u.Len(ctx(t)); n != 0 || err != nil {
		t.Errorf("%T: a nil value left %d records, %v", c, n, err)
	}
}

func checkNotMiss[V any](t *testing.T, b *redistest.Backend, c codec.Codec[V]) {
	t.Helper()
	u := mustNew[string](t, b.Client, b.Name(), c, nil)
	var null V
	must(t, u.Set(ctx(t), "a", null))
	if _, err := u.Get(ctx(t), "a"); err != nil {
		t.Errorf("%T: Get of an empty value: %v", c, err)
	}
	if got, err := u.GetMany(ctx(t), []string{"a"}); len(got) != 1 || err != nil {
		t.Errorf("%T: GetMany of an empty value: %v, %v", c, got, err)
	}
}

func TestMaxValueBytes(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		name := b.Name()
		small := mustNew[string](t, b.Client, name, codec.String{},
			&cache.Options{MaxValueBytes: 10})
		plain := mustNew[string](t, b.Client, name, codec.String{}, nil)
		must(t, small.Set(ctx(t), "a", "ten bytes!"))
		for op, err := range map[string]error{
			"Set":    small.Set(ctx(t), "a", "eleven bytes"),
			"Update": small.Update(ctx(t), "a", "eleven bytes"),
		} {
			wantErr(t, err, cache.ErrTooLarge, op, "a")
		}
		_, err := small.Modify(ctx(t), "a", func(s string) (string, error) { return s + s, nil })
		wantErr(t, err, cache.ErrTooLarge, "Modify", "a")
		if got, err := small.Get(ctx(t), "a"); got != "ten bytes!" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		must(t, plain.Set(ctx(t), "b", "eleven bytes"))
		_, err = small.Get(ctx(t), "b")
		wantErr(t, err, cache.ErrTooLarge, "Get", "b")
		_, err = small.GetMany(ctx(t), []string{"b"})
		wantErr(t, err, cache.ErrTooLarge, "GetMany", "b")

		must(t, plain.Set(ctx(t), "c", strings.Repeat("x", cache.DefaultMaxValueBytes)))
		err = plain.Set(ctx(t), "c", strings.Repeat("x", cache.DefaultMaxValueBytes+1))
		wantErr(t, err, cache.ErrTooLarge, "Set", "c")
	})
}

// Bytes that no codec and no cache wrote are an error, and stay in Redis.
func TestForeignBytes(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := mustNew[string](t, b.Client, b.Name(), codec.JSON[User]{}, nil)
		rdb, key := b.Client, func(k string) string { return u.Name() + ":" + k }
		list := func(k string, elements ...any) func() error {
			return func() error { return rdb.RPush(ctx(t), key(k), elements...).Err() }
		}
		tests := []struct {
			key  string
			want error
			put  func() error
		}{
			{"not JSON", cache.ErrDecode, func() error {
				return rdb.Set(ctx(t), key("not JSON"), "secret", hour).Err()
			}},
			{"empty", cache.ErrDecode, func() error {
				return rdb.Set(ctx(t), key("empty"), "", hour).Err()
			}},
			{"null", cache.ErrDecode, func() error {
				return rdb.Set(ctx(t), key("null"), "null", hour).Err()
			}},
			{"other type", cache.ErrDecode, func() error {
				return rdb.Set(ctx(t), key("other type"), `{"age":"secret"}`, hour).Err()
			}},
			{"zset", cache.ErrWrongType, func() error {
				return rdb.ZAdd(ctx(t), key("zset"), redis.Z{Member: "secret"}).Err()
			}},
			{"set", cache.ErrWrongType, func() error {
				return rdb.SAdd(ctx(t), key("set"), "secret").Err()
			}},
			{"stream", cache.ErrWrongType, func() error {
				return rdb.XAdd(ctx(t),
					&redis.XAddArgs{Stream: key("stream"), Values: []string{"a", "secret"}}).Err()
			}},
			{"short list", cache.ErrWrongType, list("short list", "{}", 1000)},
			{"no TTL", cache.ErrWrongType, list("no TTL", "{}", 0, 0)},
			{"negative TTL", cache.ErrWrongType, list("negative TTL", "{}", -1000, 0)},
			{"text TTL", cache.ErrWrongType, list("text TTL", "{}", "secret", 0)},
			{"hex TTL", cache.ErrWrongType, list("hex TTL", "{}", "0x10", 0)},
			{"huge TTL", cache.ErrWrongType, list("huge TTL", "{}", "9999999999999999999999", 0)},
			{"nan deadline", cache.ErrWrongType, list("nan deadline", "{}", 1000, "nan")},
			{"bad value", cache.ErrDecode, list("bad value", "secret", hour.Milliseconds(), 0)},
			{"hash", cache.ErrWrongType, func() error {
				return rdb.HSet(ctx(t), key("hash"), "owner", "secret").Err()
			}},
			{"two fields", cache.ErrWrongType, func() error {
				return rdb.HSet(ctx(t), key("two fields"), "n", "1", "t", "0123456789abcdef").Err()
			}},
			{"short token", cache.ErrWrongType, func() error {
				return rdb.HSet(ctx(t), key("short token"), "t", "0123456789abcde").Err()
			}},
			{"no hex", cache.ErrWrongType, func() error {
				return rdb.HSet(ctx(t), key("no hex"), "t", "secretsecretsecr").Err()
			}},
		}
		for _, tt := range tests {
			b.Exempt(key(tt.key))
			must(t, tt.put())
			must(t, rdb.PExpire(ctx(t), key(tt.key), hour).Err())
		}
		// Before and after the cache has met records with their own terms.
		for _, warm := range []bool{false, true} {
			if warm {
				must(t, u.Set(ctx(t), "own", ann, cache.WithTTL(hour)))
			}
			for _, tt := range tests {
				before, err := rdb.Dump(ctx(t), key(tt.key)).Result()
				if b.Mini != nil {
					before, err = b.Mini.Dump(), nil
				}
				must(t, err)
				for op, do := range single(u, ann) {
					want := tt.want
					switch op {
					case "Set", "Delete": // they replace or remove any record
						continue
					case "Add":
						if want == cache.ErrDecode {
							want = cache.ErrExists
						}
					case "Update", "Touch", "Inspect", // they do not read the value
						"GetOrLoad", "Reload": // they replace a value that cannot be decoded
						if tt.want == cache.ErrDecode {
							continue
						}
					}
					err := do(ctx(t), tt.key)
					wantErr(t, err, want, op, tt.key)
					if strings.Contains(fmt.Sprint(err), "secret") {
						t.Errorf("%s shows the value: %v", op, err)
					}
				}
				_, err = u.GetMany(ctx(t), []string{tt.key})
				if tt.want == cache.ErrNotFound {
					must(t, err)
				} else {
					wantErr(t, err, tt.want, "GetMany", tt.key)
				}
				after, err := rdb.Dump(ctx(t), key(tt.key)).Result()
				if b.Mini != nil {
					after, err = b.Mini.Dump(), nil
				}
				must(t, err)
				if before != after {
					t.Errorf("key %q was changed", tt.key)
				}
				if left := rdb.PTTL(ctx(t), key(tt.key)).Val(); left < hour-time.Minute {
					t.Errorf("key %q has %v left", tt.key, left)
				}
			}
		}
	})
}

// A missing server is an error, not a miss.
func TestServerGone(t *testing.T) {
	s := redistest.Start(t)
	impatient := func(o *redis.UniversalOptions) { o.DialerRetries, o.MaxRetries = 1, -1 }
	u := mustNew[string](t, s.Client(t, impatient), "users", codec.JSON[User]{},
		&cache.Options{Load: cache.LoadConfig{Outage: cache.FailFast}})
	must(t, u.Set(ctx(t), "a", ann))
	s.Stop()
	for op, do := range single(u, ann) {
		if err := do(ctx(t), "a"); err == nil || errors.Is(err, cache.ErrNotFound) {
			t.Errorf("%s without a server: %v", op, err)
		}
	}
	for op, do := range several(u, ann) {
		if err := do(ctx(t)); err == nil || errors.Is(err, cache.ErrNotFound) {
			t.Errorf("%s without a server: %v", op, err)
		}
	}
}

// An old Redis quotes an unknown command with its arguments, which include the value.
func TestUnknownCommandShowsNoValue(t *testing.T) {
	s := redistest.Start(t, "--rename-command", "EVALSHA", "", "--rename-command", "SET", "")
	u := mustNew[string](t, s.Client(t), "users", codec.JSON[User]{}, nil)
	for op, err := range map[string]error{
		"Set":    u.Set(ctx(t), "a", User{Name: "secret"}),
		"Update": u.Update(ctx(t), "a", User{Name: "secret"}),
	} {
		if err == nil || strings.Contains(err.Error(), "secret") ||
			!strings.Contains(err.Error(), "unknown command") {
			t.Errorf("%s on a server without the command: %v", op, err)
		}
	}
}
