package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"time"
	"unicode/utf8"

	"google.golang.org/protobuf/proto"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/realdata"
	"github.com/activettl/rediscache/internal/testpb"
	"github.com/activettl/rediscache/ttl"
)

// showData is the tour with -data: the records of a file, in each codec that keeps them as they are.
func showData(ctx context.Context, g *guide, path string) error {
	file, err := realdata.Load(path)
	if err != nil {
		return err
	}
	return g.attempt("records of "+path, func() {
		switch {
		case file.Tweets != nil:
			showTweets(ctx, g, file)
		case file.Events != nil:
			showEvents(ctx, g, file)
		default:
			showRecords(ctx, g, file)
		}
	})
}

func showTweets(ctx context.Context, g *guide, file *realdata.File) {
	dataHeader(g, file, len(file.Tweets), "tweets, as realdata.Tweet and *testpb.Tweet")
	tweets, asJSON := keep(ctx, g, "JSON", codec.JSON[realdata.Tweet]{}, file.Tweets, realdata.Tweet.Equal)
	_, asMsgPack := keep(ctx, g, "MsgPack", codec.MsgPack[realdata.Tweet]{}, file.Tweets, realdata.Tweet.Equal)
	_, asProto := keep(ctx, g, "Proto", codec.Proto[*testpb.Tweet]{}, file.TweetPBs, equalMessages[*testpb.Tweet])
	showSizes(g, asJSON, asMsgPack, asProto)
	list(ctx, g, tweets, func(t realdata.Tweet) string {
		return fmt.Sprintf("@%-15s  %s", line(t.User.ScreenName, 20), line(t.Text, 50))
	})
}

func showEvents(ctx context.Context, g *guide, file *realdata.File) {
	dataHeader(g, file, len(file.Events), "events, as realdata.Event and *testpb.Event")
	events, asJSON := keep(ctx, g, "JSON", codec.JSON[realdata.Event]{}, file.Events, realdata.Event.Equal)
	_, asMsgPack := keep(ctx, g, "MsgPack", codec.MsgPack[realdata.Event]{}, file.Events, realdata.Event.Equal)
	_, asProto := keep(ctx, g, "Proto", codec.Proto[*testpb.Event]{}, file.EventPBs, equalMessages[*testpb.Event])
	showSizes(g, asJSON, asMsgPack, asProto)
	list(ctx, g, events, func(e realdata.Event) string {
		return fmt.Sprintf("%s  %-20s  %-18s  %s", e.CreatedAt.Format(time.DateTime), line(e.Type, 30), line(e.Actor.Login, 30), line(e.Repo.Name, 50))
	})
}

// showRecords keeps records without a Go type. Only JSON has every number as it stands in the file.
func showRecords(ctx context.Context, g *guide, file *realdata.File) {
	dataHeader(g, file, len(file.Records), "JSON objects, as realdata.Record: without a type of their own they are for JSON only")
	records, asJSON := keep(ctx, g, "JSON", codec.JSON[realdata.Record]{}, file.Records, realdata.Record.Equal)
	showSizes(g, asJSON)
	list(ctx, g, records, func(r realdata.Record) string {
		text, err := json.Marshal(r)
		g.must(err)
		return line(string(text), 70)
	})
}

func equalMessages[M proto.Message](a, b M) bool { return proto.Equal(a, b) }

func dataHeader(g *guide, file *realdata.File, n int, kind string) {
	g.printf("file     %s, %d bytes\n", visible(file.Path), file.Bytes)
	g.printf("records  %d %s\n", n, kind)
	g.printf("server   %s\n", g.about)
}

// sizes are what the records take in Redis, in one codec.
type sizes struct {
	codec          string
	records, bytes int
}

// showSizes compares the codecs with the first one.
func showSizes(g *guide, all ...sizes) {
	g.printf("\n%-8s %8s %15s %11s %8s\n", "codec", "records", "bytes in Redis", "per record", "of "+all[0].codec)
	for _, s := range all {
		g.printf("%-8s %8d %15d %11d %6.0f %%\n", s.codec, s.records, s.bytes, s.bytes/s.records, 100*float64(s.bytes)/float64(all[0].bytes))
	}
	g.printf("\nEvery record was read back from each codec and is what was written.\n")
}

// keep writes the records to a cache, reads them back, checks that they are equal, and returns how large they are.
func keep[K cmp.Ordered, V any](ctx context.Context, g *guide, name string, c codec.Codec[V], records map[K]V, equal func(V, V) bool) (*cache.Cache[K, V], sizes) {
	kept := newCache[K](g, name, c, ttl.Active(timeout)) // so that nothing stays even if the tour is killed
	g.must(kept.SetMany(ctx, records))
	keys := slices.Sorted(maps.Keys(records))
	found, err := kept.GetMany(ctx, keys)
	g.must(err)
	size := 0
	for _, key := range keys {
		value, ok := found[key]
		g.check(ok && equal(value, records[key]), fmt.Sprintf("%s gives record %v back as it was", name, key), value)
		info, err := kept.Inspect(ctx, key)
		g.must(err)
		size += info.Size
	}
	return kept, sizes{name, len(found), size}
}

// list prints all records that a cache has, one line each.
func list[K cmp.Ordered, V any](ctx context.Context, g *guide, c *cache.Cache[K, V], describe func(V) string) {
	found := map[K]V{}
	for record, err := range c.All(ctx) {
		g.must(err)
		found[record.Key] = record.Value
	}
	g.printf("\nAll(ctx) of the JSON cache gives %d records:\n\n", len(found))
	shown, width := map[K]string{}, 0
	for key := range found {
		shown[key] = line(fmt.Sprint(key), 40)
		width = max(width, utf8.RuneCountInString(shown[key]))
	}
	for _, key := range slices.Sorted(maps.Keys(found)) {
		g.printf("%-*s  %s\n", width, shown[key], describe(found[key]))
	}
}
