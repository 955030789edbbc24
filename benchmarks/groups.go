package main

import (
	"google.golang.org/protobuf/proto"

	"github.com/activettl/rediscache/benchmarks/compare"
	"github.com/activettl/rediscache/benchmarks/internal/domain"
	"github.com/activettl/rediscache/benchmarks/internal/domainpb"
	"github.com/activettl/rediscache/codec"
)

// seed is constant, so that every run measures the same records.
const seed = 1

// builtIn returns generated records like those that services cache.
func builtIn() ([]compare.Group, error) {
	var groups []compare.Group
	for _, generate := range []func() (compare.Group, error){
		func() (compare.Group, error) {
			return generated[*domainpb.Profile]("profile", domain.Profiles(200, seed))
		},
		func() (compare.Group, error) {
			return generated[*domainpb.Session]("session", domain.Sessions(200, seed))
		},
		func() (compare.Group, error) {
			return generated[*domainpb.Product]("product", domain.Products(200, seed))
		},
		func() (compare.Group, error) {
			return generated[*domainpb.Feed]("feed", domain.Feeds(50, seed))
		},
	} {
		g, err := generate()
		if err != nil {
			return nil, err
		}
		groups = append(groups, g)
	}
	return groups, nil
}

func generated[M proto.Message, V any](name string, records []V) (compare.Group, error) {
	messages, err := domain.Messages[M](records)
	return group(name, "", records, messages), err
}

// group compares the codecs on records that exist both as a Go type and as a message.
func group[V any, M proto.Message](name, note string, records []V, messages []M) compare.Group {
	return compare.Group{Name: name, Note: note, Entries: []compare.Entry{
		compare.Of("json", codec.JSON[V]{}, records),
		compare.Of("msgpack", codec.MsgPack[V]{}, records),
		compare.Of("proto", codec.Proto[M]{}, messages),
	}}
}
