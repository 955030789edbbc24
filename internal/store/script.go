package store

import (
	"context"
	"crypto/sha1"
	_ "embed"
	"encoding/hex"

	"github.com/redis/go-redis/v9"
)

//go:embed scripts/prelude.lua
var preludeLua string

//go:embed scripts/get.lua
var getLua string

//go:embed scripts/set.lua
var setLua string

//go:embed scripts/update.lua
var updateLua string

//go:embed scripts/swap.lua
var swapLua string

//go:embed scripts/touch.lua
var touchLua string

//go:embed scripts/inspect.lua
var inspectLua string

var (
	getScript     = newScript(getLua)
	setScript     = newScript(setLua)
	updateScript  = newScript(updateLua)
	swapScript    = newScript(swapLua)
	touchScript   = newScript(touchLua)
	inspectScript = newScript(inspectLua)
)

// script is a Lua script with one key. Redis knows it by the hash of its source
// once it has seen the source.
type script struct{ src, sha string }

func newScript(body string) *script {
	src := preludeLua + body
	sum := sha1.Sum([]byte(src))
	return &script{src, hex.EncodeToString(sum[:])}
}

// args returns the arguments of EVALSHA, or of EVAL with the whole source.
func (sc *script) args(whole bool, key string, args ...any) []any {
	name, body := "evalsha", sc.sha
	if whole {
		name, body = "eval", sc.src
	}
	return append([]any{name, body, 1, key}, args...)
}

// run calls a script: one round trip, two on a node that has not seen it yet.
// The reply is made by newCmd, a constructor of go-redis.
func run[C redis.Cmder](ctx context.Context, rdb redis.UniversalClient, newCmd func(context.Context, ...any) C, sc *script, key string, args ...any) C {
	cmd := newCmd(ctx, sc.args(false, key, args...)...)
	_ = rdb.Process(ctx, cmd) // the error stands in cmd
	if noScript(cmd.Err()) {
		cmd = newCmd(ctx, sc.args(true, key, args...)...)
		_ = rdb.Process(ctx, cmd)
	}
	return cmd
}

// pipeline sends the n commands that build makes in one pipeline: one round
// trip, to each node that has a part in a cluster. Those that call a script
// which their node has not seen yet are built again, with the whole source, and
// sent once more.
func pipeline[C redis.Cmder](ctx context.Context, rdb redis.UniversalClient, n int, build func(i int, whole bool) C) []C {
	cmds := make([]C, n)
	if n == 0 {
		return cmds
	}
	pipe := rdb.Pipeline()
	for i := range cmds {
		cmds[i] = build(i, false)
		_ = pipe.Process(ctx, cmds[i])
	}
	_, _ = pipe.Exec(ctx) // each error stands in its command
	pipe = rdb.Pipeline()
	for i, cmd := range cmds {
		if noScript(cmd.Err()) {
			cmds[i] = build(i, true)
			_ = pipe.Process(ctx, cmds[i])
		}
	}
	if pipe.Len() > 0 {
		_, _ = pipe.Exec(ctx)
	}
	return cmds
}

func noScript(err error) bool { return err != nil && redis.HasErrorPrefix(err, "NOSCRIPT") }

// once is a command that go-redis does not send again when it cannot know
// whether the server has executed it.
type once struct{ *redis.Cmd }

func newOnce(ctx context.Context, args ...any) once { return once{redis.NewCmd(ctx, args...)} }

// NoRetry implements redis.Cmder.
func (once) NoRetry() bool { return true }
