package codec_test

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"google.golang.org/protobuf/proto"
	"google.golang.org/protobuf/types/dynamicpb"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/structpb"
	"google.golang.org/protobuf/types/known/wrapperspb"

	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/testpb"
)

// setProto sets fields of an empty message.
func setProto[M proto.Message](fields map[string]any) (M, error) {
	c := codec.Proto[M]{}
	data, err := c.SetFields(nil, fields)
	if err != nil {
		var none M
		return none, err
	}
	return c.Decode(data)
}

// Two members of a oneof in one call are an error, since one would be lost.
func TestProtoSetsOneMemberOfAOneof(t *testing.T) {
	for _, fields := range []map[string]any{
		{"phone": "1", "chat_handle": "2"},
		{"phone": "1", "chat_handle": ""},
	} {
		if m, err := setProto[*testpb.User](fields); !errors.Is(err, codec.ErrUnknownField) {
			t.Errorf("%v: %v, %v", fields, m, err)
		}
	}
	_, err := setProto[*structpb.Struct](map[string]any{
		"fields.a.number_value": 1, "fields.a.string_value": "x"})
	if !errors.Is(err, codec.ErrUnknownField) {
		t.Errorf("in a map: %v", err)
	}
	m, err := setProto[*testpb.User](map[string]any{"phone": nil, "chat_handle": "2"})
	if err != nil || m.GetChatHandle() != "2" {
		t.Errorf("%v, %v", m, err)
	}
	both := map[string]any{"fields.a.number_value": 1, "fields.b.string_value": "x"}
	if _, err := setProto[*structpb.Struct](both); err != nil {
		t.Errorf("members of two oneofs: %v", err)
	}
}

func TestProtoFindsOverlaps(t *testing.T) {
	for _, fields := range []map[string]any{
		{"address": nil, "address.city": "Rom"},
		{"address.city": "Rom", `address["city"]`: "Bern"},
		{"labels": map[string]string{}, "labels.a": "b", "labels.b": "c"},
	} {
		if m, err := setProto[*testpb.User](fields); !errors.Is(err, codec.ErrUnknownField) {
			t.Errorf("%v: %v, %v", fields, m, err)
		}
	}
}

func TestProtoRefusesNilsAndAliases(t *testing.T) {
	for _, fields := range []map[string]any{
		{"roles": []*testpb.Role{nil}}, {"roles_by_id": map[int]*testpb.Role{1: nil}},
		{"addresses": []any{(*dynamicpb.Message)(nil)}},
		{"addresses": []*testpb.Address{nil}},
	} {
		_, err := setProto[*testpb.Kinds](fields)
		if !errors.Is(err, codec.ErrFieldValue) {
			t.Errorf("%v: %v", fields, err)
		}
	}
	for _, path := range []string{`weights["1"]`, "weights.T", `roles_by_id["1e0"]`,
		`roles_by_id["01"]`, `roles_by_id["1.0"]`, `roles_by_id["-0"]`} {
		_, err := setProto[*testpb.Kinds](map[string]any{path: 1})
		if !errors.Is(err, codec.ErrUnknownField) {
			t.Errorf("%s: %v", path, err)
		}
	}
	m, err := setProto[*testpb.Kinds](map[string]any{
		"weights.true": 1, "roles_by_id.1": 2, "blobs": [][]byte{nil, {1}}})
	if err != nil || m.GetWeights()[true] != 1 || m.GetRolesById()[1] != 2 ||
		len(m.GetBlobs()) != 2 {
		t.Errorf("%v, %v", m, err)
	}
}

// A protobuf wrapper takes the same values as the scalar in it.
func TestProtoWrappersTakeWhatScalarsTake(t *testing.T) {
	for path, value := range map[string]any{
		"a_float": 16777217, "a_double": int64(1<<60 + 1), "a_string": []byte("hi"),
		"an_int64": 1.5, "a_bool": "true",
	} {
		m, err := setProto[*testpb.Wrappers](map[string]any{path: value})
		if !errors.Is(err, codec.ErrFieldValue) {
			t.Errorf("%s takes %v: %v, %v", path, value, m, err)
		}
	}
	wait := 3 * time.Second
	m, err := setProto[*testpb.Wrappers](map[string]any{
		"a_float": 16777216, "a_double": 0.1, "a_string": "hi", "some_bytes": []byte{1},
		"an_int64": json.Number("5"), "a_bool": true, "int32s": []any{1, 2.0}, "wait": &wait,
	})
	want := &testpb.Wrappers{
		AFloat: wrapperspb.Float(16777216), ADouble: wrapperspb.Double(0.1),
		AString: wrapperspb.String("hi"), SomeBytes: wrapperspb.Bytes([]byte{1}),
		AnInt64: wrapperspb.Int64(5), ABool: wrapperspb.Bool(true),
		Int32S: []*wrapperspb.Int32Value{wrapperspb.Int32(1), wrapperspb.Int32(2)},
		Wait:   durationpb.New(wait),
	}
	if err != nil || !proto.Equal(m, want) {
		t.Errorf("%v, %v", m, err)
	}
}

func TestProtoTimes(t *testing.T) {
	odd := time.FixedZone("local mean time", 5*3600+30*60+3)
	at := time.Date(1900, 1, 2, 3, 4, 5, 6, odd)
	for _, value := range []any{at, &at} {
		m, err := setProto[*testpb.User](map[string]any{"created_at": value})
		if err != nil || !m.GetCreatedAt().AsTime().Equal(at) {
			t.Errorf("%T: %v, %v", value, m, err)
		}
	}
	_, err := setProto[*testpb.User](map[string]any{"created_at": at.AddDate(20_000, 0, 0)})
	if !errors.Is(err, codec.ErrFieldValue) {
		t.Errorf("the year 21900: %v", err)
	}
}
