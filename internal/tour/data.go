package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
)

// Record is a row of the database: any JSON object.
type Record map[string]any

// recordCodec keeps every digit of a number: UseNumber decodes it as json.Number, not as float64.
var recordCodec = codec.JSON[Record]{UseNumber: true}

var builtIn = []Record{
	{"name": "Ann", "city": "Bern"}, {"name": "Bob", "city": "Oslo"},
	{"name": "Cid", "city": "Lima"}, {"name": "Dee", "city": "Riga"},
}

const (
	minRecords = 2 // the sweep needs a record in use and an idle one
	maxRecords = 1000
)

// readRecords returns the records of a file, or the built-in ones if path is empty. An error names
// the file, and quotes nothing that the file holds.
func readRecords(path string) ([]Record, error) {
	if path == "" {
		return builtIn, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err // it names the file
	}
	records, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return records, nil
}

var errForm = errors.New("want a JSON array of objects, or an object with one such array")

// parse returns the objects of an array, or those of the only array of objects in an object.
func parse(data []byte) ([]Record, error) {
	whole, err := codec.JSON[any]{UseNumber: true}.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errForm, err) // an error of a codec quotes no value
	}
	if fields, ok := whole.(map[string]any); ok {
		found := 0
		for _, field := range fields {
			if list, err := objects(field); err == nil && len(list) > 0 {
				found++
				whole = field
			}
		}
		if found != 1 {
			return nil, fmt.Errorf("%w: the object has %d arrays of objects", errForm, found)
		}
	}
	records, err := objects(whole)
	if err == nil && len(records) < minRecords {
		err = fmt.Errorf("the tour needs %d objects: the file has %d", minRecords, len(records))
	}
	if err != nil {
		return nil, err
	}
	records = records[:min(len(records), maxRecords)]
	for i, r := range records {
		text, err := recordCodec.Encode(r)
		if err != nil || len(text) > cache.DefaultMaxValueBytes {
			return nil, fmt.Errorf("object %d does not fit into a cache: the limit is %d bytes", i,
				cache.DefaultMaxValueBytes)
		}
	}
	return records, nil
}

// objects returns the objects of an array that holds nothing else.
func objects(value any) ([]Record, error) {
	list, ok := value.([]any)
	if !ok {
		return nil, errForm
	}
	records := make([]Record, len(list))
	for i, element := range list {
		if records[i], ok = element.(map[string]any); !ok {
			return nil, fmt.Errorf("%w: element %d of the array is not an object", errForm, i)
		}
	}
	return records, nil
}
