package main_test

import (
	"context"
	"fmt"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/ttl"
)

// byHand is go-redis used well by hand: one command and one call of the encoding library. It has
// the keys and values of the cache that is measured.
type byHand struct {
	rdb    redis.UniversalClient
	prefix string
	format payload.Format
}

func (h byHand) key(id int64) string { return h.prefix + strconv.FormatInt(id, 10) }

func (h byHand) get(ctx context.Context, id int64) (User, error) {
	data, err := h.rdb.Get(ctx, h.key(id)).Bytes()
	if err != nil {
		return User{}, err
	}
	var u User
	err = h.format.Unmarshal(data, &u)
	return u, err
}

func (h byHand) getEx(ctx context.Context, id int64, ttl time.Duration) (User, error) {
	data, err := h.rdb.GetEx(ctx, h.key(id), ttl).Bytes()
	if err != nil {
		return User{}, err
	}
	var u User
	err = h.format.Unmarshal(data, &u)
	return u, err
}

func (h byHand) set(ctx context.Context, id int64, u User, ttl time.Duration) error {
	data, err := h.format.Marshal(u)
	if err != nil {
		return err
	}
	return h.rdb.Set(ctx, h.key(id), data, ttl).Err()
}

// reading returns a side that reads a User. It first checks once that the read returns want.
func reading(tb testing.TB, name string, want User, get func(id int64) (User, error)) measure.Side {
	tb.Helper()
	if got, err := get(0); err != nil || !reflect.DeepEqual(got, want) {
		tb.Fatalf("%s reads %v, %v, want %v", name, got, err, want)
	}
	return measure.Side{Name: name, Op: func(n int) error {
		_, err := get(int64(n % records))
		return err
	}}
}

func writing(name string, set func(id int64) error) measure.Side {
	return measure.Side{Name: name, Op: func(n int) error { return set(int64(n % records)) }}
}

// policies are the two TTL policies, each with its read by hand.
var policies = []struct {
	label  string
	policy ttl.Policy
	get    func(h byHand, ctx context.Context, id int64) (User, error)
}{
	{"Active", ttl.Active(hour), func(h byHand, ctx context.Context, id int64) (User, error) {
		return h.getEx(ctx, id, hour)
	}},
	{"Fixed", ttl.Fixed(hour), byHand.get},
}

// getCases are reads of one record.
func getCases(tb testing.TB, rdb redis.UniversalClient) []measure.Case {
	ctx := tb.Context()
	var cases []measure.Case
	for _, p := range policies {
		for _, f := range []payload.Format{payload.JSON, payload.MsgPack} {
			for _, s := range payload.Sizes {
				name := fmt.Sprintf("get.%s.%s.%s", p.label, f.Label, s.Label)
				users := newCache[int64](tb, rdb, name, f.Codec, p.policy)
				fill(tb, users, s.User)
				hand := byHand{rdb, name + ":", f}
				cases = append(cases,
					measure.Case{Labels: []string{p.label, f.Label, s.Label}, Sides: []measure.Side{
						reading(tb, "raw", s.User, func(id int64) (User, error) {
							return p.get(hand, ctx, id)
						}),
						reading(tb, "cache", s.User, func(id int64) (User, error) {
							return users.Get(ctx, id)
						}),
					}})
			}
		}
	}
	return cases
}

// setCases are writes of one record. They do not depend on the policy.
func setCases(tb testing.TB, rdb redis.UniversalClient) []measure.Case {
	ctx := tb.Context()
	var cases []measure.Case
	for _, f := range []payload.Format{payload.JSON, payload.MsgPack} {
		for _, s := range payload.Sizes {
			name := fmt.Sprintf("set.%s.%s", f.Label, s.Label)
			users := newCache[int64](tb, rdb, name, f.Codec, ttl.Active(hour))
			hand := byHand{rdb, name + ":", f}
			cases = append(cases,
				measure.Case{Labels: []string{"Active", f.Label, s.Label}, Sides: []measure.Side{
					writing("raw", func(id int64) error { return hand.set(ctx, id, s.User, hour) }),
					writing("cache", func(id int64) error { return users.Set(ctx, id, s.User) }),
				}})
		}
	}
	return cases
}

func BenchmarkGet(b *testing.B) { run(b, getCases(b, server(b))) }
func BenchmarkSet(b *testing.B) { run(b, setCases(b, server(b))) }
