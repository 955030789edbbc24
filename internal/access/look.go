package access

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync/atomic"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/wire"
)

// Unknown is the idle time of a record that the index does not have.
const Unknown = time.Duration(-1)

// Idle returns how long ago a record was accessed, or Unknown. It costs one command.
func (x *Index) Idle(ctx context.Context, key string) (time.Duration, error) {
	x.Settle(ctx)
	shard := x.names.Seen(shardOf(key))
	cmd := redis.NewCmd(ctx, seenScript.Args(shard, 0, x.names.Text(key))...)
	idle, err := durations(x.wire.Do(ctx, shard, cmd), 1)
	if err != nil {
		return Unknown, err
	}
	return idle[0], nil
}

// Exists reports whether Redis has a part of the index. Then a process tracks accesses, or did so
// not long ago. It costs an EXISTS for each shard, in one round trip to each server.
func (x *Index) Exists(ctx context.Context) (bool, error) {
	names, cmds := make([]string, shards), make([]redis.Cmder, shards)
	for i := range names {
		names[i] = x.names.Seen(i)
		cmds[i] = redis.NewIntCmd(ctx, "exists", names[i])
	}
	x.wire.Primaries().Batch(ctx, names, cmds)
	exists := false
	for _, cmd := range cmds {
		if err := wire.Err(cmd); err != nil {
			return false, err
		}
		exists = exists || cmd.(*redis.IntCmd).Val() > 0
	}
	return exists, nil
}

// IdleOfMany returns for each record how long ago it was accessed, or Unknown. It also returns for
// each record the command that failed, or nil. It costs a command for each shard, in one round trip
// to each server. With add, it also adds the records that the index does not have, as accessed now.
// It does not ask the shards in silent, and adds shards that do not answer to silent.
func (x *Index) IdleOfMany(
	ctx context.Context, keys []string, add bool, silent *Silent,
) (idle []time.Duration, failed []redis.Cmder) {
	var ttl any = int64(0)
	if add {
		ttl = x.shardTTL()
	}
	var parts [shards][]int
	for i, key := range keys {
		shard := shardOf(key)
		parts[shard] = append(parts[shard], i)
	}
	idle, failed = make([]time.Duration, len(keys)), make([]redis.Cmder, len(keys))
	var of, names = make([]int, 0, shards), make([]string, 0, shards)
	var cmds = make([]redis.Cmder, 0, shards)
	for shard, part := range parts {
		if len(part) == 0 {
			continue
		}
		name := x.names.Seen(shard)
		if silent[shard].Load() {
			cmd := redis.NewCmd(ctx, "evalsha")
			cmd.SetErr(errSilent)
			for _, i := range part {
				failed[i] = cmd
			}
			continue
		}
		args := seenScript.Append(make([]any, 0, 5+len(part)), name, ttl)
		for _, i := range part {
			args = append(args, x.names.Text(keys[i]))
		}
		of, names = append(of, shard), append(names, name)
		cmds = append(cmds, redis.NewCmd(ctx, args...))
	}
	x.wire.Batch(ctx, names, cmds)
	for n, cmd := range cmds {
		part := parts[of[n]]
		if err := cmd.Err(); err != nil && !wire.Answered(err) && ctx.Err() == nil {
			silent[of[n]].Store(true)
		}
		times, err := durations(cmd, len(part))
		for j, i := range part {
			if err != nil {
				failed[i] = cmd
				continue
			}
			idle[i] = times[j]
		}
	}
	return idle, failed
}

// Silent says which shards did not answer a look. Later looks of the same pass leave them out,
// since each would take as long as the client's timeouts. The zero Silent has no shard.
type Silent [shards]atomic.Bool

// errSilent is the error of looks that are left out.
var errSilent = errors.New("the server of the index of accesses does not answer")

// durations reads n times in milliseconds. A negative time is Unknown.
func durations(cmd redis.Cmder, n int) ([]time.Duration, error) {
	ms, err := cmd.(*redis.Cmd).Int64Slice()
	switch {
	case cmd.Err() != nil:
		return nil, wire.Err(cmd)
	case err != nil || len(ms) != n:
		return nil, wire.Unexpected(cmd)
	}
	times := make([]time.Duration, n)
	for i := range times {
		times[i] = Unknown
		if ms[i] >= 0 {
			times[i] = wire.Milliseconds(ms[i])
		}
	}
	return times, nil
}

// ForgetCommand returns a command and the key of the shard that it is for. The command removes the
// entry of a record whose last access is at least after ago. It answers 1 if it did, 0 if not.
func (x *Index) ForgetCommand(
	ctx context.Context, key string, after time.Duration,
) (shard string, cmd redis.Cmder) {
	shard = x.names.Seen(shardOf(key))
	args := forgetScript.Args(shard, after.Milliseconds(), x.names.Text(key))
	return shard, redis.NewCmd(ctx, args...)
}

// Shard returns the key in Redis of the shard that has the entry of a record, and the entry's
// member.
func (x *Index) Shard(key string) (shard, member string) {
	return x.names.Seen(shardOf(key)), x.names.Text(key)
}

// Entry is an entry of the index.
type Entry struct {
	Key   string // of the record
	score string
}

// Shards returns the keys in Redis of all shards.
func (x *Index) Shards() []string {
	all := make([]string, shards)
	for i := range all {
		all[i] = x.names.Seen(i)
	}
	return all
}

// Entries walks a shard. It costs a command for each page of about size entries. The first error
// ends the walk.
func (x *Index) Entries(ctx context.Context, shard string, size int) iter.Seq2[[]Entry, error] {
	return func(yield func([]Entry, error) bool) {
		for cursor := "0"; ; {
			cmd := redis.NewCmd(ctx, "zscan", shard, cursor, "count", size)
			page, next, err := x.entries(x.wire.Primaries().Do(ctx, shard, cmd))
			if !yield(page, err) || err != nil || next == "0" {
				return
			}
			cursor = next
		}
	}
}

// entries reads the reply to ZSCAN.
func (x *Index) entries(cmd redis.Cmder) (page []Entry, next string, err error) {
	reply, err := cmd.(*redis.Cmd).Slice()
	switch {
	case cmd.Err() != nil:
		return nil, "", wire.Err(cmd)
	case err != nil || len(reply) != 2:
		return nil, "", wire.Unexpected(cmd)
	}
	next, ok := reply[0].(string)
	list, ok2 := reply[1].([]any)
	if !ok || !ok2 || len(list)%2 != 0 {
		return nil, "", wire.Unexpected(cmd)
	}
	for i := 0; i < len(list); i += 2 {
		member, ok := list[i].(string)
		if !ok {
			return nil, "", wire.Unexpected(cmd)
		}
		score, ok := list[i+1].(string)
		if !ok { // miniredis sends a number
			score = fmt.Sprint(list[i+1])
		}
		page = append(page, Entry{x.names.Key(member), score})
	}
	return page, next, nil
}

// Prune removes dead entries from a shard. It leaves those that were accessed since the entry was
// read. It costs one command.
func (x *Index) Prune(ctx context.Context, shard string, dead []Entry) error {
	args := make([]any, 0, 2*len(dead))
	for _, e := range dead {
		args = append(args, x.names.Text(e.Key), e.score)
	}
	return wire.Err(x.wire.Do(ctx, shard, redis.NewCmd(ctx, pruneScript.Args(shard, args...)...)))
}

// slots is how many hash slots a cluster has.
const slots = 16384

// slotOf returns the hash slot of a key without a hash tag: its CRC16/XMODEM modulo 16384 (Redis
// Cluster specification, "Key distribution model").
func slotOf(key string) int {
	var crc uint16
	for _, b := range []byte(key) {
		crc ^= uint16(b) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return int(crc) % slots
}
