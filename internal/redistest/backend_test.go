package redistest

import (
	"errors"
	"os"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"
)

func TestEachRows(t *testing.T) {
	t.Parallel()
	var kinds []string
	EachTopology(t, func(t *testing.T, b *Backend) {
		kinds = append(kinds, b.Kind)
		if _, ok := b.Client.(*redis.ClusterClient); ok != (b.Kind == "cluster") {
			t.Errorf("client is a %T", b.Client)
		}
		if (b.Mini != nil) != (b.Kind == "miniredis") {
			t.Errorf("Mini = %v", b.Mini)
		}
		key := b.Name() + ":k"
		if err := b.Client.Set(t.Context(), key, "v", time.Minute).Err(); err != nil {
			t.Fatal(err)
		}
		if got := b.NewClient(t).Get(t.Context(), key).Val(); got != "v" {
			t.Errorf("a second client reads %q, want v", got)
		}
	})
	want := []string{"miniredis", "redis", "cluster", "sentinel", "tls"}
	if testing.Short() && os.Getenv(envTopologies) != "all" {
		want = want[:common]
	}
	if _, err := findBinary(); err != nil {
		want = want[:1] // the others are skipped, or have failed where a server is required
	}
	if strconv.IntSize == 32 {
		want = want[1:] // see NeedsMini
	}
	if !slices.Equal(kinds, want) {
		t.Errorf("rows %q, want %q", kinds, want)
	}
}

var serverMillis = redis.NewScript(
	`local t = redis.call('TIME'); return t[1] * 1000 + math.floor(t[2] / 1000)`)

// TestAdvance checks that TTLs, TIME, and TIME inside scripts agree.
func TestAdvance(t *testing.T) {
	t.Parallel()
	Each(t, func(t *testing.T, b *Backend) {
		ctx, name := t.Context(), b.Name()
		short, long := name+":short", name+":long"
		script := func() int64 {
			t.Helper()
			ms, err := serverMillis.Run(ctx, b.Client, []string{long}).Int64()
			if err != nil {
				t.Fatal(err)
			}
			return ms
		}
		const ttl, step = 40 * time.Millisecond, 60 * time.Millisecond
		before, now := script(), b.Now()
		if err := b.Client.Set(ctx, long, "v", time.Hour).Err(); err != nil {
			t.Fatal(err)
		}
		if err := b.Client.Set(ctx, short, "v", ttl).Err(); err != nil {
			t.Fatal(err)
		}
		if b.Mini != nil {
			if err := b.Client.Get(ctx, short).Err(); err != nil {
				t.Errorf("before its TTL: %v", err)
			}
		}
		b.Advance(step)
		if err := b.Client.Get(ctx, short).Err(); !errors.Is(err, redis.Nil) {
			t.Errorf("%v after a TTL of %v: %v, want redis.Nil", step, ttl, err)
		}
		elapsed := time.Duration(script()-before) * time.Millisecond
		idle := time.Hour - b.Client.PTTL(ctx, long).Val()
		clock := b.Now().Sub(now)
		for what, got := range map[string]time.Duration{"TIME in a script": elapsed, "PTTL": idle,
			"Now": clock} {
			// Real clocks go on between the commands, and milliseconds are cut off.
			if slack := 2 * time.Second; b.Mini != nil && got != step ||
				got < step-2*time.Millisecond || got > step+slack {
				t.Errorf("by %s %v passed, want %v", what, got, step)
			}
		}
	})
}

func TestAdvanceHours(t *testing.T) {
	b := openMini(t)
	b.tb, b.keys = t, &KeyCheck{}
	rdb := b.NewClient(t)
	ctx := t.Context()
	deadline := b.Now().Add(24 * time.Hour)
	rdb.Set(ctx, "at", "v", 0)
	rdb.PExpireAt(ctx, "at", deadline)
	b.Advance(23 * time.Hour)
	if got := rdb.PTTL(ctx, "at").Val(); got != time.Hour {
		t.Errorf("PTTL an hour before the deadline = %v", got)
	}
	b.Advance(time.Hour)
	if n := rdb.Exists(ctx, "at").Val(); n != 0 {
		t.Error("the key outlived its deadline")
	}
}

func TestChildEach(t *testing.T) {
	onlyAsChild(t)
	Each(t, func(t *testing.T, b *Backend) {
		name := b.Name()
		ctx := t.Context()
		b.Client.Set(ctx, name+":eternal", "v", 0)
		b.Client.Set(ctx, "planted-"+b.Kind, "v", 0)
		b.Exempt("planted-" + b.Kind)
		if b.Mini != nil {
			b.Client.Set(ctx, "stray", "v", time.Minute)
		}
		_ = b.Client.Close() // the check must not need it
	})
}

func TestEachChecksKeys(t *testing.T) {
	t.Parallel()
	binary(t)
	out, err := child(t, "TestChildEach")
	if err == nil {
		t.Errorf("the child passed")
	}
	rows, minis := common, 1
	if strconv.IntSize == 32 {
		rows, minis = rows-1, 0 // see NeedsMini
	}
	for what, want := range map[string]int{
		"--- FAIL: TestChildEach/": rows, `:eternal" has no TTL`: rows,
		`"stray" is outside`: minis, `key "planted`: 0,
	} {
		if got := strings.Count(out, what); got != want {
			t.Errorf("%d times %q, want %d", got, what, want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}
