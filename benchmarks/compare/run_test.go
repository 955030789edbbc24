package compare

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
)

type note struct {
	ID   int64     `json:"id" msgpack:"id"`
	Text string    `json:"text" msgpack:"text"`
	At   time.Time `json:"at" msgpack:"at"`
}

func notes() []note {
	all := make([]note, 20)
	for i := range all {
		all[i] = note{ID: int64(i), Text: strings.Repeat("secret ", i), At: time.Now()}
	}
	return all
}

func noteGroup(entries ...Entry) []Group {
	if entries == nil {
		entries = []Entry{Of("json", codec.JSON[note]{}, notes()),
			Of("msgpack", codec.MsgPack[note]{}, notes())}
	}
	return []Group{{Name: "notes", Note: "Short ones.", Entries: entries}}
}

func TestRun(t *testing.T) {
	last, total := -1, 0
	groups := append(noteGroup(),
		Group{Name: "texts",
			Entries: []Entry{Of("string", codec.String{}, []string{"four", "sixsix"})}})
	r, err := Run(t.Context(), groups, &Options{Rounds: 2, Progress: func(done, of int) {
		if done < last || done > of {
			t.Errorf("progress %d of %d after %d", done, of, last)
		}
		last, total = done, of
	}})
	if err != nil {
		t.Fatal(err)
	}
	if last != total || total == 0 {
		t.Errorf("the progress ends at %d of %d", last, total)
	}
	if len(r.Results) != 2 || r.Rounds != 2 || r.Server == "" || r.Host == "" || r.Time.IsZero() ||
		!strings.HasPrefix(r.Memory, "not measured") {
		t.Fatalf("report %+v", r)
	}
	res := r.Results[0]
	if res.Name != "notes" || res.Note != "Short ones." || res.Records != 20 ||
		len(res.Codecs) != 2 || res.Why == "" {
		t.Errorf("result %+v", res)
	}
	if res.Best != "json" && res.Best != "msgpack" {
		t.Errorf("the best is %q", res.Best)
	}
	for i, name := range []string{"json", "msgpack"} {
		if f := res.Codecs[i]; f.Name != name || f.Type != "compare.note" {
			t.Errorf("codec %d is %s of %s, want %s", i, f.Name, f.Type, name)
		}
	}
	text := r.Results[1].Codecs[0]
	if text.Bytes != 5 || text.Type != "string" {
		t.Errorf("%v bytes of %s, want 5 of string", text.Bytes, text.Type)
	}
	for _, f := range append(res.Codecs, text) {
		measured(t, f)
		if f.RedisBytes != 0 {
			t.Errorf("%s: %v bytes in a Redis without memory", f.Name, f.RedisBytes)
		}
	}
}

func measured(t *testing.T, f Figures) {
	t.Helper()
	if f.Error != "" || f.Bytes <= 0 || f.Encode.Time <= 0 || f.Decode.Time <= 0 ||
		f.Set.PerSecond <= 0 || f.Get.PerSecond <= 0 {
		t.Errorf("figures are missing: %+v", f)
	}
	for _, c := range []Calls{f.Set, f.Get} {
		if c.P50 < time.Microsecond || c.P99 < c.P50 || c.P99 > time.Minute {
			t.Errorf("%s: p50 %v, p99 %v", f.Name, c.P50, c.P99)
		}
	}
}

// Allocations are counted per call, here of a codec with a known number of them.
func TestAllocations(t *testing.T) {
	records := notes()
	r, err := Run(t.Context(), noteGroup(Of("counted", counted(records), records)),
		&Options{Rounds: 5})
	if err != nil {
		t.Fatal(err)
	}
	f := r.Results[0].Codecs[0]
	if f.Encode.Allocs < 3 || f.Encode.Allocs > 3.2 || f.Decode.Allocs != 0 {
		t.Errorf("%v and %v allocations, want 3 and 0", f.Encode.Allocs, f.Decode.Allocs)
	}
}

// Each record is measured, not only checked.
func TestAllRecordsAreMeasured(t *testing.T) {
	c := tally{encoded: new([20]atomic.Int64), decoded: new([20]atomic.Int64)}
	if _, err := Run(t.Context(), noteGroup(Of("tally", c, notes())),
		&Options{Rounds: 1}); err != nil {
		t.Fatal(err)
	}
	for i := range c.encoded {
		// The check calls each once. Filling the cache calls Encode once more.
		if e, d := c.encoded[i].Load(), c.decoded[i].Load(); e < 10 || d < 10 {
			t.Errorf("record %d is encoded %d times and decoded %d times", i, e, d)
		}
	}
}

type tally struct {
	codec.JSON[note]
	encoded, decoded *[20]atomic.Int64
}

func (c tally) Encode(v note) ([]byte, error) {
	c.encoded[v.ID].Add(1)
	return c.JSON.Encode(v)
}

func (c tally) Decode(data []byte) (note, error) {
	v, err := c.JSON.Decode(data)
	if err == nil {
		c.decoded[v.ID].Add(1)
	}
	return v, err
}

// counted is a codec that allocates three times to encode and never to decode.
type counted []note

var sink atomic.Pointer[[100]byte]

func (c counted) Encode(v note) ([]byte, error) {
	sink.Store(new([100]byte))
	sink.Store(new([100]byte))
	return append(make([]byte, 0, 100), byte(v.ID)), nil
}

func (c counted) Decode(data []byte) (note, error) { return c[data[0]], nil }

func TestRealServer(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	if err := rdb.Set(t.Context(), "somebody's", "own", 0).Err(); err != nil {
		t.Fatal(err)
	}
	looked := false
	r, err := Run(t.Context(), noteGroup(), &Options{Client: rdb, Rounds: 1, Progress: func(
		done, total int,
	) {
		if done == total {
			return
		}
		looked = true
		keys := rdb.Keys(t.Context(), "compare-*").Val()
		if len(keys) != 40 {
			t.Errorf("%d keys while it runs, want 40: %q", len(keys), keys)
		}
		for _, key := range keys {
			if ttl := rdb.PTTL(t.Context(), key).Val(); ttl <= 0 || ttl > keyTTL {
				t.Errorf("%s has the TTL %v", key, ttl)
			}
			if len(key) != len("compare-0123456789abcdef/000/000:0") &&
				len(key) != len("compare-0123456789abcdef/000/000:10") {
				t.Errorf("%s: names differ in length, so their memory does too", key)
			}
		}
	}})
	if err != nil {
		t.Fatal(err)
	}
	if !looked || !strings.HasPrefix(r.Server, "Redis ") ||
		!strings.HasSuffix(r.Server, ", standalone") ||
		!strings.HasPrefix(r.Memory, "MEMORY USAGE") {
		t.Errorf("report %+v", r)
	}
	for _, f := range r.Results[0].Codecs {
		measured(t, f)
		if f.RedisBytes < f.Bytes+30 || f.RedisBytes > 2*f.Bytes+200 {
			t.Errorf("%s: %v bytes in Redis for %v", f.Name, f.RedisBytes, f.Bytes)
		}
	}
	leftAlone(t, rdb)
}

func leftAlone(t *testing.T, rdb *redis.Client) {
	t.Helper()
	if keys := rdb.Keys(context.Background(), "*").Val(); len(keys) != 1 ||
		keys[0] != "somebody's" {
		t.Errorf("the keys are %q, want those from before", keys)
	}
}

func TestEndsEarly(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	rdb.Set(t.Context(), "somebody's", "own", 0)
	t.Run("context", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		r, err := Run(ctx, noteGroup(), &Options{Client: rdb, Progress: func(done, _ int) {
			if done == DefaultRounds+2 {
				cancel()
			}
		}})
		if r != nil || !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, %v", r, err)
		}
		leftAlone(t, rdb)
	})
	t.Run("context, while no server is asked", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		rounds := 0
		_, err := Run(ctx, noteGroup(), &Options{Progress: func(int, int) {
			if rounds++; rounds == 2 {
				cancel()
			}
		}})
		if !errors.Is(err, context.Canceled) || rounds != 2 {
			t.Errorf("error %v after %d rounds, want none after 2", err, rounds)
		}
	})
	t.Run("record too large for the server", func(t *testing.T) {
		rdb.ConfigSet(t.Context(), "proto-max-bulk-len", "1mb")
		entries := []Entry{Of("small", codec.String{}, []string{"x"}),
			Of("large", codec.String{}, []string{strings.Repeat("x", 2<<20)})}
		r, err := Run(t.Context(), []Group{{Name: "texts", Entries: entries}},
			&Options{Client: rdb, Rounds: 1})
		if r != nil || err == nil || !strings.HasPrefix(err.Error(), "compare: texts: ") {
			t.Errorf("got %v, %v", r, err)
		}
		leftAlone(t, rdb)
	})
}

func TestLargeRecord(t *testing.T) { // larger than cache.DefaultMaxValueBytes
	if _, err := Run(t.Context(),
		[]Group{{Name: "texts",
			Entries: []Entry{Of("string", codec.String{},
				[]string{strings.Repeat("x", 2<<20)})}}}, &Options{Rounds: 1}); err != nil {
		t.Error(err)
	}
}

func TestServerWithoutMemoryUsage(t *testing.T) {
	rdb := redistest.Start(t, "--rename-command", "MEMORY", "NONE").Client(t)
	r, err := Run(t.Context(), noteGroup(), &Options{Client: rdb, Rounds: 1})
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(r.Memory,
		"not measured: the server refuses MEMORY USAGE (ERR unknown command") ||
		r.Results[0].Codecs[1].RedisBytes != 0 {
		t.Errorf("%s; %+v", r.Memory, r.Results[0].Codecs)
	}
}

func TestUnreachableServer(t *testing.T) {
	rdb := redis.NewClient(&redis.Options{Addr: "127.0.0.1:1", MaxRetries: -1})
	defer rdb.Close()
	r, err := Run(t.Context(), noteGroup(), &Options{Client: rdb})
	if r != nil || err == nil ||
		!strings.HasPrefix(err.Error(),
			"compare: the Redis server cannot be used: dial tcp 127.0.0.1:1") {
		t.Errorf("got %v, %v", r, err)
	}
}

func TestDescribe(t *testing.T) {
	for info, want := range map[string]string{
		"": "Redis of an unknown version",
		"# Server\r\nredis_version:7.0.15\r\nredis_mode:cluster\r\n": "Redis 7.0.15, " +
			"cluster",
		"redis_version:7.2.4\r\nserver_name:valkey\r\nvalkey_version:8.0.1\r\n": "Valkey 8.0.1",
	} {
		if got := describe(info); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
