package compare

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strconv"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/ttl"
)

// Group is a set of records and the codecs that are compared on them.
type Group struct {
	Name string // of the records, such as "tweets"; required, and unique in a run
	Note string // a sentence about the records for the report; may be empty

	// Entries are the codecs, in the order of the report. All have the same records in the same
	// order, each in the Go type that its codec takes.
	Entries []Entry
}

// Entry is a codec and the records that it is measured on. Make one with Of: Run returns an error
// for the zero Entry.
type Entry struct {
	name    string
	subject subject
}

// Of returns an Entry. The report shows the name. Do not change the records until Run returns.
//
// Run checks that each decoded record equals the original:
//
//   - protobuf messages with proto.Equal
//   - types that have a method Equal(V) bool, such as time.Time, with that method
//   - other types field by field, including unexported fields, by these same rules
//
// A nil slice or map equals an empty one, and NaN equals NaN. The types of values in an any must be
// equal too. There, MsgPack decodes an int 5 as an int8, and JSON as a float64: both fail.
func Of[V any](name string, c codec.Codec[V], records []V) Entry {
	return Entry{name, typed[V]{c, records}}
}

// Compressed returns a copy of the group with two more entries after each one: the same codec with
// compress.S2 and with compress.Zstd, both with their defaults.
func (g Group) Compressed() Group {
	var all []Entry
	for _, e := range g.Entries {
		all = append(all, e)
		if e.subject != nil {
			s2, zstd := e.subject.compressed()
			all = append(all, Entry{e.name + " s2", s2}, Entry{e.name + " zstd", zstd})
		}
	}
	g.Entries = all
	return g
}

// subject hides the type of the records of an Entry.
type subject interface {
	kind() string // Go type of the records
	len() int
	ready() error
	roundTrip(i int) (encoded []byte, err error) // the codec's error, or ErrLossy
	encode(i int) error
	decode(data []byte) error
	compressed() (s2, zstd subject)
	store(rdb redis.UniversalClient, name string, maxBytes int) (store, error)
}

// store is a cache of the records of a subject. The keys are the indexes.
type store interface {
	fill(ctx context.Context) error
	set(ctx context.Context, i int) error
	get(ctx context.Context, i int) error
	keys() []string
	clear(ctx context.Context) error // deletes what fill wrote, without a SCAN of the database
}

type typed[V any] struct {
	codec   codec.Codec[V]
	records []V
}

func (t typed[V]) kind() string { return reflect.TypeFor[V]().String() }
func (t typed[V]) len() int     { return len(t.records) }

func (t typed[V]) ready() error {
	switch v := reflect.ValueOf(t.codec); {
	case t.codec == nil, v.Kind() == reflect.Pointer && v.IsNil():
		return errors.New("the codec is nil")
	case len(t.records) == 0:
		return errors.New("there are no records")
	}
	return nil
}

func (t typed[V]) roundTrip(i int) (data []byte, err error) {
	defer func() { // a user's codec may panic, and so may an Equal method
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %T", p) // only the type: the text may contain the value
		}
	}()
	if data, err = t.codec.Encode(t.records[i]); err != nil {
		return nil, fmt.Errorf("encode: %w", err)
	}
	back, err := t.codec.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("decode: %w", err)
	}
	if !equal(t.records[i], back) {
		return nil, ErrLossy
	}
	return data, nil
}

func (t typed[V]) encode(i int) error {
	_, err := t.codec.Encode(t.records[i])
	return err
}

func (t typed[V]) decode(data []byte) error {
	_, err := t.codec.Decode(data)
	return err
}

func (t typed[V]) compressed() (s2, zstd subject) {
	return typed[V]{compress.S2(t.codec, nil), t.records},
		typed[V]{compress.Zstd(t.codec, nil), t.records}
}

func (t typed[V]) store(rdb redis.UniversalClient, name string, maxBytes int) (store, error) {
	c, err := cache.New[int](rdb, name, t.codec, &cache.Options{
		TTL:           ttl.Active(keyTTL),
		MaxValueBytes: max(cache.DefaultMaxValueBytes, maxBytes),
	})
	if err != nil {
		return nil, err
	}
	return typedStore[V]{c, name, t.records}, nil
}

type typedStore[V any] struct {
	cache   *cache.Cache[int, V]
	name    string
	records []V
}

func (s typedStore[V]) set(ctx context.Context, i int) error {
	return s.cache.Set(ctx, i, s.records[i])
}

func (s typedStore[V]) get(ctx context.Context, i int) error {
	_, err := s.cache.Get(ctx, i)
	return err
}

func (s typedStore[V]) fill(ctx context.Context) error {
	all := make(map[int]V, len(s.records))
	for i, v := range s.records {
		all[i] = v
	}
	return s.cache.SetMany(ctx, all)
}

func (s typedStore[V]) keys() []string {
	keys := make([]string, len(s.records))
	for i := range keys {
		keys[i] = s.name + ":" + strconv.Itoa(i)
	}
	return keys
}

func (s typedStore[V]) clear(ctx context.Context) error {
	indexes := make([]int, len(s.records))
	for i := range indexes {
		indexes[i] = i
	}
	_, err := s.cache.DeleteMany(ctx, indexes)
	return errors.Join(err, s.cache.Close())
}
