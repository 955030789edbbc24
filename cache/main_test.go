package cache_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/parallel"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// Tests that call t.Parallel mostly wait. On a shared server, they must not count commands, or the
// records of a walk: a record may come twice while other tests make Redis resize its table. They
// must not check the age of a renewal: age and Advance move the clock of every cache in this
// process.
func TestMain(m *testing.M) {
	parallel.Default(12)
	redistest.Main(m)
}

// fewer returns n, or n/10 on miniredis, where each script costs half a millisecond. The real
// servers run the test with n. With -short, it returns n/10 everywhere.
func fewer(b *redistest.Backend, n int) int {
	if b.Mini != nil || testing.Short() {
		return n / 10
	}
	return n
}

type User struct {
	Name   string   `json:"name" msgpack:"name"`
	Age    int      `json:"age" msgpack:"age"`
	Visits int      `json:"visits" msgpack:"visits"`
	Tags   []string `json:"tags,omitempty" msgpack:"tags"`
}

var (
	ann = User{Name: "Ann", Age: 31, Tags: []string{"admin"}}
	bob = User{Name: "Bob", Age: 44}
)

// anns returns n records, from 0 on.
func anns(n int) map[int64]User {
	records := make(map[int64]User, n)
	for id := range int64(n) {
		records[id] = ann
	}
	return records
}

// hour is the TTL of most tests. It is far longer than a test on a real server.
const hour = time.Hour

// users is a cache under test, with access to its keys in Redis.
type users struct {
	*cache.Cache[int64, User]
	t   *testing.T
	rdb redis.UniversalClient
}

func newUsers(t *testing.T, b *redistest.Backend, o *cache.Options) users {
	t.Helper()
	return usersNamed(t, b, b.Name(), o)
}

func usersNamed(t *testing.T, b *redistest.Backend, name string, o *cache.Options) users {
	t.Helper()
	return users{mustNew[int64](t, b.Client, name, codec.JSON[User]{}, o), t, b.Client}
}

func mustNew[K comparable, V any](
	t *testing.T, rdb redis.UniversalClient, name string, c codec.Codec[V], o *cache.Options,
) *cache.Cache[K, V] {
	t.Helper()
	if o == nil {
		o = &cache.Options{}
	}
	if o.Load.Patience == 0 { // a busy machine is no outage
		patient := *o
		patient.Load.Patience = time.Minute
		o = &patient
	}
	made, err := cache.New[K](rdb, name, c, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = made.Close() })
	return made
}

// patient is for clients with many callers: on a busy machine, some of them wait long.
func patient(o *redis.UniversalOptions) { o.ReadTimeout, o.PoolTimeout = time.Minute, time.Minute }

func active(opts ...ttl.Option) *cache.Options {
	return &cache.Options{TTL: ttl.Active(hour, opts...)}
}

func autoPipelined(opts ...ttl.Option) *cache.Options {
	return &cache.Options{TTL: ttl.Active(hour, opts...), AutoPipeline: true}
}

func fixed(opts ...ttl.Option) *cache.Options {
	return &cache.Options{TTL: ttl.Fixed(hour, opts...)}
}

// nearly returns the options with copies in this process.
func nearly(o *cache.Options) *cache.Options {
	o.Near = &cache.Near{Staleness: minStaleness}
	return o
}

// policies are the policies under which general rules are tested.
var policies = []struct {
	name string
	o    *cache.Options
}{
	{"active", active()},
	{"active with max age", active(ttl.MaxAge(24 * hour))},
	{"active with tolerance", active(ttl.Tolerance(time.Minute))},
	{"active with all options", autoPipelined(ttl.MaxAge(24*hour), ttl.Tolerance(time.Minute))},
	{"fixed", fixed()},
	{"fixed near", nearly(fixed())},
	{"active near", nearly(active(ttl.Tolerance(time.Minute)))},
}

// everywhere runs a test on every backend, under every policy.
func everywhere(t *testing.T, fn func(t *testing.T, b *redistest.Backend, u users)) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, p := range policies {
			t.Run(p.name, func(t *testing.T) { fn(t, b, newUsers(t, b, p.o)) })
		}
	})
}

// heard waits until a cache with copies knows all writes of others so far.
func (u users) heard() {
	u.t.Helper()
	begun := time.Now()
	soon(u.t, "a proof", func() bool {
		s := u.Stats().Near
		return s.Connects == 0 || s.ProofAge >= 0 && s.ProofAge < time.Since(begun)
	})
}

// redisKey returns the key in Redis of a record.
func (u users) redisKey(id int64) string { return fmt.Sprintf("%s:%d", u.Name(), id) }

// set writes a record that the test needs.
func (u users) set(id int64, v User, opts ...cache.SetOption) {
	u.t.Helper()
	if err := u.Set(ctx(u.t), id, v, opts...); err != nil {
		u.t.Fatal(err)
	}
}

// age cuts a record's TTL to left, as if time had passed. It also moves the clocks of all caches an
// hour forward.
func (u users) age(id int64, left time.Duration) {
	u.t.Helper()
	u.ageAll([]int64{id}, left)
}

func (u users) ageAll(ids []int64, left time.Duration) {
	u.t.Helper()
	recent.Skip(hour)
	for _, id := range ids {
		if ok, err := u.rdb.PExpire(ctx(u.t), u.redisKey(id), left).Result(); err != nil || !ok {
			u.t.Fatalf("PEXPIRE: %v, %v", ok, err)
		}
	}
	u.heard()
}

// left returns the TTL that Redis has for a record.
func (u users) left(id int64) time.Duration {
	u.t.Helper()
	d, err := u.rdb.PTTL(ctx(u.t), u.redisKey(id)).Result()
	if err != nil {
		u.t.Fatal(err)
	}
	return d
}

// wantLeft checks the TTL that Redis has for a record. On a slow machine, up to a minute of it may
// have passed.
func (u users) wantLeft(id int64, want time.Duration) {
	u.t.Helper()
	if got := u.left(id); got > want || got < want-time.Minute {
		u.t.Errorf("record %d has %v left, want %v", id, got, want)
	}
}

// wantUser checks what a read returned.
func wantUser(t *testing.T, got User, err error, want User) {
	t.Helper()
	if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// wantErr checks that an error is the sentinel, and an *Error that names the
// operation and the key.
func wantErr(t *testing.T, err, sentinel error, op, key string) {
	t.Helper()
	var e *cache.Error
	if !errors.Is(err, sentinel) || !errors.As(err, &e) || e.Op != op || e.Key != key {
		t.Errorf("got error %v, want %v of %s %q", err, sentinel, op, key)
	}
}

func ctx(t *testing.T) context.Context { return t.Context() }

var jsonUsers codec.Codec[User] = codec.JSON[User]{}
