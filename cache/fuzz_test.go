package cache_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cachetest"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/testpb"
	"github.com/activettl/rediscache/ttl"
)

// plant is a foreign value under a key of a cache.
type plant struct {
	kind            uint8
	value           []byte
	own, ends, more string // elements of a list after the value; texts of other types
}

// plants are the seeds, for each Redis type and each codec.
var plants = []plant{
	{0, []byte(`{"name":"hunter2","age":"hunter2"}`), "", "", "x"},
	{0, []byte(strings.Repeat("[", 20_000)), "", "", "\xff*?"},
	{0, []byte(strings.Repeat("\x91", 20_000)), "", "", "x"},
	{0, []byte("\x81\xa4name\xdb\xff\xff\xff\xff" + secret), "", "", "x"},
	{0, []byte("\x81\xa4tags\xdd\x7f\xff\xff\xff" + secret), "", "", "x"},
	{0, []byte("\xdf\xff\xff\xff\xff"), "", "", "x"},
	{0, []byte("\x12\xff\xff\xff\xff\x0f" + secret), "", "", ""},
	{1, []byte(`{"name":"Ann"}`), "3600000", "0", "x"},
	{1, []byte(`{"name":"Ann"}`), "999999999999999", "999999999999999", "x"},
	{1, []byte(`{"name":"Ann"}`), "9999999999999", "0", "x"},
	{1, []byte(`{"name":"Ann"}`), "3600000", "1", "x"},
	{1, []byte(`{"name":"Ann"}`), "-3600000", "0", "x"},
	{1, []byte(`{"name":"Ann"}`), "9223372036854775808", "0", "x"},
	{1, []byte(`{"name":"Ann"}`), "1e3", " 1", "x"},
	{1, []byte(secret), secret, "nan", "x"},
	{2, []byte(secret), "3600000", "", "x"},
	{3, []byte(`{}`), "3600000", "0", secret},
	{4, []byte(secret), "owner", secret, "x"},
	{4, []byte("n"), "", "n", "1"},
	{4, []byte("t"), "", "t", "0123456789abcdef"},
	{4, []byte("t"), "", "t", "0123456789abcdeg"},
	{5, []byte(secret), "1", "", "x"},
	{6, []byte(secret), "x", "", "x"},
	{7, []byte(secret), "field", "", "x"},
}

// put writes the plant, and a second record whose key ends in p.more.
func (p plant) put(ctx context.Context, rdb redis.Cmdable, name string) error {
	key, beside := name+":a", name+":b"+p.more
	_, err := rdb.Pipelined(ctx, func(pipe redis.Pipeliner) error {
		pipe.Unlink(ctx, key)
		switch p.kind % 8 {
		case 0:
			pipe.Set(ctx, key, p.value, 0)
		case 1:
			pipe.RPush(ctx, key, p.value, p.own, p.ends)
		case 2:
			pipe.RPush(ctx, key, p.value, p.own)
		case 3:
			pipe.RPush(ctx, key, p.value, p.own, p.ends, p.more)
		case 4:
			pipe.HSet(ctx, key, p.value, p.own, p.ends, p.more)
		case 5:
			pipe.ZAdd(ctx, key, redis.Z{Member: p.value, Score: 1})
		case 6:
			pipe.SAdd(ctx, key, p.value, p.own)
		case 7:
			pipe.XAdd(ctx, &redis.XAddArgs{Stream: key, Values: []any{"f" + p.own, p.value}})
		}
		pipe.PExpire(ctx, key, hour)
		pipe.Set(ctx, beside, p.value, hour)
		return nil
	})
	return err
}

// subject is a cache with values of any type, as its operations.
type subject struct {
	name     string
	onKey    map[string]func(ctx context.Context, key string) error
	onSome   map[string]func(ctx context.Context) error
	sweep    func(ctx context.Context) error
	inspect  func(ctx context.Context, key string) (cache.Info, error)
	tooLarge int
}

func newSubject[V any](
	tb testing.TB, rdb redis.UniversalClient, name string, c codec.Codec[V], v V, o cache.Options,
) subject {
	tb.Helper()
	o.MaxValueBytes = 16 << 10
	made, err := cache.New[string](rdb, name, c, &o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = made.Close() })
	return subject{name, single(made, v), several(made, v), func(ctx context.Context) error {
		_, err := made.Sweep(ctx, 30*time.Minute)
		return err
	}, made.Inspect, o.MaxValueBytes}
}

// subjects are caches of each policy and codec.
func subjects(tb testing.TB, rdb redis.UniversalClient, name func() string) []subject {
	tb.Helper()
	return []subject{
		newSubject(tb, rdb, name(), codec.Codec[User](codec.JSON[User]{}), ann, *active()),
		newSubject(tb, rdb, name(), codec.Codec[any](codec.JSON[any]{}), any("v"), *fixed()),
		newSubject(tb, rdb, name(), codec.Codec[User](codec.MsgPack[User]{}), ann,
			*active(ttl.Tolerance(time.Minute))),
		newSubject(tb, rdb, name(), codec.Codec[any](codec.MsgPack[any]{}), any("v"), *tracked()),
		newSubject(tb, rdb, name(), codec.Codec[*testpb.User](codec.Proto[*testpb.User]{}),
			&testpb.User{}, *active(ttl.MaxAge(24 * hour))),
		newSubject(tb, rdb, name(), codec.Codec[string](codec.String{}), "v", *autoPipelined()),
	}
}

// loads reports whether the plant is a lease or a marker of a load. Every write replaces these.
func (p plant) loads() bool {
	if p.kind%8 != 4 || string(p.value) != p.ends {
		return false
	}
	return p.ends == "n" || p.ends == "t" && token.MatchString(p.more)
}

var token = regexp.MustCompile(`^[0-9A-Fa-f]{16}$`)

// survives runs every operation on the plant. None panics or shows the value, each failure is an
// *Error, foreign types stay, and every key has a TTL.
func (p plant) survives(t *testing.T, rdb redis.UniversalClient, s subject) {
	t.Helper()
	key := s.name + ":a"
	ops := map[string]func(ctx context.Context) error{"Sweep": s.sweep}
	for op, do := range s.onSome {
		ops[op] = do
	}
	for op, do := range s.onKey {
		ops[op] = func(ctx context.Context) error { return do(ctx, "a") }
	}
	for _, op := range slices.Sorted(maps.Keys(ops)) { // the same order each time, for the fuzzer
		do := ops[op]
		if strings.HasPrefix(op, "GetOrLoad") && p.loads() {
			continue // it would wait until the lease expires
		}
		if err := p.put(ctx(t), rdb, s.name); err != nil {
			t.Fatal(err)
		}
		kind := rdb.Type(ctx(t), key).Val()
		err := do(ctx(t))
		var e *cache.Error
		switch {
		case err != nil && !errors.As(err, &e):
			t.Errorf("%s: %v is no *Error", op, err)
		// unless the value is in a key
		case strings.Contains(fmt.Sprint(err), secret) && !strings.Contains(p.more, secret):
			t.Errorf("%s shows the value: %v", op, err)
		case (op == "Get" || op == "Peek" || op == "Modify") && kind == "string" &&
			len(p.value) > s.tooLarge && !errors.Is(err, cache.ErrTooLarge):
			t.Errorf("%s of %d bytes: %v", op, len(p.value), err)
		}
		after := rdb.Type(ctx(t), key).Val()
		replaces := strings.HasPrefix(op, "Set") || strings.HasPrefix(op, "Delete")
		if kind != "string" && kind != "list" && after != kind && !replaces && !p.loads() {
			t.Errorf("%s made %q of a %q", op, after, kind)
		}
		if after != "none" && rdb.Do(ctx(t), "pttl", key).Val() == int64(-1) {
			t.Errorf("%s left a %s without a TTL", op, after)
		}
	}
	if err := p.put(ctx(t), rdb, s.name); err != nil {
		t.Fatal(err)
	}
	info, err := s.inspect(ctx(t), "a")
	if err == nil &&
		(info.TTL < time.Millisecond || info.Remaining <= 0 || info.Remaining > hour ||
			info.Idle < -1 || info.Size != len(p.value)) {
		t.Errorf("Inspect says %+v", info)
	}
	if own, e := strconv.ParseInt(p.own, 10, 64); err == nil && e == nil &&
		rdb.Type(ctx(t), key).Val() == "list" && own > 0 {
		if want := float64(own) * 1e6; float64(info.TTL) < min(want, math.MaxInt64) {
			t.Errorf("Inspect says a TTL of %v of a record with %d ms", info.TTL, own)
		}
	}
	rdb.Unlink(ctx(t), key)
	rdb.Unlink(ctx(t), s.name+":b"+p.more)
}

// No operation breaks on a foreign value under a key.
func TestHostileRecords(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		if b.Mini != nil {
			t.Skip("FuzzRecord runs the same plants as its seeds")
		}
		if testing.Short() && b.Kind == "cluster" {
			t.Skip("a node of a cluster treats a record like a single server")
		}
		for _, s := range subjects(t, b.Client, b.Name) {
			for i, p := range plants {
				t.Run(fmt.Sprint(i), func(t *testing.T) {
					b.Exempt(s.name+":a", s.name+":b"+p.more)
					p.survives(t, b.Client, s)
				})
			}
		}
	})
}

func FuzzRecord(f *testing.F) {
	for _, p := range plants {
		f.Add(p.kind, p.value, p.own, p.ends, p.more)
	}
	srv := cachetest.NewServer(f)
	n := 0
	all := subjects(f, srv.Client, func() string { n++; return fmt.Sprint("users", n) })
	if testing.Short() {
		all = all[:2] // TestHostileRecords has all of them
	}
	f.Fuzz(func(t *testing.T, kind uint8, value []byte, own, ends, more string) {
		srv.Miniredis.FlushAll()
		for _, s := range all {
			plant{kind, value, own, ends, more}.survives(t, srv.Client, s)
		}
	})
}
