package realdata

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/activettl/rediscache/internal/testpb"
)

// File has the records of a file, by their cache keys. They are tweets, events or other records.
// The maps of the other kinds are nil.
type File struct {
	Path  string
	Bytes int // size of the file

	Tweets   map[int64]Tweet
	TweetPBs map[int64]*testpb.Tweet // the same tweets

	Events   map[string]Event
	EventPBs map[string]*testpb.Event // the same events

	Records map[string]Record
}

// Load reads a JSON file: an array of objects, or an object that holds one such array. The fields
// of the objects decide their kind, and not the name of the file. Every error names the file.
func Load(path string) (*File, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err // it has the path
	}
	f := &File{Path: path, Bytes: len(data)}
	if err := f.parse(data); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

func (f *File) parse(data []byte) error {
	list, err := objects(data)
	if err != nil {
		return err
	}
	switch {
	case allHave(list, tweetKeys):
		f.Tweets, err = load(list, func(t Tweet) int64 { return t.ID })
		if err == nil {
			f.TweetPBs, err = loadPB(list, (*testpb.Tweet).GetId)
		}
	case allHave(list, eventKeys):
		f.Events, err = load(list, func(e Event) string { return e.ID })
		if err == nil {
			f.EventPBs, err = loadPB(list, (*testpb.Event).GetId)
		}
	default:
		f.Records, err = loadRecords(list)
	}
	return err
}

// load decodes records of one Go type.
func load[K comparable, V any](list []object, key func(V) K) (map[K]V, error) {
	return loadBy(list, key, func(data []byte) (v V, err error) {
		return v, json.Unmarshal(data, &v)
	})
}

// loadPB decodes records of one message type.
func loadPB[K comparable, M proto.Message](list []object, key func(M) K) (map[K]M, error) {
	var none M
	return loadBy(list, key, func(data []byte) (M, error) {
		m := none.ProtoReflect().New().Interface().(M)
		return m, protojson.UnmarshalOptions{DiscardUnknown: true}.Unmarshal(data, m)
	})
}

func loadBy[K comparable, V any](
	list []object, key func(V) K, decode func([]byte) (V, error),
) (map[K]V, error) {
	all := make(map[K]V, len(list))
	for i, o := range list {
		v, err := decode(o.text)
		if err != nil {
			return nil, fmt.Errorf("record %d looks like a %T but does not decode as one: %w", i, v,
				err)
		}
		k := key(v)
		if _, twice := all[k]; twice {
			return nil, fmt.Errorf(
				"record %d has the id %v of an earlier record; a cache holds one of them", i, k)
		}
		all[k] = v
	}
	return all, nil
}

func loadRecords(list []object) (map[string]Record, error) {
	records := make([]Record, len(list))
	for i, o := range list {
		if err := json.Unmarshal(o.text, &records[i]); err != nil {
			return nil, fmt.Errorf("record %d: %w", i, err)
		}
	}
	return keyed(records), nil
}

var errExpected = errors.New("expected a JSON array of objects, or an object that holds one " +
	"such array")
