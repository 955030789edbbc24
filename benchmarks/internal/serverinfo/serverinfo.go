// Package serverinfo reads the answers of a server to INFO.
package serverinfo

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Stat holds the server's counts for a command.
type Stat struct {
	Calls  int
	Micros float64 // time of all calls in the server, in µs
}

// Commands returns the counts of INFO commandstats since the start of the server, or since CONFIG
// RESETSTAT. The keys are the commands' names in lower case.
func Commands(ctx context.Context, rdb *redis.Client) (map[string]Stat, error) {
	info, err := rdb.Info(ctx, "commandstats").Result()
	if err != nil {
		return nil, err
	}
	return parse(info)
}

func parse(info string) (map[string]Stat, error) {
	stats := map[string]Stat{}
	for line := range strings.Lines(info) {
		line, ok := strings.CutPrefix(strings.TrimSpace(line), "cmdstat_")
		if !ok {
			continue
		}
		name, fields, _ := strings.Cut(line, ":")
		var s Stat
		var err error
		for field := range strings.SplitSeq(fields, ",") {
			switch key, text, _ := strings.Cut(field, "="); key {
			case "calls":
				s.Calls, err = strconv.Atoi(text)
			case "usec":
				s.Micros, err = strconv.ParseFloat(text, 64)
			}
			if err != nil {
				return nil, fmt.Errorf("INFO commandstats: %q: %w", line, err)
			}
		}
		stats[name] = s
	}
	return stats, nil
}

// Version returns the version of the server.
func Version(ctx context.Context, rdb *redis.Client) (string, error) {
	info, err := rdb.Info(ctx, "server").Result()
	if err != nil {
		return "", err
	}
	for line := range strings.Lines(info) {
		if version, ok := strings.CutPrefix(line, "redis_version:"); ok {
			return strings.TrimSpace(version), nil
		}
	}
	return "", fmt.Errorf("no redis_version in INFO server")
}
