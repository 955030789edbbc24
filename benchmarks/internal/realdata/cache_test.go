package realdata_test

import (
	"maps"
	"slices"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"

	"github.com/activettl/rediscache/benchmarks/internal/realdata"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/internal/testpb"
	"github.com/activettl/rediscache/ttl"
)

// Real records come back equal from each codec, on every kind of Redis, with every kind of read.
func TestRealRecordsInACache(t *testing.T) {
	tweets, events := load(t, realdata.Twitter), load(t, realdata.GitHubEvents)
	other := map[string]realdata.Record{} // the same events, without a Go type
	var raw []realdata.Record
	unmarshalFile(t, events.Path, &raw)
	for _, r := range raw {
		other[r["id"].(string)] = r
	}
	setLang := func(v realdata.Tweet) realdata.Tweet { v.Lang = "xx"; return v }
	setType := func(v realdata.Event) realdata.Event { v.Type = "xx"; return v }
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		roundTrip(t, b, "Tweet/JSON", codec.JSON[realdata.Tweet]{}, tweets.Tweets,
			realdata.Tweet.Equal, "lang", setLang)
		roundTrip(t, b, "Tweet/MsgPack", codec.MsgPack[realdata.Tweet]{}, tweets.Tweets,
			realdata.Tweet.Equal, "lang", setLang)
		roundTrip(t, b, "Tweet/Proto", codec.Proto[*testpb.Tweet]{}, tweets.TweetPBs, equalPB,
			"lang", func(v *testpb.Tweet) *testpb.Tweet {
				v = proto.CloneOf(v)
				v.Lang = "xx"
				return v
			})
		roundTrip(t, b, "Event/JSON", codec.JSON[realdata.Event]{}, events.Events,
			realdata.Event.Equal, "type", setType)
		roundTrip(t, b, "Event/MsgPack", codec.MsgPack[realdata.Event]{}, events.Events,
			realdata.Event.Equal, "type", setType)
		roundTrip(t, b, "Event/Proto", codec.Proto[*testpb.Event]{}, events.EventPBs, equalPB,
			"type", func(v *testpb.Event) *testpb.Event {
				v = proto.CloneOf(v)
				v.Type = "xx"
				return v
			})
		roundTrip(t, b, "Record/JSON", codec.JSON[realdata.Record]{}, other, realdata.Record.Equal,
			"", nil)
	})
}

func equalPB[M proto.Message](a, b M) bool { return proto.Equal(a, b) }

// roundTrip writes, reads, inspects, changes and deletes the records in a cache. changed returns a
// copy with the field set to "xx"; if it is nil, nothing is changed.
func roundTrip[K comparable, V any](
	t *testing.T, b *redistest.Backend, name string, c codec.Codec[V], records map[K]V,
	equal func(V, V) bool, field string, changed func(V) V,
) {
	t.Run(name, func(t *testing.T) {
		ctx := t.Context()
		all, err := cache.New[K](b.Client, b.Name(), c,
			&cache.Options{TTL: ttl.Active(time.Minute)})
		if err != nil {
			t.Fatal(err)
		}
		defer all.Close()
		keys := slices.Collect(maps.Keys(records))
		same := func(how string, got map[K]V, want map[K]V) {
			t.Helper()
			if len(got) != len(want) {
				t.Errorf("%s gives %d records, want %d", how, len(got), len(want))
			}
			for key, v := range want {
				if back, ok := got[key]; !ok || !equal(back, v) {
					t.Errorf("%s: record %v\nis   %+v\nwant %+v", how, key, back, v)
				}
			}
		}

		if err := all.SetMany(ctx, records); err != nil {
			t.Fatal(err)
		}
		got, err := all.GetMany(ctx, keys)
		if err != nil {
			t.Fatal(err)
		}
		same("GetMany", got, records)

		walked := map[K]V{}
		for r, err := range all.All(ctx) {
			if err != nil {
				t.Fatal(err)
			}
			walked[r.Key] = r.Value
		}
		same("All", walked, records)

		for key, v := range records {
			data, err := c.Encode(v)
			if err != nil {
				t.Fatal(err)
			}
			if info, err := all.Inspect(ctx, key); err != nil || info.Size == 0 ||
				info.Size != len(data) {
				t.Errorf("record %v: Inspect gives size %d, %v, want %d", key, info.Size, err,
					len(data))
			}
		}

		if changed != nil {
			want := map[K]V{}
			for key, v := range records {
				want[key] = changed(v)
				if err := all.UpdateField(ctx, key, field, "xx"); err != nil {
					t.Error(err)
				}
				if equal(v, want[key]) {
					t.Errorf("record %v: Equal does not see that %s is another", key, field)
				}
			}
			if got, err = all.GetMany(ctx, keys); err != nil {
				t.Fatal(err)
			}
			same("GetMany after UpdateField", got, want)
		}

		if n, err := all.DeleteMany(ctx, keys); n != len(records) || err != nil {
			t.Errorf("DeleteMany gives %d, %v, want %d", n, err, len(records))
		}
		if n, err := all.Len(ctx); n != 0 || err != nil {
			t.Errorf("Len gives %d, %v after DeleteMany, want 0", n, err)
		}
	})
}
