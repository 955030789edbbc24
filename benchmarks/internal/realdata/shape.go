package realdata

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// object is a record of a file before its type is known.
type object struct {
	text []byte
	keys map[string]json.RawMessage
}

// The keys that all tweets, and all events, have. They may have more.
var (
	tweetKeys = []string{"id", "created_at", "text", "lang", "user", "entities", "retweet_count"}
	eventKeys = []string{"id", "created_at", "type", "actor", "repo", "payload"}
)

func allHave(list []object, keys []string) bool {
	for _, o := range list {
		for _, key := range keys {
			if _, ok := o.keys[key]; !ok {
				return false
			}
		}
	}
	return true
}

// objects returns the records of a file.
func objects(data []byte) ([]object, error) {
	data = bytes.TrimSpace(data)
	if len(data) == 0 {
		return nil, fmt.Errorf("the file is empty: %w", errExpected)
	}
	if err := json.Unmarshal(data, new(json.RawMessage)); err != nil {
		return nil, fmt.Errorf("not JSON (%w): %w", err, errExpected)
	}
	switch data[0] {
	case '[':
		return elements("the array", data)
	case '{':
		name, list, err := onlyArray(data)
		if err != nil {
			return nil, err
		}
		return elements(fmt.Sprintf("the array %q", name), list)
	}
	return nil, fmt.Errorf("the file is %s: %w", kind(data), errExpected)
}

// elements splits an array of objects.
func elements(what string, data []byte) ([]object, error) {
	var list []json.RawMessage
	if err := json.Unmarshal(data, &list); err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("%s is empty: %w", what, errExpected)
	}
	all := make([]object, len(list))
	for i, text := range list {
		if kind(text) != "an object" {
			return nil, fmt.Errorf("element %d of %s is %s: %w", i, what, kind(text), errExpected)
		}
		all[i].text = text
		if err := json.Unmarshal(text, &all[i].keys); err != nil {
			return nil, err
		}
	}
	return all, nil
}

// onlyArray returns the only array of objects in an object. Without one, it returns the only empty
// array.
func onlyArray(data []byte) (name string, list []byte, err error) {
	var members map[string]json.RawMessage
	if err := json.Unmarshal(data, &members); err != nil {
		return "", nil, err
	}
	var full, empty []string
	for _, key := range slices.Sorted(maps.Keys(members)) {
		rest, ok := bytes.CutPrefix(members[key], []byte("["))
		rest = bytes.TrimSpace(rest)
		switch {
		case !ok:
		case rest[0] == '{':
			full = append(full, key)
		case rest[0] == ']':
			empty = append(empty, key)
		}
	}
	found := full
	if len(full) == 0 {
		found = empty
	}
	switch len(found) {
	case 0:
		return "", nil, fmt.Errorf("the object holds no array of objects: %w", errExpected)
	case 1:
		return found[0], members[found[0]], nil
	}
	return "", nil, fmt.Errorf("the object holds %d arrays (%s): %w",
		len(found), strings.Join(found, ", "), errExpected)
}

// kind names the type of a JSON text, which its first byte shows.
func kind(text []byte) string {
	switch text[0] {
	case '{':
		return "an object"
	case '[':
		return "an array"
	case '"':
		return "a string"
	case 't', 'f':
		return "a bool"
	case 'n':
		return "null"
	}
	return "a number"
}
