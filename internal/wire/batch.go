package wire

import (
	"context"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/task"
)

// Rider is a command that is sent along with others. Nobody waits for its outcome.
type Rider struct {
	Key  string
	Cmd  redis.Cmder
	Done func(Rider) // called when Cmd has its reply or error, from any goroutine

	Alone bool // it was not sent in the same pipeline as the commands
}

// detachLimit bounds commands that nobody waits for.
const detachLimit = time.Second

// Batch sends commands as pipelines. It costs one round trip to each server that holds some of the
// keys, and a second one to servers that have not seen a script yet. Each server has its own
// pipeline, so a server that does not answer costs its own keys and no others. If a script is sent
// again, Batch replaces its command in cmds.
func (c *Client) Batch(ctx context.Context, keys []string, cmds []redis.Cmder) {
	c.BatchWith(ctx, keys, cmds, nil)
}

// BatchWith is Batch with riders. If one server holds all keys, riders go in the pipeline, before
// the commands. Otherwise they are sent separately, and BatchWith does not wait for them. In the
// pipeline, a rider could delay all commands: its slot may move to a server that does not answer.
func (c *Client) BatchWith(ctx context.Context, keys []string, cmds []redis.Cmder, riders []Rider) {
	if len(cmds) == 0 {
		drop(riders, errNotSent)
		return
	}
	if !c.gate.enter() {
		failAll(cmds, ErrClosed)
		drop(riders, ErrClosed)
		return
	}
	defer c.gate.leave()
	if c.servers.owner == nil {
		c.part(ctx, cmds, nil, riders)
		return
	}
	parts, err := c.parts(ctx, keys, riders)
	if err != nil {
		c.servers.rediscover(ctx, err)
		failAll(cmds, err)
		drop(riders, err)
		return
	}
	var sends []func()
	for _, p := range parts {
		if len(p.riders) > 0 {
			c.alone(ctx, p.riders)
		}
		if len(p.cmds) > 0 {
			sends = append(sends, func() { c.part(ctx, cmds, p.cmds, nil) })
		}
	}
	task.Together(sends)
}

// Split returns the indices of the keys that each server holds.
func (c *Client) Split(ctx context.Context, keys []string) ([][]int, error) {
	if c.servers.owner == nil {
		all := make([]int, len(keys))
		for i := range all {
			all[i] = i
		}
		return [][]int{all}, nil
	}
	parts := map[*redis.Client][]int{}
	for i, key := range keys {
		server, err := c.servers.owner(ctx, key)
		if err != nil {
			c.servers.rediscover(ctx, err)
			return nil, err
		}
		parts[server] = append(parts[server], i)
	}
	all := make([][]int, 0, len(parts))
	for _, part := range parts {
		all = append(all, part)
	}
	return all, nil
}

// part is the part of a batch for one server.
type part struct {
	cmds   []int // indices
	riders []Rider
}

func (c *Client) parts(
	ctx context.Context, keys []string, riders []Rider,
) (map[*redis.Client]*part, error) {
	parts := map[*redis.Client]*part{}
	of := func(key string) (*part, error) {
		server, err := c.servers.owner(ctx, key)
		if err != nil {
			return nil, err
		}
		p := parts[server]
		if p == nil {
			p = &part{}
			parts[server] = p
		}
		return p, nil
	}
	for i, key := range keys {
		p, err := of(key)
		if err != nil {
			return nil, err
		}
		p.cmds = append(p.cmds, i)
	}
	for _, r := range riders {
		p, err := of(r.Key)
		if err != nil {
			drop([]Rider{r}, err)
			continue
		}
		p.riders = append(p.riders, r)
	}
	return parts, nil
}

// part sends the commands for one server, with riders before them. which holds the indices of these
// commands; nil means all.
func (c *Client) part(ctx context.Context, cmds []redis.Cmder, which []int, riders []Rider) {
	all := cmds
	if which != nil || len(riders) > 0 {
		all = make([]redis.Cmder, 0, len(riders)+len(cmds))
		for _, r := range riders {
			all = append(all, r.Cmd)
		}
		if which == nil {
			all = append(all, cmds...)
		}
		for _, i := range which {
			all = append(all, cmds[i])
		}
	}
	done := false
	defer func() {
		if !done { // a hook of the client panicked
			drop(riders, errNotSent)
		}
	}()
	c.pipeline(ctx, all)
	for range resends {
		var again []redis.Cmder
		for i, cmd := range all {
			if unseen(cmd.Err()) && !c.late.Load() {
				all[i] = withSource(ctx, cmd)
				again = append(again, all[i])
			}
		}
		if len(again) == 0 {
			break
		}
		c.pipeline(ctx, again)
	}
	done = true
	for i, r := range riders {
		r.Cmd = all[i]
		r.Done(r)
	}
	all = all[len(riders):]
	if which == nil {
		copy(cmds, all)
	}
	for j, i := range which {
		cmds[i] = all[j]
	}
	for _, cmd := range all {
		c.servers.rediscover(ctx, cmd.Err())
	}
}

// errNotSent is the error of riders that were not sent.
var errNotSent = errors.New("not sent")

// drop ends riders that are not sent.
func drop(riders []Rider, err error) {
	for _, r := range riders {
		r.Cmd.SetErr(err)
		r.Done(r)
	}
}

// alone sends riders without other commands, and does not wait. If a hook of the client panics,
// only the riders fail. Such a hook also panics in the callers' own commands, where the panic is
// reported.
func (c *Client) alone(ctx context.Context, riders []Rider) {
	for i := range riders {
		riders[i].Alone = true
	}
	if !c.detach(ctx, func(ctx context.Context) { c.part(ctx, nil, nil, riders) }) {
		drop(riders, ErrClosed)
	}
}

// detach calls send in a goroutine, with a context that ends after detachLimit. Only Close waits
// for it. detach returns false if the client is closed.
func (c *Client) detach(ctx context.Context, send func(ctx context.Context)) bool {
	if !c.gate.enter() {
		return false
	}
	go func() {
		defer c.gate.leave()
		defer func() { _ = recover() }()
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), detachLimit)
		defer cancel()
		send(ctx)
	}()
	return true
}

// Detach sends a command and does not wait for its outcome. It works even if ctx has ended.
func (c *Client) Detach(ctx context.Context, key string, cmd redis.Cmder) {
	c.detach(ctx, func(ctx context.Context) { c.do(ctx, key, cmd) })
}

// pipeline sends commands as one pipeline. Afterwards each has its reply or its error.
func (c *Client) pipeline(ctx context.Context, cmds []redis.Cmder) {
	if c.servers.reload != nil {
		cmds = keepers(cmds)
	}
	pipelineBy(ctx, c.rdb, cmds)
}

func pipelineBy(ctx context.Context, rdb redis.Cmdable, cmds []redis.Cmder) {
	pipe := rdb.Pipeline()
	_ = pipe.BatchProcess(ctx, cmds...)
	_, err := pipe.Exec(ctx)
	if err == nil {
		return
	}
	failed := false
	for _, cmd := range cmds {
		failed = failed || cmd.Err() != nil
		if ctx.Err() != nil && redirected(cmd.Err()) {
			cmd.SetErr(ctx.Err())
		}
	}
	// If Redis refuses the connection, for example for a wrong password, go-redis sets no error in
	// the commands. Only Exec returns the error.
	if !failed {
		failAll(cmds, err)
	}
}

// keepers returns the commands of a cluster's pipeline as keepers.
func keepers(cmds []redis.Cmder) []redis.Cmder {
	kept := make([]keeper, len(cmds))
	all := make([]redis.Cmder, len(cmds))
	for i, cmd := range cmds {
		kept[i].Cmder = cmd
		all[i] = &kept[i]
	}
	return all
}

func failAll(cmds []redis.Cmder, err error) {
	for _, cmd := range cmds {
		cmd.SetErr(err)
	}
}
