package store

import (
	"context"
	"fmt"
	"time"

	"github.com/redis/go-redis/v9"
)

// Get reads a record and, under a policy that renews, renews it: one command. A
// store that has not met a record with terms of its own reads the first one in
// two.
func (s *Store) Get(ctx context.Context, key string) ([]byte, error) {
	if s.renewals != nil {
		return s.getTolerant(ctx, key)
	}
	return s.read(ctx, key, s.renewal, s.access, readCmd)
}

// Peek reads a record and renews nothing. It costs what Get costs.
func (s *Store) Peek(ctx context.Context, key string) ([]byte, error) {
	if s.renewals != nil {
		if value, err := s.readRenewed(ctx, key); err != errOther {
			return value, err
		}
	}
	return s.read(ctx, key, int64(0), s.send, readCmd)
}

// Current is Peek for who is about to change what it reads: it asks the primary also
// where the client reads from replicas or from memory. It costs what Get costs.
func (s *Store) Current(ctx context.Context, key string) ([]byte, error) {
	return s.read(ctx, key, int64(0), s.send, func(ctx context.Context, key string, _ any) *redis.StringCmd {
		return redis.NewStringCmd(ctx, "getex", key) // to a client it is a write
	})
}

func (s *Store) read(
	ctx context.Context, key string, renewal any, send sender, newCmd func(context.Context, string, any) *redis.StringCmd,
) ([]byte, error) {
	if !s.ownTerms.Load() {
		cmd := newCmd(ctx, key, renewal)
		if err := send(ctx, key, cmd); err != nil {
			return nil, err
		}
		value, err := cmd.Bytes()
		if !wrongType(err) {
			return value, failure(err)
		}
	}
	return s.met(run(ctx, send, redis.NewStringCmd, getScript, key, renewal))
}

// readCmd reads a value under the cache's policy. Redis refuses it on a record
// with terms of its own, which get.lua reads.
func readCmd(ctx context.Context, key string, renewal any) *redis.StringCmd {
	if renewal == int64(0) {
		return redis.NewStringCmd(ctx, "get", key)
	}
	return redis.NewStringCmd(ctx, "getex", key, "px", renewal)
}

// met takes what get.lua read where a plain read was refused or not tried.
func (s *Store) met(cmd *redis.StringCmd) ([]byte, error) {
	value, err := cmd.Bytes()
	if err == nil && !s.ownTerms.Load() {
		s.ownTerms.Store(true)
	}
	return value, failure(err)
}

// Set writes a record, in place of whatever the key holds: one command. Its own
// TTL is kept for its life; 0 stands for the policy's.
func (s *Store) Set(ctx context.Context, key string, value []byte, own time.Duration) error {
	if s.renewals == nil {
		return s.set(ctx, key, value, own)
	}
	sent := s.renewals.Now()
	err := s.set(ctx, key, value, own)
	if err == nil {
		s.wrote(key, sent, own)
	}
	return err
}

func (s *Store) set(ctx context.Context, key string, value []byte, own time.Duration) error {
	if s.keepsTerms(own) {
		return failure(run(ctx, s.access, redis.NewCmd, setScript, key, s.setArgs(value, own)...).Err())
	}
	cmd := s.setCmd(ctx, key, value, own)
	if err := s.accessFor(ctx, key, cmd, s.life(own)); err != nil {
		return err
	}
	return failure(cmd.Err())
}

// keepsTerms reports whether a record that is written with this TTL is one with
// terms of its own, and notes that the store holds such records.
func (s *Store) keepsTerms(own time.Duration) bool {
	if own > s.ttl {
		s.longer.Store(true)
	}
	if !s.sliding || own == 0 && s.maxAge == 0 {
		return false
	}
	s.ownTerms.Store(true)
	return true
}

// life returns how long a record that is written with this TTL may live.
func (s *Store) life(own time.Duration) time.Duration {
	if own == 0 {
		return s.ttl
	}
	return own
}

func (s *Store) setArgs(value []byte, own time.Duration) []any {
	return []any{value, own.Milliseconds(), s.policy, s.maxAge}
}

func (s *Store) setCmd(ctx context.Context, key string, value []byte, own time.Duration) *redis.StatusCmd {
	var px any
	if own == 0 {
		px = s.lifetime()
	} else {
		px = own.Milliseconds()
	}
	return redis.NewStatusCmd(ctx, "set", key, value, "px", px)
}

// Update replaces the value of a record that exists, or returns ErrNotFound:
// one command. The record keeps its terms, and is renewed under a policy that
// renews.
func (s *Store) Update(ctx context.Context, key string, value []byte) error {
	return found(run(ctx, s.access, redis.NewCmd, updateScript, key, value, s.renewal))
}

// Touch renews a record without reading it, or returns ErrNotFound: one command.
// Under a policy that does not renew it only looks.
func (s *Store) Touch(ctx context.Context, key string) error {
	return found(run(ctx, s.access, redis.NewCmd, touchScript, key, s.renewal, s.tolerance))
}

// found takes the reply of a script that answers 1, or 0 for no record.
func found(cmd *redis.Cmd) error {
	n, err := cmd.Int()
	if err == nil && n == 0 {
		return ErrNotFound
	}
	return failure(err)
}

// Swap replaces the value of a record if it is old, by Update's rules: one
// command. If the record holds another value, Swap returns that and false.
//
// When the connection breaks before the answer, Swap returns the error and does
// not try again: it cannot know whether the value was replaced.
func (s *Store) Swap(ctx context.Context, key string, old, value []byte) (current []byte, swapped bool, err error) {
	reply, err := run(ctx, s.access, newOnce, swapScript, key, old, value, s.renewal).Result()
	if err != nil {
		return nil, false, failure(err)
	}
	if text, ok := reply.(string); ok {
		return []byte(text), false, nil
	}
	return nil, true, nil
}

// Delete removes whatever the key holds, and is content with nothing: one
// command.
func (s *Store) Delete(ctx context.Context, key string) error {
	defer s.forget(key)
	cmd := deleteCmd(ctx, key)
	if err := s.send(ctx, key, cmd); err != nil {
		return err
	}
	return failure(cmd.Err())
}

func deleteCmd(ctx context.Context, key string) *redis.IntCmd {
	return redis.NewIntCmd(ctx, "unlink", key)
}

// Info is what Redis knows of a record.
type Info struct {
	TTL       time.Duration // that an access gives the record again
	Remaining time.Duration // until it expires; -1 if it has no TTL yet
	Idle      time.Duration // since its last access; -1 if that cannot be told
	Deadline  time.Time     // that no access moves; zero for none
	Size      int           // of the value, in bytes
}

// Inspect tells about a record and renews nothing: one command, two where
// accesses are tracked.
func (s *Store) Inspect(ctx context.Context, key string) (Info, error) {
	n, err := run(ctx, s.send, redis.NewCmd, inspectScript, key, s.policy).Int64Slice()
	if err != nil {
		return Info{}, failure(err)
	}
	if len(n) != 5 {
		return Info{}, fmt.Errorf("inspect: %d numbers in the reply, want 5", len(n))
	}
	pttl, size, own, deadline, idle := n[0], n[1], n[2], n[3], n[4]
	info := Info{
		TTL:       s.ttl,
		Remaining: milliseconds(pttl),
		Idle:      -1,
		Size:      int(size),
	}
	if own > 0 {
		info.TTL = milliseconds(own)
	}
	if deadline > 0 {
		info.Deadline = time.UnixMilli(deadline)
	}
	if pttl < 0 { // written without a TTL, and not by a cache
		info.Remaining = -1
	}
	if s.sliding && idle >= 0 {
		info.Idle = milliseconds(idle)
	}
	if s.tracker != nil {
		info.Idle, err = s.idle(ctx, key)
	}
	return info, err
}
