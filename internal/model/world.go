package model

import (
	"context"
	"net"
	"testing"
	"testing/synctest"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/redis/go-redis/v9"
	"github.com/redis/go-redis/v9/maintnotifications"

	"github.com/activettl/rediscache/internal/minipipe"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/redistest"
)

// world is a Redis and its time.
type world struct {
	dial   dialer
	admin  *redis.Client // of the test itself, and of other programs
	begun  time.Time
	grain  time.Duration // how far a reading of the clock may be wrong
	moved  time.Duration // how far the data in Redis was moved into the past
	real   bool
	hits   int64  // reads that were answered from memory
	settle func() // waits until all that was sent is executed
}

// bubble returns a world on miniredis. It is called in a bubble of testing/synctest.
func bubble(t *testing.T) *world {
	m := miniredis.NewMiniRedis()
	m.ClockTTL(true)
	t.Cleanup(m.Close)
	return newWorld(t, &world{dial: minipipe.Dialer(m), begun: time.Now(), settle: synctest.Wait})
}

// server returns a world on a real server, which it empties.
func server(t *testing.T, s *redistest.Server) *world {
	w := newWorld(t, &world{
		dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "tcp", s.Addr())
		},
		begun:  time.Now(),
		grain:  3 * time.Millisecond,
		real:   true,
		settle: func() {},
	})
	if err := w.admin.FlushDB(t.Context()).Err(); err != nil {
		t.Fatal(err)
	}
	return w
}

func newWorld(t *testing.T, w *world) *world {
	w.admin = w.client(&line{}, false)
	t.Cleanup(func() { _ = w.admin.Close() })
	return w
}

// client returns a client that retries or does not retry when a round trip fails.
func (w *world) client(l *line, retries bool) *redis.Client {
	o := &redis.Options{
		Dialer:                   l.through(w.dial),
		ContextTimeoutEnabled:    true,
		DisableIdentity:          true,
		MaxRetries:               -1,
		MinRetryBackoff:          -1, // no time passes
		MaxRetryBackoff:          -1,
		MaintNotificationsConfig: &maintnotifications.Config{Mode: maintnotifications.ModeDisabled},
	}
	if retries {
		o.MaxRetries = 2
	}
	return redis.NewClient(o)
}

// now returns the time in this world.
func (w *world) now() time.Duration { return time.Since(w.begun) + w.moved }

func (w *world) during(do func()) span {
	before := w.now()
	do()
	return span{before - w.grain, w.now() + w.grain}
}

// since converts a Unix time in ms that Redis holds to the world's time.
func (w *world) since(millis int64) time.Duration {
	return time.Duration(millis-w.begun.UnixMilli())*time.Millisecond + w.moved
}

// pass lets time pass.
func (w *world) pass(ctx context.Context, d time.Duration) error {
	if !w.real {
		time.Sleep(d)
		return nil
	}
	keys, err := w.admin.Keys(ctx, "*").Result()
	if err != nil {
		return err
	}
	for _, key := range keys {
		if err := age.Run(ctx, w.admin, []string{key}, d.Milliseconds()).Err(); err != nil &&
			err != redis.Nil {
			return err
		}
	}
	w.moved += d
	recent.Skip(d)
	return nil
}

// age moves a key into the past: its expiry, the deadline of a record, and the times in the index
// of accesses. It calls TIME before and after PTTL, whose clock may not be that of the script, so
// that a pause of the machine in between loses nothing.
var age = redis.NewScript(`
local key, d = KEYS[1], tonumber(ARGV[1])
local kind = redis.call('TYPE', key).ok
local function now()
  local t = redis.call('TIME')
  return t[1] * 1000 + math.floor(t[2] / 1000)
end
local at, left
repeat
  at, left = now(), redis.call('PTTL', key)
until now() == at
if left >= 0 and left <= d then
  return redis.call('UNLINK', key)
end
if kind == 'list' then
  local deadline = tonumber(redis.call('LINDEX', key, 2))
  if deadline and deadline > 0 then
    redis.call('LSET', key, 2, string.format('%.0f', deadline - d))
  end
elseif kind == 'zset' then
  for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
    if member ~= '' then
      redis.call('ZINCRBY', key, -d, member)
    end
  end
end
if left >= 0 then
  redis.call('PEXPIREAT', key, string.format('%.0f', at + left - d))
end
`)
