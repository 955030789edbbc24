package wire

import (
	"context"
	"errors"

	"github.com/redis/go-redis/v9"
)

// ReadsReplicas reports whether the client sends reads to replicas.
func (c *Client) ReadsReplicas() bool { return c.servers.replicas }

// Primaries returns a Sender for reads that only primaries may answer, even if the client sends
// reads to replicas.
func (c *Client) Primaries() Sender {
	if !c.servers.replicas {
		return c
	}
	return primaries{c}
}

type primaries struct{ client *Client }

func (p primaries) Do(ctx context.Context, key string, cmd redis.Cmder) redis.Cmder {
	return p.client.Do(ctx, key, asWrite{cmd}).(asWrite).Cmder
}

func (p primaries) Batch(ctx context.Context, keys []string, cmds []redis.Cmder) {
	for i, cmd := range cmds {
		cmds[i] = asWrite{cmd}
	}
	p.client.Batch(ctx, keys, cmds)
	for i, cmd := range cmds {
		cmds[i] = cmd.(asWrite).Cmder
	}
}

// asWrite is a command on one key. Because of its name, the client of a cluster treats it as a
// write and sends it to the primary.
type asWrite struct{ redis.Cmder }

// Name implements redis.Cmder.
func (asWrite) Name() string { return "getex" }

// keeper is a command of a cluster's pipeline that keeps its reply when the context ends.
//
// A pipeline to one server may have to ask other servers too, since a slot moves or a replica
// answers reads. If such a server does not answer until the context ends, go-redis sets the
// context's error in every command of the pipeline that has succeeded.
type keeper struct {
	redis.Cmder
	has bool // its reply
}

// SetErr implements redis.Cmder. go-redis calls it after each attempt to read a reply. If such an
// attempt fails, even a second one, its error is not the context's.
func (k *keeper) SetErr(err error) {
	if k.has && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded)) {
		return
	}
	k.has = err == nil
	k.Cmder.SetErr(err)
}

// redirected reports whether err only says that another server has the key. go-redis leaves this
// error in a command if the other server has not answered.
func redirected(err error) bool {
	return err != nil && (redis.HasErrorPrefix(err, "MOVED ") || redis.HasErrorPrefix(err, "ASK "))
}
