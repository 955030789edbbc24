package redistest

import (
	"context"
	"fmt"
	"maps"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// WireCounter counts what one client sends. Safe for concurrent use.
type WireCounter struct {
	mu       sync.Mutex
	hooked   map[*redis.Client]bool
	commands map[string]int
	trips    int
}

// Wire counts from now on what rdb sends. It uses a go-redis hook that stays until the client is
// closed. On a cluster each node has the hook. So redirected commands count again, and a pipeline
// counts one round trip per node. Wire leaves out what the client sends to set up a connection and
// to learn a cluster's layout.
//
// A command that go-redis sends again to the same server, after its connection broke, counts once:
// that happens below the hooks.
func Wire(tb testing.TB, rdb redis.UniversalClient) *WireCounter {
	tb.Helper()
	w := &WireCounter{hooked: map[*redis.Client]bool{}, commands: map[string]int{}}
	ctx, cancel := background()
	defer cancel()
	var err error
	switch rdb := rdb.(type) {
	case *redis.Client:
		w.hook(rdb)
	case *redis.ClusterClient:
		// In this order no node is missed. One that appears between the two calls is given to hook
		// twice, and gets one hook.
		rdb.OnNewNode(w.hook)
		err = rdb.ForEachShard(unseen(ctx), func(_ context.Context, node *redis.Client) error {
			w.hook(node)
			return nil
		})
	default:
		err = fmt.Errorf("a client of type %T is unknown to redistest", rdb)
	}
	if err != nil {
		tb.Fatalf("redistest: Wire: %v", err)
	}
	return w
}

// Commands returns how many commands of each name were sent since the last Reset, named as by
// [Commands]. A transaction counts its MULTI and EXEC.
func (w *WireCounter) Commands() map[string]int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return maps.Clone(w.commands)
}

// RoundTrips returns how often the client has waited for a server: once per command, and once per
// pipeline and node.
func (w *WireCounter) RoundTrips() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.trips
}

// Reset sets both counts to zero.
func (w *WireCounter) Reset() {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.trips = 0
	clear(w.commands)
}

func (w *WireCounter) hook(node *redis.Client) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if !w.hooked[node] {
		w.hooked[node] = true
		node.AddHook(wireHook{w})
	}
}

func (w *WireCounter) add(ctx context.Context, cmds ...redis.Cmder) {
	if ctx.Value(unseenKey{}) != nil {
		return
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	seen := 0
	for _, cmd := range cmds {
		arg := ""
		if args := cmd.Args(); len(args) > 1 {
			arg, _ = args[1].(string)
		}
		if name := commandName(cmd.Name(), arg); !isUpkeep(name) {
			w.commands[name]++
			seen++
		}
	}
	if seen > 0 {
		w.trips++
	}
}

type wireHook struct{ w *WireCounter }

func (h wireHook) DialHook(next redis.DialHook) redis.DialHook { return next }

func (h wireHook) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		h.w.add(ctx, cmd)
		return next(ctx, cmd)
	}
}

func (h wireHook) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return func(ctx context.Context, cmds []redis.Cmder) error {
		h.w.add(ctx, cmds...)
		return next(ctx, cmds)
	}
}

type unseenKey struct{}

// unseen marks the commands of redistest itself, which no WireCounter counts.
func unseen(ctx context.Context) context.Context {
	return context.WithValue(ctx, unseenKey{}, true)
}
