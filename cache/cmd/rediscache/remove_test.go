package main

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

const unasked = ": not done: the command asks first, and stdin is not a terminal; " +
	"-yes skips the question"

func TestRemove(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		name, _ := p.name(t)
		records := p.records(t, name, ttl.Active(time.Hour))
		for _, key := range hostile {
			must(t, records.Set(t.Context(), key, []byte("x")))
		}
		p.want(t, "", "rm", name, `"a\nb"`)
		p.refuses(t, exitFailure, "rediscache rm "+name+unasked, "rm", name, "plain", "42")
		p.want(t, fmt.Sprintf(`{"cache":%q,"key":"-x","removed":true}`+"\n"+
			`{"cache":%[1]q,"keyBase64":"//4=","removed":true}`+"\n", name),
			"rm", "-yes", "-json", name, "--", "-x", `"\xff\xfe"`)
		p.refuses(t, exitNotFound, "rediscache rm "+name+" nope: the key holds nothing", "rm", name,
			"nope")
		p.refuses(t, exitNotFound, "rediscache rm "+name+
			`: 2 of 3 keys hold nothing: nope, "no\n"`, "rm", "-yes", name, "nope", "42", "no\n")
		p.refuses(t, exitUsage, "rediscache rm "+name+": empty key", "rm", name, "")
		for _, key := range hostile {
			removed := slices.Contains([]string{"a\nb", "-x", "\xff\xfe", "42"}, key)
			if _, err := records.Peek(t.Context(), key); (err != nil) != removed {
				t.Errorf("%q: %v", key, err)
			}
		}
	})
}

func TestClear(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		name, check := p.name(t)
		check.Exempt(name+":foreign", name+"-other:1")
		p.plant(t, name)
		p.refuses(t, exitFailure, "rediscache clear "+name+unasked, "clear", name)
		p.want(t, "1,201 records and 2 leases and markers removed\n", "clear", name, "-yes")
		for key, want := range map[string]int64{":foreign": 1, "-other:1": 1, "!sweep": 1, ":1": 0,
			":own": 0, ":lease": 0, ":marker": 0} {
			if n := p.client.Exists(t.Context(), name+key).Val(); n != want {
				t.Errorf("%s: %d, want %d", key, n, want)
			}
		}
		p.refuses(t, exitNotFound, "rediscache clear "+name+
			": there is no such cache: it has no record", "clear", name, "-yes")
		p.want(t, fmt.Sprintf(`{"cache":%q,"removed":1,"leasesAndMarkers":0}`+"\n",
			name+"-other"), "clear", "-json", "-yes", name+"-other")
	})
}

func TestSweep(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		name, _ := p.name(t)
		records := p.records(t, name, ttl.Active(24*time.Hour))
		for i := range 700 {
			key := fmt.Sprint(i)
			must(t, records.Set(t.Context(), key, []byte("x")))
			if i%7 == 0 { // two hours after its last use
				must(t, p.client.PExpire(t.Context(), name+":"+key, 22*time.Hour).Err())
			}
		}
		args := []string{"sweep", name, "-max-idle", "1h"}
		p.refuses(t, exitUsage,
			"rediscache sweep "+name+": -max-idle is required: the time for which "+
				"nobody has used the records", "sweep", name)
		args = append(args, "-policy-ttl", "24h")
		p.refuses(t, exitFailure, "rediscache sweep "+name+unasked, args...)
		dry := p.run(t, append(args, "-dry-run")...)
		want := "700 records looked at, 100 would be removed, longest idle time 2h"
		if dry.code != 0 || dry.err != "" || !strings.HasPrefix(dry.out, want) {
			t.Errorf("-dry-run: %+v, want %s", dry, want)
		}
		p.want(t, "700\n", "count", name)
		swept := p.run(t, append(args, "-yes", "-json")...)
		want = fmt.Sprintf(`{"cache":%q,"dryRun":false,"scanned":700,"removed":100,"kept":0,`+
			`"failed":0,"longestIdleMs":N,"elapsedMs":N}`+"\n", name)
		if out := digits.ReplaceAllString(swept.out, `Ms":N`); out != want || swept.code != 0 {
			t.Errorf("sweep: %+v, want %s", swept, want)
		}
		p.want(t, "600\n", "count", name)
		if n := p.client.Exists(t.Context(), name+"!sweep").Val(); n != 0 {
			t.Error("a lease is left")
		}
		p.refuses(t, exitFailure, "rediscache sweep "+name+": bad idle time: 48h0m0s is too long: "+
			"a pass sees idle times below 24h0m0s only",
			"sweep", name, "-yes", "-max-idle", "48h", "-policy-ttl", "24h")
		must(t, p.client.Set(t.Context(), name+"!sweep", "other", time.Minute).Err())
		p.refuses(t, exitFailure, "rediscache sweep "+name+": another sweep of this cache is "+
			"under way", append(args, "-yes")...)
	})
}

// A Fixed cache can be swept if its programs track accesses. Otherwise a first pass would note all
// records as used now, and a later one would take records in use for idle.
func TestSweepFixed(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	args := []string{"sweep", name, "-yes", "-fixed", "-policy-ttl", "1h", "-max-idle", "1ms"}
	must(t, p.records(t, name, ttl.Fixed(time.Hour)).Set(t.Context(), "k", []byte("x")))
	p.refuses(t, exitFailure,
		"rediscache sweep "+name+": it is not known when the records were used: "+
			"under a Fixed policy, the programs of the cache must set Options.TrackAccess "+
			"or a Sweeper",
		args...)
	tracked, err := cache.New[string](p.client, name, codec.Bytes{}, &cache.Options{
		TTL: ttl.Fixed(time.Hour), TrackAccess: true,
	})
	must(t, err)
	must(t, tracked.Set(t.Context(), "k", []byte("x")))
	must(t, tracked.Close())
	got := p.run(t, args...)
	if !strings.HasPrefix(got.out, "1 record looked at, 0 removed, longest idle time ") {
		t.Errorf("sweep: %+v", got)
	}
}
