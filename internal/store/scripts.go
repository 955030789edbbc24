package store

import (
	"embed"
	"strings"

	"github.com/activettl/rediscache/internal/wire"
)

//go:embed scripts/*.lua
var sources embed.FS

var (
	// getScript is for caches whose records are mostly strings, getListScript for those whose
	// records are mostly lists.
	getScript = wire.NewScript(piece("get_head"), pieces("now record renew get_list_head"),
		piece("get"))
	getListScript = Script(piece("get"), "now record renew get_list_head")

	// getForWriteScript is for a write that needs an existing record.
	getForWriteScript = Script(piece("get_for_write"), "record void")

	getTolerantScript = wire.NewScript(piece("get_tolerant_head"),
		pieces("now record renew tolerance"), piece("get_tolerant"))
	getTolerantListScript = Script(piece("get_tolerant"), "now record renew tolerance")

	copyScript = wire.NewScript(piece("copy_head"), pieces("now record renew tolerance"),
		piece("copy"))
	copyListScript = Script(piece("copy"), "now record renew tolerance")

	setScript     = Script(piece("set"), "now record expire write")
	addScript     = Script(piece("add"), "now record expire write put")
	updateScript  = Script(piece("update"), "now record renew void replace")
	swapScript    = Script(piece("swap"), "now record renew void replace")
	touchScript   = Script(piece("touch"), "now record renew void tolerance")
	inspectScript = Script(piece("inspect"), "now record idle")
	lookScript    = Script(piece("look"), "now record idle")
	clearScript   = Script(piece("clear"), "record void")

	claimScript  = Script(piece("claim"), "now record renew tolerance expire due")
	keepScript   = wire.NewScript(piece("keep"))
	fillScript   = Script(piece("fill"), "now record expire write put marker")
	refillScript = Script(piece("refill"), "now record expire write put marker due")
)

// Script makes a script on a record. needs names the pieces that go before its source: now, expire,
// and the files of the folder scripts, such as record.
func Script(src, needs string) wire.Script { return wire.NewScript(pieces(needs), src) }

func pieces(names string) string {
	var all strings.Builder
	for _, name := range strings.Fields(names) {
		all.WriteString(piece(name))
	}
	return all.String()
}

func piece(name string) string {
	switch name {
	case "now":
		return wire.LuaNow
	case "expire":
		return wire.LuaExpire
	}
	return wire.LuaFile(sources, name)
}
