package main

import (
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// digits matches times that depend on the server's clock.
var digits = regexp.MustCompile(`Ms":[0-9]+`)

func TestInspect(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		name, check := p.name(t)
		check.Exempt(name+":foreign", name+":endless")
		p.plant(t, name)
		check.Exempt(name + "-other:1")
		must(t, p.client.Set(t.Context(), name+":endless", "x", 0).Err())
		deadline := time.Now().Add(time.Hour).Truncate(time.Second)
		must(t, p.client.RPush(t.Context(), name+":aged", annJSON, 0, deadline.UnixMilli()).Err())
		must(t, p.client.PExpireAt(t.Context(), name+":aged", deadline).Err())
		head := func(key string) string { return fmt.Sprintf(`{"cache":%q,"key":%q,`, name, key) }
		none := func(kind, remaining string) string {
			return fmt.Sprintf(`"holds":%q,"remainingMs":%s,"ttlMs":null,"ownTtlMs":null,`+
				`"idleMs":null,"deadline":null,"bytes":0,"form":"","layers":[]}`, kind, remaining)
		}
		for key, want := range map[string]string{
			"1": `"holds":"string","remainingMs":N,"ttlMs":N,"ownTtlMs":null,"idleMs":N,` +
				`"deadline":null,"bytes":2,"form":"json","layers":[]}`,
			"own": `"holds":"list","remainingMs":N,"ttlMs":N,"ownTtlMs":N,"idleMs":N,` +
				`"deadline":null,"bytes":2,"form":"json","layers":[]}`,
			"aged": `"holds":"list","remainingMs":N,"ttlMs":N,"ownTtlMs":null,"idleMs":null,` +
				`"deadline":"` + deadline.UTC().Format(time.RFC3339) +
				`","bytes":23,"form":"json","layers":[]}`,
			"endless": `"holds":"string","remainingMs":null,"ttlMs":N,"ownTtlMs":null,` +
				`"idleMs":null,"deadline":null,"bytes":1,"form":"text","layers":[]}`,
			"lease":   none("lease", "N"),
			"marker":  none("marker", "N"),
			"foreign": none("foreign", "null"),
		} {
			got := p.run(t, "inspect", name, key, "-json", "-policy-ttl", "2h")
			got.out = digits.ReplaceAllString(got.out, `Ms":N`)
			if got != (result{head(key) + want + "\n", "", 0}) {
				t.Errorf("inspect %s: got\n%+v, want\n%s", key, got, head(key)+want)
			}
		}
		p.want(t, "cache      "+name+"\nkey        foreign\n"+
			"holds      something that is not a record of a cache\n", "inspect", name, "foreign")
		p.want(t, "cache      "+name+"\nkey        endless\nholds      a record\n"+
			"remaining  forever: it has no TTL\n"+
			"ttl        unknown; set -policy-ttl or REDIS_DEFAULT_TTL\n"+
			"idle       unknown; set -policy-ttl or REDIS_DEFAULT_TTL\n"+
			"deadline   none\nsize       1 B\nvalue      looks like text\n",
			"inspect", name, "endless")
		p.refuses(t, exitNotFound, "rediscache inspect "+name+" no: the key holds nothing",
			"inspect", name, "no")
	})
}

// Without tracking, the idle time of a record under Fixed is not known.
func TestInspectFixed(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	must(t, p.records(t, name, ttl.Fixed(time.Hour)).Set(t.Context(), "k", []byte("x")))
	got := p.with("REDIS_ACTIVE_TTL", "false").with("REDIS_DEFAULT_TTL", "3600").
		run(t, "inspect", name, "k", "-json")
	want := fmt.Sprintf(`{"cache":%q,"key":"k","holds":"string","remainingMs":N,"ttlMs":N,`+
		`"ownTtlMs":null,"idleMs":null,"deadline":null,"bytes":1,"form":"text","layers":[]}`+"\n",
		name)
	if out := digits.ReplaceAllString(got.out, `Ms":N`); out != want {
		t.Errorf("untracked: %+v, want %s", got, want)
	}
}
