package realdata

import (
	"bytes"
	"encoding/json"
	"reflect"
	"strconv"
)

// Record is a JSON object of an unknown type. Its numbers keep their text from the file. In a cache
// they keep it only with codec.JSON.
type Record map[string]any

// UnmarshalJSON keeps numbers as json.Number.
func (r *Record) UnmarshalJSON(data []byte) error {
	d := json.NewDecoder(bytes.NewReader(data))
	d.UseNumber()
	return d.Decode((*map[string]any)(r))
}

// Equal reports whether two records are equal. The numbers 1 and 1.0 are not equal.
func (r Record) Equal(o Record) bool { return reflect.DeepEqual(r, o) }

// maxKeyBytes is the largest key of a cache.
const maxKeyBytes = 1024

// keyed returns the records under their "id" if each has a different one, a string or a number.
// Otherwise it returns them under their indexes.
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
