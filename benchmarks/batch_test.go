package main_test

import (
	"context"
	"fmt"
	"reflect"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/ttl"
)

// batch is how many records one call reads or writes.
const batch = 100

// getMany is a hand-written pipeline. It stops at the first error, and a miss is an error.
func (h byHand) getMany(
	ctx context.Context, ids []int64, ttl time.Duration,
) (map[int64]User, error) {
	pipe := h.rdb.Pipeline()
	cmds := make([]*redis.StringCmd, len(ids))
	for i, id := range ids {
		cmds[i] = pipe.GetEx(ctx, h.key(id), ttl)
	}
	if _, err := pipe.Exec(ctx); err != nil {
		return nil, err
	}
	users := make(map[int64]User, len(ids))
	for i, cmd := range cmds {
		data, err := cmd.Bytes()
		if err != nil {
			return nil, err
		}
		var u User
		if err := h.format.Unmarshal(data, &u); err != nil {
			return nil, err
		}
		users[ids[i]] = u
	}
	return users, nil
}

func (h byHand) setMany(ctx context.Context, users map[int64]User, ttl time.Duration) error {
	pipe := h.rdb.Pipeline()
	for id, u := range users {
		data, err := h.format.Marshal(u)
		if err != nil {
			return err
		}
		pipe.Set(ctx, h.key(id), data, ttl)
	}
	_, err := pipe.Exec(ctx)
	return err
}

// batchCases compare reads and writes of 100 records under Active with a hand-written pipeline.
func batchCases(tb testing.TB, rdb redis.UniversalClient) []measure.Case {
	ctx := tb.Context()
	var gets, sets []measure.Case
	for _, f := range []payload.Format{payload.JSON, payload.MsgPack} {
		for _, s := range payload.Sizes {
			name := fmt.Sprintf("many.%s.%s", f.Label, s.Label)
			users := newCache[int64](tb, rdb, name, f.Codec, ttl.Active(hour))
			hand := byHand{rdb, name + ":", f}
			ids := make([]int64, batch)
			values := make(map[int64]User, batch)
			for i := range ids {
				ids[i] = int64(i)
				values[ids[i]] = s.User
			}
			write := func(name string, set func() error) measure.Side {
				return measure.Side{Name: name, Op: func(int) error { return set() }}
			}
			read := func(name string, get func() (map[int64]User, error)) measure.Side {
				if got, err := get(); err != nil || !reflect.DeepEqual(got, values) {
					tb.Fatalf("%s reads %d records, %v", name, len(got), err)
				}
				return measure.Side{Name: name, Op: func(int) error { _, err := get(); return err }}
			}
			if err := users.SetMany(ctx, values); err != nil {
				tb.Fatal(err)
			}
			gets = append(gets,
				measure.Case{Labels: []string{"GetMany", f.Label, s.Label}, Sides: []measure.Side{
					read("raw", func() (map[int64]User, error) {
						return hand.getMany(ctx, ids, hour)
					}),
					read("cache", func() (map[int64]User, error) {
						return users.GetMany(ctx, ids)
					}),
				}})
			sets = append(sets,
				measure.Case{Labels: []string{"SetMany", f.Label, s.Label}, Sides: []measure.Side{
					write("raw", func() error { return hand.setMany(ctx, values, hour) }),
					write("cache", func() error { return users.SetMany(ctx, values) }),
				}})
		}
	}
	return append(gets, sets...)
}

func BenchmarkBatch(b *testing.B) { run(b, batchCases(b, server(b))) }
