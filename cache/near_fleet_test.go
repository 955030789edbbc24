package cache_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// versions are the acknowledged values of one key.
type versions struct {
	mu   sync.Mutex // held from before a write until after its reply
	last int
	acks sync.Map // maps a version to the time of its acknowledgement
	done atomic.Int64
}

// write writes the next version.
func (v *versions) write(set func(User) error) error {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.last++
	if err := set(User{Name: strconv.Itoa(v.last)}); err != nil {
		return err
	}
	v.acks.Store(v.last, time.Now())
	v.done.Store(int64(v.last))
	return nil
}

// floor returns the latest version that was acknowledged no later than by.
func (v *versions) floor(by time.Time) int {
	for n := int(v.done.Load()); n > 0; n-- {
		// A failed write has no time.
		if at, ok := v.acks.Load(n); ok && !at.(time.Time).After(by) {
			return n
		}
	}
	return 0
}

// Eight clients read and write the same records while their connections are killed. No client reads
// a value older than Staleness, or older than one that it has read or written before.
func TestNearNeverGoesBack(t *testing.T) {
	const clients, keys = 8, 10
	servers(t, func(t *testing.T, b *redistest.Backend) {
		t.Parallel()
		records := make([]versions, keys)
		name, admin := b.Name(), b.NewClient(t)
		over, stop := context.WithTimeout(ctx(t), 2*time.Second)
		defer stop()
		var all sync.WaitGroup
		var hits atomic.Int64
		for n := range clients {
			u, _ := nearNamed(t, b.NewClient(t), name,
				nearWith(cache.Near{Staleness: bound}))
			all.Go(func() {
				r := rand.New(rand.NewPCG(uint64(n), 0))
				var seen [keys]int
				for over.Err() == nil {
					id := r.IntN(keys)
					v := &records[id]
					if r.IntN(50) == 0 {
						wrote := 0
						err := v.write(func(user User) error {
							wrote, _ = strconv.Atoi(user.Name)
							return u.Set(ctx(t), int64(id), user)
						})
						if err == nil {
							seen[id] = wrote
						}
						continue
					}
					begun := time.Now()
					got, err := u.Get(ctx(t), int64(id))
					if err != nil {
						continue // its connection was killed, or the record was not written yet
					}
					version, _ := strconv.Atoi(got.Name)
					if floor := v.floor(begun.Add(-bound)); version < floor {
						t.Errorf("client %d reads version %d of %d: %d is older than %v", n,
							version, id, floor, bound)
						return
					}
					if version < seen[id] {
						t.Errorf("client %d reads version %d of %d after %d", n, version, id,
							seen[id])
						return
					}
					seen[id] = version
				}
				hits.Add(u.Stats().Near.Hits)
			})
		}
		for over.Err() == nil {
			kill(t, admin, []string{"pubsub", "normal"}[rand.IntN(2)])
			time.Sleep(100 * time.Millisecond)
		}
		all.Wait()
		if hits.Load() == 0 {
			t.Error("nothing was read from memory")
		}
	})
}

// kill closes the connections of a kind at each server, except the one that sends the command.
func kill(t *testing.T, rdb redis.UniversalClient, kind string) {
	t.Helper()
	one := func(ctx context.Context, node *redis.Client) error {
		return node.Do(ctx, "client", "kill", "type", kind, "skipme", "yes").Err()
	}
	var err error
	switch rdb := rdb.(type) {
	case *redis.ClusterClient:
		err = rdb.ForEachMaster(ctx(t), one)
	case *redis.Client:
		err = one(ctx(t), rdb)
	default:
		err = fmt.Errorf("a client of type %T", rdb)
	}
	must(t, err)
}
