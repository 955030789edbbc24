package realdata

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
)

// Record is a JSON object of a file whose form this package does not know. Only codec.JSON keeps it
// as it is: a number stays the text that the file has, here and in a cache.
type Record map[string]any

// UnmarshalJSON keeps numbers as json.Number.
func (r *Record) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode((*map[string]any)(r))
}

// Equal reports whether two records are the same; 1 and 1.0 are not.
func (r Record) Equal(o Record) bool { return reflect.DeepEqual(r, o) }

// maxKeyBytes is what a cache takes as a key.
const maxKeyBytes = 1024

// keyed returns the records under their "id" if each has one of its own, a text or a number, and
// else under their index.
func keyed(list []Record) map[string]Record {
	byID, byIndex := map[string]Record{}, map[string]Record{}
	for i, r := range list {
		byIndex[strconv.Itoa(i)] = r
		switch id := r["id"].(type) {
		case string:
			byID[id] = r
		case json.Number:
			byID[id.String()] = r
		}
	}
	for id := range byID {
		if id == "" || len(id) > maxKeyBytes {
			return byIndex
		}
	}
	if len(byID) < len(list) {
		return byIndex
	}
	return byID
}
