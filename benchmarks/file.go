package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"path/filepath"
	"slices"

	"google.golang.org/protobuf/types/known/structpb"

	"github.com/activettl/rediscache/benchmarks/compare"
	"github.com/activettl/rediscache/benchmarks/internal/realdata"
)

// load returns the records of a file, in the order of their keys.
func load(path string) (compare.Group, error) {
	file, err := realdata.Load(path)
	if err != nil {
		return compare.Group{}, err
	}
	name := filepath.Base(path)
	switch {
	case file.Tweets != nil:
		return group(name, "", ordered(file.Tweets), ordered(file.TweetPBs)), nil
	case file.Events != nil:
		return group(name, "", ordered(file.Events), ordered(file.EventPBs)), nil
	}
	return untyped(name, ordered(file.Records))
}

// ordered returns the values of a map in the order of its keys.
func ordered[K cmp.Ordered, V any](records map[K]V) []V {
	all := make([]V, 0, len(records))
	for _, key := range slices.Sorted(maps.Keys(records)) {
		all = append(all, records[key])
	}
	return all
}

// untyped compares records without a Go type, as maps and as Structs. Both keep every number as a
// float64, so all codecs keep the same data.
func untyped(name string, records []realdata.Record) (compare.Group, error) {
	var rounded int
	objects := make([]map[string]any, len(records))
	messages := make([]*structpb.Struct, len(records))
	for i, r := range records {
		v, err := plain(map[string]any(r), &rounded)
		if err != nil {
			return compare.Group{}, fmt.Errorf("%s: record %d: %w", name, i, err)
		}
		objects[i] = v.(map[string]any)
		if messages[i], err = structpb.NewStruct(objects[i]); err != nil {
			return compare.Group{}, fmt.Errorf("%s: record %d: %w", name, i, err)
		}
	}
	note := "No Go type is known for these records. So every record contains its field names and " +
		"types, and every number is a float64. Your structs and messages are smaller and faster: " +
		"compare them with package compare."
	if rounded > 0 {
		note += fmt.Sprintf(" As float64, %d integers beyond 2^53 lost digits.", rounded)
	}
	return group(name, note, objects, messages), nil
}

// plain returns v with each number as a float64. It adds the integers that lost digits to rounded.
func plain(v any, rounded *int) (any, error) {
	switch v := v.(type) {
	case json.Number:
		f, err := v.Float64()
		if err != nil {
			return nil, fmt.Errorf("a number is beyond float64")
		}
		if n, ok := new(big.Int).SetString(v.String(), 10); ok {
			if back, _ := new(big.Float).SetFloat64(f).Int(nil); back.Cmp(n) != 0 {
				*rounded++
			}
		}
		return f, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for key, member := range v {
			var err error
			if out[key], err = plain(member, rounded); err != nil {
				return nil, err
			}
		}
		return out, nil
	case []any:
		out := make([]any, len(v))
		for i, member := range v {
			var err error
			if out[i], err = plain(member, rounded); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}
