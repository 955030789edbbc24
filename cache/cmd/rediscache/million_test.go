package main

import (
	"context"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
)

// TestMillion walks a million records, and compares with a bare loop of the same commands. The
// number of commands is checked. The ratio of the times is told: a busy machine may spoil it.
func TestMillion(t *testing.T) {
	if testing.Short() {
		t.Skip("a million records take some seconds")
	}
	const records = 1_000_000
	s := redistest.Start(t, "--save", "")
	p := at(t, s)
	p.fill(t, "users", records)
	tests := []struct {
		command string
		of      []string // what is asked of each key
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
			if name != "scan" && got[name] != n { // their number depends on the state of the table
				t.Errorf("%s: %d times %s, and the bare loop %d times", tt.command, got[name], name,
					n)
			}
		}
		if len(got) != len(commands) {
			t.Errorf("%s: %v, and the bare loop %v", tt.command, got, commands)
		}
		t.Logf("%s of a million records: %v, a bare loop %v, ratio %.2f", tt.command,
			tool.Round(time.Millisecond), bare.Round(time.Millisecond), float64(tool)/float64(bare))
	}
}

// bareWalk walks all keys by SCAN and sends commands for each key, a pipeline for each page.
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
