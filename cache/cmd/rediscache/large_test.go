package main

import (
	"context"
	"flag"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

var largeFlag = flag.Int("rediscache.large", 200_000, "how many records TestLargeCache walks")

// TestLargeCache walks many records and checks that the tool sends as many commands as a bare loop.
// It only logs the ratio of the times, which a busy machine may spoil.
func TestLargeCache(t *testing.T) {
	if testing.Short() {
		t.Skip("takes seconds")
	}
	t.Parallel()
	records := *largeFlag
	s := redistest.Start(t, "--save", "")
	p := at(t, s)
	p.fill(t, "users", records)
	tests := []struct {
		command string
		of      []string // the commands for each key
	}{
		{"count", []string{"type"}},
		{"stats", []string{"type", "pttl", "strlen"}},
	}
	for _, tt := range tests {
		var bare, tool time.Duration
		commands := redistest.Commands(t, p.client, func() {
			begun := time.Now()
			if n := bareWalk(t, p.client.(*redis.Client), tt.of); n != records {
				t.Errorf("the bare loop meets %d records", n)
			}
			bare = time.Since(begun)
		})
		got := redistest.Commands(t, p.client, func() {
			begun := time.Now()
			if got := p.run(t, tt.command, "users"); got.code != 0 || got.err != "" {
				t.Errorf("%s: %+v", tt.command, got)
			}
			tool = time.Since(begun)
		})
		for name, n := range commands {
			if name != "scan" && got[name] != n { // the number of SCANs depends on Redis' table
				t.Errorf("%s: %d times %s, and the bare loop %d times", tt.command, got[name], name,
					n)
			}
		}
		if len(got) != len(commands) {
			t.Errorf("%s: %v, and the bare loop %v", tt.command, got, commands)
		}
		t.Logf("%s of %d records: %v, a bare loop %v, ratio %.2f", tt.command, records,
			tool.Round(time.Millisecond), bare.Round(time.Millisecond), float64(tool)/float64(bare))
	}
}

// bareWalk walks all keys with SCAN. For each page it sends a pipeline, with the commands for each
// key.
func bareWalk(t *testing.T, rdb *redis.Client, commands []string) (n int) {
	t.Helper()
	ctx := context.Background()
	for cursor := uint64(0); ; {
		keys, next, err := rdb.Scan(ctx, cursor, "users:*", 512).Result()
		must(t, err)
		if len(keys) > 0 {
			_, err = rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
				for _, key := range keys {
					for _, name := range commands {
						p.Do(ctx, name, key)
					}
				}
				return nil
			})
			must(t, err)
		}
		n += len(keys)
		if cursor = next; cursor == 0 {
			return n
		}
	}
}
