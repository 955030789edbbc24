package redistest

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/redis/go-redis/v9"
)

// Commands returns how many commands of each name the server executed while fn ran, by INFO
// commandstats, summed over the primaries of a cluster. Names are lower-case, with the subcommand
// where Redis 7 has one: "getex", "script|load". It leaves out INFO, what a client sends to set up
// a connection or to learn a cluster's layout, and what Sentinels and replicas send.
//
// Commands that a script calls count too: an EVALSHA that calls PEXPIRE and GET counts as three.
// For what goes over the wire see [Wire]. A command that the server refuses before it runs, such as
// one answered with MOVED, is not counted. Commands of other tests on the same server are counted,
// so a test that uses Commands must not run in parallel with them.
func Commands(tb testing.TB, rdb redis.UniversalClient, fn func()) map[string]int {
	tb.Helper()
	before := commandStats(tb, rdb)
	fn()
	diff := commandStats(tb, rdb)
	for name := range diff {
		if diff[name] -= before[name]; diff[name] == 0 {
			delete(diff, name)
		}
	}
	return diff
}

func commandStats(tb testing.TB, rdb redis.UniversalClient) map[string]int {
	tb.Helper()
	ctx, cancel := background()
	defer cancel()
	sum := map[string]int{}
	var mu sync.Mutex // the primaries of a cluster are asked at the same time
	err := eachPrimary(unseen(ctx), rdb, func(ctx context.Context, node *redis.Client) error {
		info, err := node.Info(ctx, "commandstats").Result()
		if err != nil {
			return err
		}
		mu.Lock()
		defer mu.Unlock()
		return addStats(sum, info)
	})
	if err != nil {
		tb.Fatalf("redistest: INFO commandstats: %v", err)
	}
	return sum
}

func addStats(sum map[string]int, info string) error {
	for key, value := range infoFields(info) {
		name, ok := strings.CutPrefix(key, "cmdstat_")
		if !ok || name == "info" || isUpkeep(name) || isOfServers(name) {
			continue
		}
		head, _, _ := strings.Cut(value, ",")
		calls, err := strconv.Atoi(strings.TrimPrefix(head, "calls="))
		if err != nil {
			return fmt.Errorf("%s: %w", key, err)
		}
		sum[name] += calls
	}
	return nil
}

// eachPrimary calls fn for the one server of a client, or for every primary of a cluster at the
// same time.
func eachPrimary(
	ctx context.Context, rdb redis.UniversalClient, fn func(context.Context, *redis.Client) error,
) error {
	switch rdb := rdb.(type) {
	case *redis.Client:
		return fn(ctx, rdb)
	case *redis.ClusterClient:
		return rdb.ForEachMaster(ctx, fn)
	}
	return fmt.Errorf("a client of type %T is unknown to redistest", rdb)
}

// isUpkeep reports whether a client sends the command by itself, at moments that no test can
// foresee.
func isUpkeep(name string) bool {
	switch name {
	case "hello", "auth", "select", "readonly", "client|setname", "client|setinfo",
		"client|tracking", "client|maint_notifications",
		"cluster|slots", "cluster|shards", "cluster|nodes", "command",
		"client", "cluster": // before Redis 7, which counts subcommands by themselves
		return true
	}
	return false
}

// isOfServers reports whether Sentinels and replicas send the command to a primary, at any moment.
func isOfServers(name string) bool {
	switch name {
	case "ping", "publish", "subscribe", "role", "replconf", "psync":
		return true
	}
	return false
}

// commandName returns the name that commandstats of Redis 7 has for a command.
func commandName(cmd, firstArg string) string {
	cmd = strings.ToLower(cmd)
	switch cmd {
	case "client", "cluster", "config", "memory", "object", "script", "xinfo", "xgroup", "pubsub",
		"function", "acl", "latency":
		if firstArg != "" {
			return cmd + "|" + strings.ToLower(firstArg)
		}
	}
	return cmd
}
