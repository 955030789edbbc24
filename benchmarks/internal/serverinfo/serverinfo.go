// Package serverinfo reads what a redis-server says of itself, by INFO.
package serverinfo

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"
)

// Stat is what the server counts for a command.
type Stat struct {
	Calls  int
	Micros float64 // in the server, of all calls
}

// Commands returns the counts of INFO commandstats by the command's name in lower
// case, since the server started or CONFIG RESETSTAT.
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
