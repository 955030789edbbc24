package access

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/recent"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/wire"
)

func TestMain(m *testing.M) { redistest.Main(m) }

func indexOf(t *testing.T, rdb redis.UniversalClient, name string, ttl time.Duration) *Index {
	t.Helper()
	w, err := wire.New(rdb, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close(context.Background()) })
	n, err := names.New("", name)
	if err != nil {
		t.Fatal(err)
	}
	return New(w, n, ttl)
}

// slotOf agrees with the server.
func TestSlots(t *testing.T) {
	rdb := redistest.Cluster(t).Client(t)
	for _, key := range []string{"", "a", "users:42", "users!node:0", "\x00\xff", "123456789"} {
		want, err := rdb.ClusterKeySlot(t.Context(), key).Result()
		if err != nil || int64(slotOf(key)) != want {
			t.Errorf("slotOf(%q) = %d, the server says %d, %v", key, slotOf(key), want, err)
		}
	}
}

// If the server of a shard does not answer, no note delays or fails a command to another server,
// and few notes are in flight.
func TestSilentShard(t *testing.T) {
	cluster := redistest.StartCluster(t, 0, time.Minute)
	rdb := cluster.Client(t)
	x := indexOf(t, rdb, "users", time.Hour)
	silent := cluster.Nodes()[0]
	server := func(key string) string {
		owner, err := rdb.MasterForKey(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		return owner.Options().Addr
	}
	var keys []string // of healthy servers, noted on the silent one
	for i := 0; len(keys) < 40; i++ {
		key := fmt.Sprint("users:", i)
		if server(key) != silent.Addr() && server(x.names.Seen(shardOf(key))) == silent.Addr() {
			keys = append(keys, key)
		}
	}
	for _, key := range keys {
		if err := x.wire.Do(t.Context(), key,
			redis.NewStatusCmd(t.Context(), "set", key, "v", "px", 600000)).Err(); err != nil {
			t.Fatal(err)
		}
	}
	silent.Pause(t)
	begun, most := time.Now(), int64(0)
	for _, key := range keys {
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		if err := x.Reads().Do(ctx, key, redis.NewStringCmd(ctx, "get", key)).Err(); err != nil {
			t.Errorf("GET %s: %v", key, err)
		}
		cancel()
		time.Sleep(slow / 10)
		inFlight := 0
		for i := range x.health {
			x.health[i].mu.Lock()
			inFlight += x.health[i].inFlight
			x.health[i].mu.Unlock()
		}
		most = max(most, int64(inFlight))
	}
	if took := time.Since(begun); took > 5*time.Second {
		t.Errorf("40 reads took %v", took)
	}
	if most == 0 || most > 35 {
		t.Errorf("at most %d notes were in flight", most)
	}
	silent.Resume(t)
}

// Other processes learn the longest TTL. Then they keep the entries of records that live that long.
func TestLongest(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		name := b.Name()
		writer, reader := indexOf(t, b.Client, name, time.Hour),
			indexOf(t, b.Client, name, time.Hour)
		set := func(x *Index, id string, ttl time.Duration) {
			t.Helper()
			key := x.names.Key(id)
			if err := x.Writes(ttl).Do(t.Context(), key,
				redis.NewStatusCmd(t.Context(), "set", key, "v", "px",
					ttl.Milliseconds())).Err(); err != nil {
				t.Fatal(err)
			}
		}
		set(writer, "long", 30*time.Hour)
		eventually(t, func() bool {
			return b.Client.Exists(t.Context(), writer.names.Longest()).Val() == 1
		})
		if ttl := b.Client.PTTL(t.Context(), writer.names.Longest()).Val(); ttl < 59*time.Hour {
			t.Errorf("the longest TTL is known for %v", ttl)
		}
		set(reader, "one", time.Hour)
		eventually(t, func() bool { return reader.lifetime() == (30 * time.Hour).Milliseconds() })
		if b.Mini == nil {
			return
		}
		b.Advance(10 * time.Hour)
		recent.Skip(time.Minute)
		for i := range 100 {
			set(reader, fmt.Sprint(i), time.Hour) // removes entries that are too old
		}
		idle, err := reader.Idle(t.Context(), reader.names.Key("long"))
		if err != nil || idle < 10*time.Hour {
			t.Errorf("the record that lives for 30 h is idle for %v, %v", idle, err)
		}
		idle, err = reader.Idle(t.Context(), reader.names.Key("none"))
		if err != nil || idle != Unknown {
			t.Errorf("a record that does not exist is idle for %v, %v", idle, err)
		}
	})
}

// eventually waits until ok reports true. Notes are sent in the background.
func eventually(t *testing.T, ok func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !ok(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal("nothing happened in 10 s")
		}
	}
}

// Without further notes, a shard expires after twice its records' TTL and the window.
func TestShardsExpire(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		x := indexOf(t, b.Client, b.Name(), time.Hour)
		key := x.names.Key("1")
		if err := x.Writes(time.Hour).Do(t.Context(), key,
			redis.NewStatusCmd(t.Context(), "set", key, "v", "px", 60000)).Err(); err != nil {
			t.Fatal(err)
		}
		shard, member := x.Shard(key)
		eventually(t, func() bool {
			return b.Client.ZScore(t.Context(), shard, member).Err() == nil
		})
		want := 2 * (time.Hour + x.Window())
		if ttl := b.Client.PTTL(t.Context(), shard).Val(); ttl > want || ttl < want-time.Minute {
			t.Errorf("the shard expires in %v, want %v", ttl, want)
		}
	})
}

// The index exists from the first note on.
func TestExists(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		name := b.Name()
		x := indexOf(t, b.Client, name, time.Hour)
		if exists, err := x.Exists(t.Context()); exists || err != nil {
			t.Errorf("without a note: %v, %v", exists, err)
		}
		key := name + ":k"
		x.Writes(time.Hour).Do(t.Context(), key,
			redis.NewStatusCmd(t.Context(), "set", key, "x", "px", 60000))
		x.Settle(t.Context())
		if exists, err := x.Exists(t.Context()); !exists || err != nil {
			t.Errorf("after a note: %v, %v", exists, err)
		}
	})
}
