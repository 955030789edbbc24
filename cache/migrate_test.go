package cache_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/internal/redistest"
)

// A cache changes its codec while its processes run. Processes of one deployment and the next read,
// load and change the same records. Each read is right, and each record is loaded once. This also
// holds for a rollback.
func TestMigrationOfARunningCache(t *testing.T) {
	older := codec.Version(0, codec.Codec[User](codec.JSON[User]{}))
	newer := codec.Version(1, compress.S2(codec.Codec[User](codec.MsgPack[User]{}),
		&compress.Options{Min: 1}))
	stages := []codec.Codec[User]{
		codec.JSON[User]{}, codec.Migrate(older, newer), codec.Migrate(newer, older),
	}
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		name := b.Name()
		process := func(stage int) *cache.Cache[int64, User] {
			return mustNew[int64](t, b.Client, name, stages[stage], nil)
		}
		const keys = 20
		var loads atomic.Int64
		source := func(_ context.Context, id int64) (User, error) {
			loads.Add(1)
			return User{Name: fmt.Sprint(id), Age: 0}, nil
		}
		for round, pair := range [][2]int{{0, 0}, {0, 1}, {1, 2}, {2, 2}, {2, 1}} { // and back
			var all sync.WaitGroup
			for n := range pair {
				c := process(pair[n])
				all.Go(func() {
					for id := range int64(keys) {
						u, err := c.GetOrLoad(ctx(t), id, source)
						if err != nil || u.Name != fmt.Sprint(id) {
							t.Errorf("stage %d reads %+v, %v", pair[n], u, err)
						}
						_, err = c.Modify(ctx(t), id, func(u User) (User, error) {
							u.Age++
							return u, nil
						})
						must(t, err)
						must(t, c.UpdateField(ctx(t), id, "tags", []string{fmt.Sprint(round)}))
					}
				})
			}
			all.Wait()
			many, err := process(pair[0]).GetMany(ctx(t), []int64{0, 1, keys - 1})
			if err != nil || len(many) != 3 || many[1].Age != 2*(round+1) ||
				many[1].Tags[0] != fmt.Sprint(round) {
				t.Errorf("round %d: %v, %v", round, many, err)
			}
		}
		if n := loads.Load(); n != keys {
			t.Errorf("%d loads of %d records", n, keys)
		}
	})
}
