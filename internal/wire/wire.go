// Package wire is the only package, besides coalesce below it, that sends commands with go-redis.
// It sends a command, a script, or a batch that is split by server. It also knows the servers of a
// client, and what their errors mean. It knows no record.
package wire

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/coalesce"
)

// Sender sends commands on keys. It is a Client, or something that does more than a Client.
type Sender interface {
	// Do sends a command and returns it with its reply or its error. It may return another command
	// of the same type in its place.
	Do(ctx context.Context, key string, cmd redis.Cmder) redis.Cmder

	// Batch sends commands as pipelines, one to each server that holds some of the keys. Afterwards
	// each has its reply or its error. Batch may replace commands in cmds with others of the same
	// type.
	Batch(ctx context.Context, keys []string, cmds []redis.Cmder)
}

// Client sends commands with a client of go-redis. It is safe for concurrent use.
//
// Each command belongs to a key, which decides the server. The caller of a Client must not send a
// command again; it may read the reply.
type Client struct {
	rdb     redis.UniversalClient
	servers servers
	gate    gate
	late    atomic.Bool      // Close has returned before all commands ended
	queues  *coalesce.Queues // nil without auto-pipelining
}

// New returns a Client that sends with rdb, with auto-pipelining or without. It returns an error if
// it cannot tell how many servers rdb has.
func New(rdb redis.UniversalClient, autoPipeline bool) (*Client, error) {
	servers, err := serversOf(rdb)
	if err != nil {
		return nil, err
	}
	c := &Client{rdb: rdb, servers: servers}
	if autoPipeline {
		c.queues = coalesce.New(sender{c}, coalesce.RetriesOf(rdb), servers.owner)
	}
	return c, nil
}

// sender sends commands for the queues of auto-pipelining.
type sender struct{ client *Client }

func (s sender) One(ctx context.Context, cmd redis.Cmder)     { _ = s.client.rdb.Process(ctx, cmd) }
func (s sender) Many(ctx context.Context, cmds []redis.Cmder) { s.client.pipeline(ctx, cmds) }

// Do sends a command and returns it with its reply or its error. It may return another command of
// the same type in its place: a script that is sent again, or one whose caller did not wait.
//
// A script costs one round trip, and a second one to a server that has not seen it yet.
func (c *Client) Do(ctx context.Context, key string, cmd redis.Cmder) redis.Cmder {
	if !c.gate.enter() {
		cmd.SetErr(ErrClosed)
		return cmd
	}
	defer c.gate.leave()
	return c.do(ctx, key, cmd)
}

func (c *Client) do(ctx context.Context, key string, cmd redis.Cmder) redis.Cmder {
	cmd = c.send(ctx, key, cmd)
	for again := 0; again < resends && unseen(cmd.Err()) && !c.late.Load(); again++ {
		cmd = c.send(ctx, key, withSource(ctx, cmd))
	}
	return cmd
}

func (c *Client) send(ctx context.Context, key string, cmd redis.Cmder) redis.Cmder {
	if c.queues == nil {
		_ = c.rdb.Process(ctx, cmd)
	} else if err := c.queues.Do(ctx, key, cmd); err != nil {
		cmd = remake(ctx, cmd, nil) // go-redis may still use the first one
		cmd.SetErr(err)
	}
	c.servers.rediscover(ctx, cmd.Err())
	return cmd
}

// Close refuses all further commands with ErrClosed and waits until those in flight have ended. If
// a server does not answer, that takes as long as the client's timeouts, or until ctx ends. If ctx
// ends, commands that are still queued fail with ErrClosed, and this package sends no command
// again. go-redis may still send commands that it already has, when it gets a connection or
// retries.
func (c *Client) Close(ctx context.Context) error {
	err := c.gate.close(ctx)
	if err == nil && c.queues != nil {
		err = c.queues.Close(ctx)
	}
	if err != nil {
		c.late.Store(true)
		if c.queues != nil {
			c.queues.Drop(ErrClosed)
		}
	}
	return err
}

// ErrClosed is the error of commands that come after Close.
var ErrClosed = errors.New("cache is closed")

// Once is a command that is not sent again if the server may have executed it.
type Once struct {
	*redis.Cmd
	read atomic.Bool // go-redis has read its arguments, as it does to send them
}

// NewOnce returns a command that is sent once.
func NewOnce(ctx context.Context, args ...any) redis.Cmder {
	return &Once{Cmd: redis.NewCmd(ctx, args...)}
}

// NoRetry implements redis.Cmder.
func (*Once) NoRetry() bool { return true }

// Args implements redis.Cmder.
func (o *Once) Args() []any {
	o.read.Store(true)
	return o.Cmd.Args()
}

// Unknown reports whether the command failed and the server may have executed it.
func (o *Once) Unknown() bool { return o.read.Load() && Unknown(o.Err()) }

// Watched is a command on one key that knows whether it was redirected: the server that answered is
// then not the one that the client took for the key's owner.
type Watched struct {
	*redis.Cmd
	redirected atomic.Bool // atomic, since go-redis may use the command after its caller has left
}

// NewWatched returns a command that is watched.
func NewWatched(ctx context.Context, args ...any) redis.Cmder {
	return &Watched{Cmd: redis.NewCmd(ctx, args...)}
}

// SetErr implements redis.Cmder. go-redis calls it after each attempt.
func (w *Watched) SetErr(err error) {
	if redirected(err) {
		w.redirected.Store(true)
	}
	w.Cmd.SetErr(err)
}

// Redirected reports whether a server has answered that another one has the key.
func (w *Watched) Redirected() bool { return w.redirected.Load() }

// remake returns a new command of the same type with these arguments.
func remake(ctx context.Context, cmd redis.Cmder, args []any) redis.Cmder {
	switch cmd := cmd.(type) {
	case *redis.Cmd:
		return redis.NewCmd(ctx, args...)
	case *Once:
		return NewOnce(ctx, args...)
	case *Watched:
		again := &Watched{Cmd: redis.NewCmd(ctx, args...)}
		again.redirected.Store(cmd.redirected.Load())
		return again
	case *redis.StringCmd:
		return redis.NewStringCmd(ctx, args...)
	case *redis.StringSliceCmd:
		return redis.NewStringSliceCmd(ctx, args...)
	case *redis.SliceCmd:
		return redis.NewSliceCmd(ctx, args...)
	case *redis.StatusCmd:
		return redis.NewStatusCmd(ctx, args...)
	case *redis.IntCmd:
		return redis.NewIntCmd(ctx, args...)
	case asWrite:
		return asWrite{remake(ctx, cmd.Cmder, args)}
	}
	// No caller of this package sends another type.
	panic(fmt.Sprintf("wire: a %T cannot be sent again", cmd))
}

// MaxMillis is the longest time.Duration, in milliseconds.
const MaxMillis = math.MaxInt64 / 1_000_000

// Milliseconds returns a time from Redis as a Duration, or the longest Duration if the time is
// longer. Another program may have given a key a TTL of more than 292 years.
func Milliseconds(ms int64) time.Duration {
	return time.Duration(min(ms, MaxMillis)) * time.Millisecond
}

// Bytes returns the bytes of a text from Redis, without a copy. Nothing else refers to them, since
// go-redis makes a new text for each reply.
func Bytes(text string) []byte {
	if text == "" {
		return []byte{}
	}
	return unsafe.Slice(unsafe.StringData(text), len(text))
}
