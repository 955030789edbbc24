package codec_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"testing"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/activettl/rediscache/codec"
)

// Documents of other programs: keys in other forms, duplicate members, names in other cases.
func TestSetFieldsOfForeignDocuments(t *testing.T) {
	type folded struct {
		Lower int `json:"ab"`
		Upper int `json:"AB"`
	}
	type maps struct {
		ByID map[int]address `json:"by_id"`
		Pin  *address        `json:"pin"`
		Home address         `json:"home"`
	}
	for _, test := range []struct {
		c         codec.FieldSetter
		doc, path string
		value     any
		want      string
	}{
		{codec.JSON[folded]{}, `{"Ab":7}`, "AB", 1, `{"Ab":7,"AB":1}`},
		{codec.JSON[folded]{}, `{"Ab":7}`, "ab", 1, `{"ab":1}`},
		{codec.JSON[maps]{}, `{"by_id":{"01":{"zip":7}}}`, "by_id.1.city", "Rom",
			`{"by_id":{"1":{"zip":7,"city":"Rom"}}}`},
		{codec.JSON[maps]{}, `{"by_id":{"1":{"zip":7}}}`, `by_id["01"].city`, "Rom",
			`{"by_id":{"1":{"zip":7,"city":"Rom"}}}`},
		// A null resets a pointer, and does not change a struct.
		{codec.JSON[maps]{}, `{"pin":{"zip":7},"pin":null}`, "pin.city", "Rom",
			`{"pin":{"city":"Rom"}}`},
		{codec.JSON[maps]{}, `{"home":{"zip":7},"home":null}`, "home.city", "Rom",
			`{"home":{"zip":7},"home":{"city":"Rom"}}`},
		{codec.JSON[map[string]any]{UseNumber: true}, `{"a":1}`, "a",
			json.Number("1152921504606846977"), `{"a":1152921504606846977}`},
		{codec.JSON[map[string]any]{UseNumber: true}, `{"a":1}`, "a", int64(1152921504606846977),
			`{"a":1152921504606846977}`},
	} {
		got, err := test.c.SetFields([]byte(test.doc), map[string]any{test.path: test.value})
		if err != nil || string(got) != test.want {
			t.Errorf("%s of %s: %s, %v\nwant %s", test.path, test.doc, got, err, test.want)
		}
	}
	// Other programs may write the integer 1 in nine bytes.
	key := "\xd3\x00\x00\x00\x00\x00\x00\x00\x01"
	data := []byte("\x81\xa5by_id\x81" + key + "\x81\xa3zip\x07")
	c := codec.MsgPack[maps]{JSONTags: true}
	data, err := c.SetFields(data, map[string]any{"by_id.1.city": "Rom"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[int]address{1: {"Rom", 7}}
	if got, err := c.Decode(data); err != nil || !reflect.DeepEqual(got.ByID, want) {
		t.Errorf("%+v, %v", got, err)
	}
}

// Two paths to the same field overlap, also if they name it differently.
func TestSetFieldsFindsOverlaps(t *testing.T) {
	type aliased struct {
		A     int         `msgpack:"new,alias:old"`
		ByID  map[int]int `msgpack:"by_id"`
		Inner *aliased    `msgpack:"inner"`
	}
	for _, fields := range []map[string]any{
		{"new": 1, "old": 2},
		{"by_id.1": 1, `by_id["01"]`: 2},
		{"inner": nil, "inner.new": 1},
		{"inner.inner.new": 1, "inner.inner.old": 1},
		{"new": 1, `["new"]`: 2},
	} {
		_, err := codec.MsgPack[aliased]{}.SetFields([]byte{0x80}, fields)
		if !errors.Is(err, codec.ErrUnknownField) {
			t.Errorf("%v: %v", fields, err)
		}
	}
}

// counts double from one to the next, and so must the work.
var counts = []int{500, 1000, 2000}

// The cost per key is the same for many keys and for few.
func TestManyFieldsAtOnce(t *testing.T) {
	docs := map[int]map[string]int{}
	paths := map[int]map[string]any{}
	for _, n := range counts {
		docs[n], paths[n] = map[string]int{}, map[string]any{}
		for i := range n {
			docs[n][fmt.Sprint("k", i)] = i
			paths[n][fmt.Sprint("k", i)] = -i
		}
	}
	check := func(t *testing.T, c codec.FieldSetter, encode func(any) ([]byte, error)) {
		var spent []float64
		for _, n := range counts {
			data, err := encode(docs[n])
			if err != nil {
				t.Fatal(err)
			}
			spent = append(spent, testing.AllocsPerRun(1, func() {
				if _, err := c.SetFields(data, paths[n]); err != nil {
					t.Error(err)
				}
			}))
		}
		if spent[2] > 5*spent[0] {
			t.Errorf("%v keys take %v allocations", counts, spent)
		}
	}
	t.Run("JSON", func(t *testing.T) { check(t, codec.JSON[map[string]int]{}, json.Marshal) })
	t.Run("MsgPack", func(t *testing.T) {
		check(t, codec.MsgPack[map[string]int]{}, msgpack.Marshal)
	})
}

// five has an IsZero that returns true for 5.
type five int

func (f five) IsZero() bool { return f == 5 }

// A value that the field's tag would omit does not fit.
func TestOmittedValuesDoNotFit(t *testing.T) {
	type holder struct {
		A five `json:"a,omitzero"`
	}
	c := codec.JSON[holder]{}
	if got, err := c.SetFields([]byte(`{"a":1}`), map[string]any{"a": 5}); err == nil {
		t.Errorf("5 is lost: %s", got)
	}
	got, err := c.SetFields([]byte(`{"a":1}`), map[string]any{"a": 0})
	if err != nil || string(got) != `{"a":0}` {
		t.Errorf("%s, %v", got, err)
	}
}

// The errors of Strict say what is wrong and where, and do not quote the value.
func TestStrictErrors(t *testing.T) {
	c := codec.JSON[address]{Strict: true}
	for data, want := range map[string]string{
		`{"city":"Rom","zap":7}`: "json: a key that Go type codec_test.address has no field for, " +
			"before offset 22",
		`{"city":"Rom"} 1`: "json: more data behind the value at offset 16",
	} {
		if _, err := c.Decode([]byte(data)); err == nil || err.Error() != want {
			t.Errorf("%s: %v\nwant %s", data, err, want)
		}
	}
}
