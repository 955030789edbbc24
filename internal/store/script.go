package store

import (
	"context"
	"crypto/sha1"
	"embed"
	"encoding/hex"
	"strings"

	"github.com/redis/go-redis/v9"
)

//go:embed scripts/*.lua
var sources embed.FS

var (
	getScript     = newScript("prelude", "get")
	dueScript     = newScript("fresh", "prelude", "tolerance", "due")
	setScript     = newScript("prelude", "expire", "set")
	updateScript  = newScript("prelude", "update")
	swapScript    = newScript("prelude", "swap")
	touchScript   = newScript("prelude", "tolerance", "touch")
	inspectScript = newScript("prelude", "inspect")
	idleScript    = newScript("prelude", "idle")
	sweepScript   = newScript("prelude", "sweep")

	seenScript   = newScript("prelude", "expire", "seen")
	trackScript  = newScript("prelude", "expire", "track")
	staleScript  = newScript("prelude", "stale")
	forgetScript = newScript("prelude", "forget")
	removeScript = newScript("prelude", "remove")
	pruneScript  = newScript("prelude", "prune")

	extendScript  = newScript("prelude", "extend")
	releaseScript = newScript("prelude", "release")
)

// script is a Lua script with one key, but for stale.lua. Redis knows it by the
// hash of its source once it has seen the source.
type script struct{ src, sha string }

// newScript makes a script of these files.
func newScript(names ...string) *script {
	var src []byte
	for _, name := range names {
		data, err := sources.ReadFile("scripts/" + name + ".lua")
		if err != nil {
			panic(err) // the names are constants of this file
		}
		src = append(src, data...)
	}
	sum := sha1.Sum(src)
	return &script{string(src), hex.EncodeToString(sum[:])}
}

// args returns the arguments of EVALSHA, or of EVAL with the whole source.
func (sc *script) args(whole bool, key string, args ...any) []any {
	name, body := "evalsha", sc.sha
	if whole {
		name, body = "eval", sc.src
	}
	return append([]any{name, body, 1, key}, args...)
}

// argsOfTwo is args for a script with two keys.
func (sc *script) argsOfTwo(whole bool, key, second string, args ...any) []any {
	all := sc.args(whole, key, append([]any{second}, args...)...)
	all[2] = 2
	return all
}

// sender sends one command on a key. The error stands in the command; one that is
// returned says that the context ended first, and that the command is not to be read.
type sender func(ctx context.Context, key string, cmd redis.Cmder) error

// resends is how often a script is sent again: to a node that has not seen it, and,
// while its slot moves, to the other one.
const resends = 2

// run calls a script: one round trip, two on a node that has not seen it yet.
// The reply is made by newCmd, a constructor of go-redis.
func run[C redis.Cmder](ctx context.Context, send sender, newCmd func(context.Context, ...any) C, sc *script, key string, args ...any) C {
	cmd := newCmd(ctx, sc.args(false, key, args...)...)
	err := send(ctx, key, cmd)
	for again := 0; err == nil && again < resends && noScript(cmd.Err()); again++ {
		cmd = newCmd(ctx, sc.args(true, key, args...)...)
		err = send(ctx, key, cmd)
	}
	if err != nil {
		cmd = newCmd(ctx)
		cmd.SetErr(err)
	}
	return cmd
}

// pipeline sends the n commands that build makes in one pipeline: one round
// trip, to each node that has a part in a cluster. Those that call a script
// which their node has not seen yet are built again, with the whole source, and
// sent once more. The other commands ride along.
func pipeline[C redis.Cmder](ctx context.Context, rdb redis.UniversalClient, n int, build func(i int, whole bool) C, others ...redis.Cmder) []C {
	cmds := make([]C, n)
	if n == 0 {
		return cmds
	}
	pipe := rdb.Pipeline()
	for _, cmd := range others {
		_ = pipe.Process(ctx, cmd)
	}
	for i := range cmds {
		cmds[i] = build(i, false)
		_ = pipe.Process(ctx, cmds[i])
	}
	exec(ctx, pipe)
	for _, cmd := range cmds {
		rediscover(ctx, rdb, cmd.Err())
	}
	for range resends {
		pipe = rdb.Pipeline()
		for i, cmd := range cmds {
			if noScript(cmd.Err()) {
				cmds[i] = build(i, true)
				_ = pipe.Process(ctx, cmds[i])
			}
		}
		if pipe.Len() == 0 {
			break
		}
		exec(ctx, pipe)
	}
	return cmds
}

// noScript reports whether a node has not seen a script, or no longer has its key:
// while a slot moves to another node, what a script removes may not come back here.
// Sent again, the command is redirected to the node that the slot moves to, which
// may not have seen the script.
func noScript(err error) bool {
	return err != nil && (redis.HasErrorPrefix(err, "NOSCRIPT") || strings.Contains(err.Error(), "access a non local key"))
}

// once is a command that go-redis does not send again when it cannot know
// whether the server has executed it.
type once struct{ *redis.Cmd }

func newOnce(ctx context.Context, args ...any) once { return once{redis.NewCmd(ctx, args...)} }

// NoRetry implements redis.Cmder.
func (once) NoRetry() bool { return true }
