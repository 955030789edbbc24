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
	// keyTTL is how long a record outlives a run that is killed.
	keyTTL = 15 * time.Minute

	contactTimeout = 4 * time.Second // for the first answer of a server
	clearTimeout   = 10 * time.Second

	chunk = 1000 // commands of a pipeline
)

// server is where the caches of a run keep their records.
type server struct {
	rdb   redis.UniversalClient
	about string // for the reader
	real  bool
	close func()
}

// connect returns the server of client, or one inside this process.
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
	if err != nil { // a user may not be allowed to ask
		info = ""
	}
	return &server{client, describe(info), true, func() {}}, nil
}

func embedded() *server {
	m := miniredis.NewMiniRedis()
	rdb := redis.NewClient(&redis.Options{
		Addr:                  "miniredis", // for messages; nothing resolves it
		Dialer:                minipipe.Dialer(m),
		ContextTimeoutEnabled: true,
	})
	return &server{rdb, "miniredis, embedded in this process", false, func() {
		_ = rdb.Close()
		m.Close()
	}}
}

// describe names the server that answers INFO so.
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

// memory returns what the server takes for a key and its value, in bytes: the mean of the keys.
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

// refused reports whether the server answered that it does not do that.
func refused(err error) bool {
	var reply redis.Error
	return errors.As(err, &reply)
}
