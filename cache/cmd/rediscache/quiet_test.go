package main

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/task"
	"github.com/activettl/rediscache/ttl"
)

// reading lists the commands that a run that only reads may cause, in scripts too.
var reading = []string{
	"scan", "type", "get", "lrange", "pttl", "strlen", "dbsize", "evalsha", "eval", "time", "hlen",
	"hget", "hexists", "exists", "client|list", "pubsub|channels", "pubsub|shardchannels",
}

// Commands that read change nothing and renew nothing.
func TestRenewsNothing(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		name, check := p.name(t)
		check.Exempt(name+":foreign", name+"-other:1")
		p.plant(t, name)
		for _, args := range [][]string{
			{"ls"}, {"keys", name}, {"count", name}, {"stats", name, "-policy-ttl", "1h"},
			{"get", name, "1"}, {"get", name, "own"}, {"get", name, "lease"},
			{"inspect", name, "1", "-policy-ttl", "1h"}, {"inspect", name, "own"},
			{"inspect", name, "marker"}, {"near"},
		} {
			for kind, n := range redistest.Commands(t, p.client, func() { p.run(t, args...) }) {
				if !slices.Contains(reading, kind) {
					t.Errorf("%q: %d times %s", args, n, kind)
				}
			}
		}
		// Commands that write renew nothing either.
		for _, args := range [][]string{
			{"set", name, "1", "[]", "-yes"}, {"field", name, "own", "a=1", "-force"}, {"rm", name,
				"2"},
			{"sweep", name, "-yes", "-max-idle", "59m", "-policy-ttl", "1h"}, {"clear", name,
				"-yes"},
		} {
			must(t, p.client.Del(t.Context(), name+"!sweep").Err())
			for kind, n := range redistest.Commands(t, p.client, func() { p.run(t, args...) }) {
				if kind == "getex" || kind == "keys" || kind == "flushdb" ||
					kind == "pexpire" && args[0] != "sweep" { // of its lease
					t.Errorf("%q: %d times %s", args, n, kind)
				}
			}
		}
	})
}

// No process keeps copies of a new server's records.
func TestNearNobody(t *testing.T) {
	at(t, redistest.Start(t)).refuses(t, exitNotFound,
		"rediscache near: no process keeps copies in memory", "near")
}

// none is the error of near for a name that no channel has.
const none = ": no channel has this name; copies of the cache may belong to the channel of " +
	`another cache of the same client: "rediscache near" without NAME lists all`

// Two caches of a client share one channel, with the name of the first cache.
func TestNearShared(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	for _, of := range []string{name, name + "-other"} {
		c, err := cache.New[string](p.client, of, codec.String{}, &cache.Options{
			TTL: ttl.Fixed(time.Hour), Near: &cache.Near{},
		})
		must(t, err)
		defer c.Close()
	}
	for p.run(t, "near", name).code != exitOK { // until it is connected
		must(t, task.Sleep(t.Context(), 10*time.Millisecond))
	}
	p.refuses(t, exitNotFound, "rediscache near "+name+"-other"+none, "near", name+"-other")
}

func TestNear(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		name, _ := p.name(t)
		p.refuses(t, exitNotFound, "rediscache near "+name+none, "near", name)
		flags, err := cache.New[string](p.client, name, codec.String{}, &cache.Options{
			TTL: ttl.Fixed(time.Hour), Near: &cache.Near{},
		})
		must(t, err)
		defer flags.Close()
		var lines []string
		for len(lines) == 0 { // until it is connected; the test's timeout ends it
			must(t, task.Sleep(t.Context(), 10*time.Millisecond))
			lines = slices.Collect(strings.Lines(p.run(t, "near", name, "-json").out))
		}
		p.refuses(t, exitNotFound, "rediscache near "+name+"-no"+none, "near", name+"-no")
		for _, line := range lines {
			var c channel
			must(t, json.Unmarshal([]byte(line), &c))
			if c.Cache != name || c.Listeners != 1 || c.Server == "" ||
				!strings.HasPrefix(c.Channel, name+"!near:") {
				t.Errorf("near %s: %s", name, line)
			}
			text := fmt.Sprintf("%s: cache %s, channel %s, 1 listener\n", c.Server, name, c.Channel)
			if out := p.run(t, "near").out; !strings.Contains(out, text) ||
				!strings.Contains(out, c.Server+": connection ") {
				t.Errorf("near has no %s:\n%s", text, out)
			}
		}
	})
}
