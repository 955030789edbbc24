package wire

import (
	"context"
	"crypto/sha1"
	"embed"
	"encoding/hex"
	"slices"
	"strings"
	"sync"

	"github.com/redis/go-redis/v9"
)

// Pieces of Lua that do not depend on the layout of records. Both name KEYS[1] in each call.
// Proxies that check scripts require that.
var (
	//go:embed lua/now.lua
	LuaNow string // now(): the server's clock
	//go:embed lua/expire.lua
	LuaExpire string // expire(ttl): gives KEYS[1] a TTL, or removes it
)

// LuaFile returns the source of scripts/<name>.lua. It panics if there is no such file, since names
// are constants.
func LuaFile(files embed.FS, name string) string {
	src, err := files.ReadFile("scripts/" + name + ".lua")
	if err != nil {
		panic(err)
	}
	return string(src)
}

// Script is a Lua script with one key. After Redis has seen its source, the hash of the source is
// enough to call it.
type Script struct{ sha any } // boxed once, so that a call does not allocate it

// sources are the sources of all scripts, by their hashes.
var sources sync.Map

// NewScript makes a script of these pieces of source.
func NewScript(pieces ...string) Script {
	src := strings.Join(pieces, "")
	sum := sha1.Sum([]byte(src))
	sha := hex.EncodeToString(sum[:])
	sources.Store(sha, src)
	return Script{sha}
}

// Append appends the arguments of the command that calls the script.
func (s Script) Append(dst []any, key string, args ...any) []any {
	return append(append(dst, "evalsha", s.sha, 1, key), args...)
}

// Args returns the arguments of the command that calls the script.
func (s Script) Args(key string, args ...any) []any {
	return s.Append(make([]any, 0, 4+len(args)), key, args...)
}

// ArgsOfTwo is Args for a script with two keys, which one server must hold.
func (s Script) ArgsOfTwo(key, second string, args ...any) []any {
	all := slices.Insert(s.Args(key, args...), 4, any(second))
	all[2] = 2
	return all
}

// resends is how often a script is sent again at most. The first time is for a server that has not
// seen it. The second time is for the other server of a slot that moves.
const resends = 2

// unseen reports whether a server has not seen a script, or no longer has its key. While a slot
// moves to another server, the first server does not let a script write a key again that it has
// removed. If the command is sent again, it is redirected to the other server. That server may not
// have seen the script.
func unseen(err error) bool {
	return err != nil && (redis.HasErrorPrefix(err, "NOSCRIPT") ||
		strings.Contains(err.Error(), "access a non local key"))
}

// withSource returns a command that calls the same script by its source.
func withSource(ctx context.Context, cmd redis.Cmder) redis.Cmder {
	args := slices.Clone(cmd.Args())
	if src, ok := sources.Load(args[1]); ok {
		args[0], args[1] = "eval", src
	}
	return remake(ctx, cmd, args)
}
