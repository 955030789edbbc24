package store

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// Info is what Redis knows of a record.
type Info struct {
	TTL       time.Duration // an access gives the record this TTL again
	Remaining time.Duration // until it expires; -1 if it has no TTL
	Idle      time.Duration // since its last access; -1 if that is not known
	Deadline  time.Time     // no access moves it; zero for none
	Size      int           // of the value, in bytes
}

// Inspect returns what Redis knows of a record. It renews nothing and costs one command.
func (s *Store) Inspect(ctx context.Context, key string) (Info, error) {
	reply := s.wire.Do(ctx, key, redis.NewCmd(ctx, inspectScript.Args(key, s.policy)...))
	if err := failure(reply); err != nil {
		return Info{}, err
	}
	n, err := reply.(*redis.Cmd).Int64Slice()
	if err != nil || len(n) != 5 {
		return Info{}, wire.Unexpected(reply)
	}
	pttl, size, own, deadline, idle := n[0], n[1], n[2], n[3], n[4]
	info := Info{
		TTL:       s.ttl,
		Remaining: wire.Milliseconds(pttl),
		Idle:      -1,
		Size:      int(size),
	}
	if own > 0 {
		info.TTL = wire.Milliseconds(own)
	}
	if deadline > 0 {
		info.Deadline = time.UnixMilli(deadline)
	}
	if pttl < 0 { // another program has written it without a TTL
		info.Remaining = -1
	}
	if s.sliding && idle >= 0 {
		info.Idle = wire.Milliseconds(idle)
	}
	return info, nil
}
