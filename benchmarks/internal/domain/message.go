package domain

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"
)

// Messages converts records to messages of type M: protojson decodes their JSON. It returns an
// error if a record has a field that the message lacks.
func Messages[M proto.Message, V any](records []V) ([]M, error) {
	var none M
	all := make([]M, len(records))
	for i, r := range records {
		data, err := json.Marshal(r)
		if err != nil {
			return nil, fmt.Errorf("record %d: %w", i, err)
		}
		all[i] = none.ProtoReflect().New().Interface().(M)
		if err := protojson.Unmarshal(data, all[i]); err != nil {
			return nil, fmt.Errorf("record %d does not decode as %T: %w", i, none, err)
		}
	}
	return all, nil
}
