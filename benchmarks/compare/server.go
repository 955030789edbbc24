package compare

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/minipipe"
)

const (
	// keyTTL is the TTL of the records, for a run that is killed before it deletes them.
	keyTTL = 15 * time.Minute

	contactTimeout = 4 * time.Second // for the first answer of the server
	clearTimeout   = 10 * time.Second

	chunk = 1000 // commands of a pipeline
)

// server is the server of the caches of a run.
type server struct {
	rdb   redis.UniversalClient
	about string // for the report
	real  bool   // not the embedded one
	close func()
}

// connect returns the server of client, or an embedded one if client is nil.
func connect(ctx context.Context, client redis.UniversalClient) (*server, error) {
	if client == nil {
		return embedded(), nil
	}
	ctx, cancel := context.WithTimeout(ctx, contactTimeout)
	defer cancel()
	if err := client.Ping(ctx).Err(); err != nil {
		return nil, fmt.Errorf("compare: the Redis server cannot be used: %w", err)
	}
	info, err := client.Info(ctx, "server").Result()
	if err != nil { // an ACL may forbid INFO
		info = ""
	}
	return &server{client, describe(info), true, func() {}}, nil
}

func embedded() *server {
	m := miniredis.NewMiniRedis()
	rdb := redis.NewClient(&redis.Options{
		Addr:                  "miniredis", // only for error messages
		Dialer:                minipipe.Dialer(m),
		ContextTimeoutEnabled: true,
	})
	return &server{rdb, "miniredis, embedded in this process", false, func() {
		_ = rdb.Close()
		m.Close()
	}}
}

// describe returns the name, version and mode of the server from its answer to INFO.
func describe(info string) string {
	fields := map[string]string{}
	for line := range strings.Lines(info) {
		if key, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok {
			fields[key] = value
		}
	}
	about := "Redis"
	if version := fields["valkey_version"]; version != "" {
		about = "Valkey " + version
	} else if version := fields["redis_version"]; version != "" {
		about = "Redis " + version
	} else {
		about += " of an unknown version"
	}
	if mode := fields["redis_mode"]; mode != "" {
		about += ", " + mode
	}
	return about
}

// memory returns the bytes that the server uses for a key and its value, as the mean of the keys.
func (s *server) memory(ctx context.Context, keys []string) (float64, error) {
	total := int64(0)
	for start := 0; start < len(keys); start += chunk {
		usages, err := s.rdb.Pipelined(ctx, func(p redis.Pipeliner) error {
			for _, key := range keys[start:min(start+chunk, len(keys))] {
				p.MemoryUsage(ctx, key, 0)
			}
			return nil
		})
		if err != nil {
			return 0, err
		}
		for _, usage := range usages {
			total += usage.(*redis.IntCmd).Val()
		}
	}
	return float64(total) / float64(len(keys)), nil
}

// refused reports whether err is an error reply of the server.
func refused(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}
