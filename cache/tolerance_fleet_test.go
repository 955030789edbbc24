package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cachetest"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// The guarantee: a record lives for at least TTL - tolerance after its last access, and at most for
// its TTL. It holds for any readers and any kinds of access.
func TestToleranceGuarantee(t *testing.T) {
	seeds := uint64(12)
	if testing.Short() {
		seeds = 3
	}
	for seed := range seeds {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 0))
			total, tolerance := hour, 10*time.Minute
			var own []cache.SetOption
			switch seed % 3 {
			case 1:
				total, own = 2*hour, []cache.SetOption{cache.WithTTL(2 * hour)}
			case 2: // a shorter own TTL has a shorter tolerance
				total, tolerance, own = hour/2, 5*time.Minute,
					[]cache.SetOption{cache.WithTTL(hour / 2)}
			}
			srv := cachetest.NewServer(t)
			fleet := make([]*cache.Cache[int64, User], 4)
			for i := range fleet {
				fleet[i] = mustNew[int64](t, srv.Client, "users", jsonUsers, tolerant())
			}
			must(t, fleet[0].Set(ctx(t), 1, ann, own...))
			renewals, accessed, renewed := 0, time.Duration(0), time.Duration(0)
			var now time.Duration
			for range 300 {
				// Mostly the record is read often. Sometimes it is idle for almost its whole life.
				step := time.Duration(random.Int64N(int64(time.Minute)))
				if random.IntN(20) == 0 {
					step = time.Duration(random.Int64N(int64(total - tolerance)))
				}
				srv.Advance(step)
				now += step
				before := srv.Miniredis.TTL("users:1")
				u := fleet[random.IntN(len(fleet))]
				var err error
				switch random.IntN(4) {
				case 0:
					_, err = u.GetMany(ctx(t), []int64{1, 2})
				case 1:
					err = u.Touch(ctx(t), 1)
				default:
					_, err = u.Get(ctx(t), 1)
				}
				if err != nil {
					t.Fatalf("%v after the last access: %v", now-accessed, err)
				}
				accessed = now
				left := srv.Miniredis.TTL("users:1")
				if left < total-tolerance || left > total {
					t.Fatalf("an access leaves %v, want %v to %v", left, total-tolerance, total)
				}
				if left != before {
					if since := now - renewed; renewals > 0 && since < tolerance {
						t.Fatalf("renewed %v after the last renewal", since)
					}
					renewals++
					renewed = now
				}
			}
			if renewals == 0 {
				t.Error("never renewed")
			}
			srv.Advance(total)
			if _, err := fleet[0].Get(ctx(t), 1); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("after its TTL: %v", err)
			}
		})
	}
}

// A fleet renews a hot record once per tolerance. Four processes read without a pause, and the
// server counts the renewals.
func TestToleranceOfAFleet(t *testing.T) {
	const tolerance = 100 * time.Millisecond
	s := redistest.Standalone(t)
	name := redistest.UniqueName(t)
	o := &cache.Options{TTL: ttl.Active(hour, ttl.Tolerance(tolerance))}
	var fleet []users
	for range 4 {
		fleet = append(fleet,
			users{mustNew[int64](t, s.Client(t), name, jsonUsers, o), t, s.Client(t)})
	}
	ids := []int64{0, 1, 2, 3, 4}
	must(t, fleet[0].SetMany(ctx(t), anns(len(ids))))
	var reads [4]int
	var elapsed time.Duration
	got := redistest.Commands(t, s.Client(t), func() {
		begun := time.Now()
		end, cancel := context.WithTimeout(context.Background(), 5*tolerance)
		defer cancel()
		var wg sync.WaitGroup
		for i, u := range fleet {
			wg.Go(func() {
				for ; end.Err() == nil; reads[i]++ {
					if _, err := u.Get(context.Background(), ids[reads[i]%len(ids)]); err != nil {
						t.Error(err)
						return
					}
				}
			})
		}
		wg.Wait()
		elapsed = time.Since(begun)
	})
	most := (int(elapsed/tolerance) + 1) * len(ids)
	if got["getex"] == 0 || got["getex"] > most {
		t.Errorf("%d renewals of %d records in %v, want at most %d", got["getex"], len(ids),
			elapsed, most)
	}
	// Each process sends a script once per record and tolerance, and once per record when it
	// begins.
	if scripts := most * len(fleet); got["evalsha"] > scripts+len(fleet)*len(ids) {
		t.Errorf("%d scripts, want at most %d", got["evalsha"], scripts)
	}
	if total := reads[0] + reads[1] + reads[2] + reads[3]; total < 20*most {
		t.Errorf("only %d reads: too few to prove anything", total)
	}
}

// Changes by others are handled as without a tolerance.
func TestToleranceMeetsOthers(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, own := range [][]cache.SetOption{nil, {cache.WithTTL(2 * hour)}} {
			u := newUsers(t, b, tolerant())
			key := u.redisKey(1)
			replaced := func(name string, want error, do func(rdb redis.Cmdable)) {
				t.Helper()
				u.set(1, ann, own...)
				must(t, b.Client.Del(ctx(t), key).Err())
				do(b.Client)
				_, err := u.Get(ctx(t), 1)
				u.set(1, ann, own...)
				must(t, b.Client.Del(ctx(t), key).Err())
				do(b.Client)
				_, errMany := u.GetMany(ctx(t), []int64{1})
				if !errors.Is(err, want) || want != cache.ErrNotFound && !errors.Is(errMany, want) {
					t.Errorf("%s: Get gives %v, GetMany %v, want %v", name, err, errMany, want)
				}
				b.Exempt(key)
			}
			replaced("removed", cache.ErrNotFound, func(redis.Cmdable) {})
			replaced("a lease", cache.ErrNotFound, func(rdb redis.Cmdable) {
				rdb.HSet(ctx(t), key, "t", "0123456789abcdef")
				rdb.PExpire(ctx(t), key, hour)
			})
			replaced("a set", cache.ErrWrongType, func(rdb redis.Cmdable) {
				rdb.SAdd(ctx(t), key, "a")
			})
			replaced("a longer list", nil, func(rdb redis.Cmdable) {
				rdb.RPush(ctx(t), key, "{}", "7200000", "0", "more")
			})
			replaced("a list without terms", cache.ErrWrongType, func(rdb redis.Cmdable) {
				rdb.RPush(ctx(t), key, "{}", "0", "0")
			})
			replaced("undecodable bytes", cache.ErrDecode, func(rdb redis.Cmdable) {
				rdb.Set(ctx(t), key, "{", hour)
			})
		}
	})
}

// A sweep keeps a record that was last used within the tolerance after its last renewal. Redis does
// not show such a use.
func TestToleranceAndSweep(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for _, own := range [][]cache.SetOption{nil, {cache.WithTTL(2 * hour)}} {
			u := newUsers(t, b, tolerant())
			total := hour
			if own != nil {
				total = 2 * hour
			}
			for id, idle := range []time.Duration{0, 29 * time.Minute, 39 * time.Minute,
				41 * time.Minute} {
				u.set(int64(id), ann, own...)
				u.age(int64(id), total-idle)
			}
			res, err := u.Sweep(ctx(t), 30*time.Minute)
			if err != nil || res.Removed != 1 || res.Scanned != 4 {
				t.Errorf("Sweep gives %+v, %v, want one record removed", res, err)
			}
			if _, err := u.Peek(ctx(t), 3); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("the idle record: %v", err)
			}
		}
		u := newUsers(t, b, tolerant())
		if _, err := u.Sweep(ctx(t), 50*time.Minute); !errors.Is(err, cache.ErrMaxIdle) {
			t.Errorf("Sweep with an idle time that no record can show: %v", err)
		}
	})
}
