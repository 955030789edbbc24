package wire

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// A slot moves to a server that does not answer. The keys of that slot fail. The other keys of the
// old server have their replies: values, a miss, and a WRONGTYPE.
func TestSlotMovesToASilentServer(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 0, time.Minute)
	// go-redis does not see a cancellation before its ReadTimeout.
	rdb := cluster.Client(t, func(o *redis.UniversalOptions) { o.ReadTimeout = 2 * time.Second })
	from, to := cluster.Nodes()[0], cluster.Nodes()[1]
	keys := keysOf(t, rdb, from, 20)
	moves, list, missing := keys[0], keys[1], keys[2]
	for _, key := range keys {
		if key != list && key != missing {
			must(t, rdb.Set(t.Context(), key, "v", time.Hour).Err())
		}
	}
	must(t, rdb.RPush(t.Context(), list, "v").Err())

	slot := rdb.ClusterKeySlot(t.Context(), moves).Val()
	source, target := from.Client(t), to.Client(t)
	id := func(node *redis.Client) string {
		return node.Do(t.Context(), "cluster", "myid").Val().(string)
	}
	must(t, target.Do(t.Context(), "cluster", "setslot", slot, "importing", id(source)).Err())
	must(t, source.Do(t.Context(), "cluster", "setslot", slot, "migrating", id(target)).Err())
	must(t, source.Del(t.Context(), moves).Err()) // as if it had moved: the source answers ASK
	to.Pause(t)

	for _, end := range []func(context.Context) (context.Context, context.CancelFunc){
		func(ctx context.Context) (context.Context, context.CancelFunc) {
			return context.WithTimeout(ctx, 200*time.Millisecond)
		},
		func(ctx context.Context) (context.Context, context.CancelFunc) {
			ctx, cancel := context.WithCancel(ctx)
			time.AfterFunc(200*time.Millisecond, cancel)
			return ctx, cancel
		},
	} {
		ctx, cancel := end(t.Context())
		cmds := get(ctx, newClient(t, rdb, false), keys)
		for i, cmd := range cmds {
			switch err := cmd.Err(); {
			case keys[i] == moves && (err == nil || err == redis.Nil || Answered(err)),
				keys[i] == missing && err != redis.Nil,
				keys[i] == list && !WrongType(err),
				i > 2 && (err != nil || cmd.(*redis.StringCmd).Val() != "v"):
				t.Errorf("key %d: %v", i, cmd)
			}
		}
		if ctx.Err() == nil {
			t.Error("the batch has ended before its context")
		}
		cancel()
	}
}

// If a replica does not answer, only the keys that were sent to it fail.
func TestSilentReplica(t *testing.T) {
	t.Parallel()
	cluster := redistest.StartCluster(t, 1, time.Minute)
	rdb := cluster.Client(t, func(o *redis.UniversalOptions) { o.RouteRandomly = true })
	primary := cluster.Nodes()[0]
	keys := keysOf(t, rdb, primary, 60)
	c := newClient(t, rdb, false)
	replicas := cluster.Nodes()[3:]
	asked := func() bool { // go-redis first has to learn of the replicas, and that GET is a read
		get(t.Context(), c, keys)
		return slices.ContainsFunc(replicas, func(s *redistest.Server) bool {
			stats := s.Client(t).Info(t.Context(), "commandstats").Val()
			return strings.Contains(stats, "cmdstat_get:")
		})
	}
	for end := time.Now().Add(10 * time.Second); !asked(); time.Sleep(10 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("the client asks no replica")
		}
		rdb.ReloadState(t.Context())
	}
	for _, replica := range replicas {
		replica.Pause(t)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	answered, failed := 0, 0
	for _, cmd := range get(ctx, c, keys) {
		if cmd.Err() == redis.Nil {
			answered++
		} else {
			failed++
		}
	}
	if answered == 0 || failed == 0 { // each slot goes to one of two servers at random
		t.Errorf("%d of %d keys have their replies, %d fail", answered, len(keys), failed)
	}
}

// A keeper keeps a reply when the context ends, but not when a later attempt to read a reply fails.
func TestKeeper(t *testing.T) {
	cmd := &keeper{Cmder: redis.NewStringCmd(t.Context(), "get", "k")}
	for i, step := range []struct{ set, want error }{
		{context.Canceled, context.Canceled},
		{nil, nil},
		{context.Canceled, nil},
		{fmt.Errorf("wrapped: %w", context.DeadlineExceeded), nil},
		{errNotSent, errNotSent},
		{context.Canceled, context.Canceled},
		{nil, nil},
		{context.DeadlineExceeded, nil},
	} {
		cmd.SetErr(step.set)
		if cmd.Err() != step.want {
			t.Errorf("step %d: %v, want %v", i, cmd.Err(), step.want)
		}
	}
}

// get reads keys as one batch.
func get(ctx context.Context, c *Client, keys []string) []redis.Cmder {
	cmds := make([]redis.Cmder, len(keys))
	for i, key := range keys {
		cmds[i] = redis.NewStringCmd(ctx, "get", key)
	}
	c.Batch(ctx, keys, cmds)
	return cmds
}

// keysOf returns n keys of one server, each in its own slot.
func keysOf(
	t *testing.T, rdb *redis.ClusterClient, server *redistest.Server, n int,
) (keys []string) {
	t.Helper()
	slots := map[int64]bool{}
	for i := 0; len(keys) < n; i++ {
		key := fmt.Sprint("k", i)
		owner, err := rdb.MasterForKey(t.Context(), key)
		must(t, err)
		slot := rdb.ClusterKeySlot(t.Context(), key).Val()
		if owner.Options().Addr == server.Addr() && !slots[slot] {
			keys, slots[slot] = append(keys, key), true
		}
	}
	return keys
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
