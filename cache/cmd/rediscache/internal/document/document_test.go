package document

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vmihailenco/msgpack/v5"

	"github.com/activettl/rediscache/internal/frame"
)

func TestMsgpackJSON(t *testing.T) {
	tests := map[string]struct {
		value any
		want  string
	}{
		"integers": {[]any{0, -1, int8(-128), int64(math.MinInt64), uint64(math.MaxUint64), 200},
			"[0,-1,-128,-9223372036854775808,18446744073709551615,200]"},
		"floats": {[]any{float32(0.1), 0.1, 1e300, math.NaN(), math.Inf(-1)},
			`[0.1,0.1,1e+300,"NaN","-Inf"]`},
		"others": {[]any{nil, true, false, "é\n\x1b<", []byte{0, 255}},
			`[null,true,false,"é\n\u001b<","AP8="]`},
		"no text":     {"\xff", `"�"`},
		"other keys":  {map[int]bool{3: true}, `{"3":true}`},
		"no keys":     {map[string]int{}, "{}"},
		"time":        {time.Unix(1e9, 5), `"2001-09-09T01:46:40.000000005Z"`},
		"early time":  {time.Unix(-1, 0), `"1969-12-31T23:59:59Z"`},
		"list as key": {msgpack.RawMessage("\x81\x92\x01\x02\xc0"), `{"[1,2]":null}`},
		"extension":   {msgpack.RawMessage("\xd4\x05\xff"), `{"extension":5,"base64":"/w=="}`},
	}
	for name, tt := range tests {
		data, err := msgpack.Marshal(tt.value)
		if err != nil {
			t.Fatal(err)
		}
		got, err := msgpackJSON(data)
		if err != nil || string(got) != tt.want || !json.Valid(got) {
			t.Errorf("%s: %s, %v, want %s", name, got, err, tt.want)
		}
	}
	for _, bad := range []string{"", "\x81", "\xdf\xff\xff\xff\xff", "\xc1", "\x01\x01",
		strings.Repeat("\x91", 20000) + "\x01"} {
		if got, err := msgpackJSON([]byte(bad)); err == nil {
			t.Errorf("%.20q is taken for %.20s", bad, got)
		}
	}
}

func TestGuess(t *testing.T) {
	packed, _ := msgpack.Marshal(map[string]any{"a": 1})
	for text, want := range map[string]Form{
		`{"a":1}`: JSON, "5": JSON, " null ": JSON, "hello": Text, "": Text, "a\r\n\tb": Text,
		string(packed): MsgPack, "\x90": MsgPack, "\xc1": Bytes, "\x1b": MsgPack, "\x00\x01": Bytes,
		"\xff\xff": Bytes,
	} {
		if got := Guess([]byte(text)); got != want {
			t.Errorf("%q looks like %s, want %s", text, got, want)
		}
	}
}

func readKeys(t testing.TB, text string) *Keys {
	t.Helper()
	keys, err := ReadKeys(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

var twoKeys = "1 aes-gcm " + strings.Repeat("ab", 16) + "\n300\taes-gcm " + strings.Repeat("cd", 32)

func TestReadKeys(t *testing.T) {
	readKeys(t, twoKeys)
	secret := strings.Repeat("ab", 16)
	for _, bad := range []string{"", "\n# nothing", "x aes-gcm " + secret, "1 aes-gcm " + secret +
		"a",
		"1 des " + secret, "1 aes-gcm " + secret + "ab", "4294967296 aes-gcm " + secret,
		"1 aes-gcm " + secret + "\n1 aes-gcm " + secret, "1 aes-gcm", "1  aes-gcm " + secret +
			" x"} {
		if _, err := ReadKeys(strings.NewReader(bad)); err == nil ||
			strings.Contains(err.Error(), secret) {
			t.Errorf("%q: %v", bad, err)
		}
	}
}

// Open takes off the layers that Close puts around a value.
func TestLayers(t *testing.T) {
	keys := readKeys(t, twoKeys)
	plain := []byte(strings.Repeat("a value ", 1000))
	all := Layers{{frame.Sealed, 300}, {frame.Version, 1 << 40}, {kind: frame.Zstd}}
	for _, layers := range []Layers{nil, all[:1], all[1:2], all[2:], all, {{frame.Sealed, 1}},
		{{kind: frame.S2}}, {{kind: frame.Raw}}, {{kind: frame.S2}, {frame.Version, 0}}} {
		data, err := Close("users:k", plain, layers, keys)
		if err != nil {
			t.Fatal(err)
		}
		got, found, err := Open("users:k", data, keys)
		if err != nil || string(got) != string(plain) || !reflect.DeepEqual(found, layers) {
			t.Errorf("%v: %d bytes, %v, %v", layers, len(got), found, err)
		}
	}
	sealed, _ := Close("users:k", plain, all, keys)
	if _, layers, err := Open("users:k", sealed, nil); !errors.Is(err, ErrSealed) ||
		layers.String() != "sealed with key 300" {
		t.Errorf("without keys: %v, %v", layers, err)
	}
	if _, _, err := Open("users:other", sealed, keys); err == nil {
		t.Error("it is read under another key")
	}
	if _, err := Close("users:k", plain, Layers{{frame.Sealed, 2}}, keys); !errors.Is(err,
		ErrSealed) {
		t.Errorf("sealed with a key that is not there: %v", err)
	}
	for _, nothing := range []string{"", "x", "\xc1", "\xc1\x99x", "\xc1\xc1"} {
		if got, layers, err := Open("k", []byte(nothing), nil); string(got) != nothing ||
			err != nil ||
			len(layers) > 0 {
			t.Errorf("%q: %q, %v, %v", nothing, got, layers, err)
		}
	}
}

// A hostile value never causes a panic, and Show returns valid JSON.
func FuzzOpen(f *testing.F) {
	keys := readKeys(f, twoKeys)
	for _, layers := range []Layers{{{frame.Sealed, 1}}, {{frame.Version, 5}, {kind: frame.S2}},
		{{kind: frame.Zstd}}, {{kind: frame.Raw}}} {
		data, _ := Close("k", []byte(`{"a":1}`), layers, keys)
		f.Add(data)
	}
	deep, _ := hex.DecodeString(strings.Repeat("c120", 9))
	f.Add(deep)
	f.Add([]byte("\x82\xa1a\x01\xd6\xff\x00\x00\x00\x00\xc0"))
	f.Fuzz(func(t *testing.T, data []byte) {
		plain, _, err := Open("k", data, keys)
		if err != nil {
			return
		}
		if shown, err := Show(plain, Guess(plain), nil); err != nil || shown != nil &&
			!json.Valid(shown) {
			t.Errorf("%q: %q, %v", plain, shown, err)
		}
		_, _ = SetFields(plain, map[string]any{"a": int64(1)}, false)
	})
}

func TestSetFieldsMsgPack(t *testing.T) {
	data, _ := msgpack.Marshal(map[string]any{"n": 1, "s": "x", "l": []any{1}})
	fields, err := ParseFields([]string{"n=300", "s=y", "l[0]=2.5"})
	if err != nil {
		t.Fatal(err)
	}
	changed, err := SetFields(data, fields, false)
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		N int16     `msgpack:"n"`
		S string    `msgpack:"s"`
		L []float64 `msgpack:"l"`
	}
	if err := msgpack.Unmarshal(changed, &got); err != nil || got.N != 300 || got.S != "y" ||
		got.L[0] != 2.5 {
		t.Errorf("%+v, %v", got, err)
	}
	if _, err := SetFields(data, map[string]any{"n": "secret"}, false); err == nil ||
		strings.Contains(err.Error(), "secret") {
		t.Errorf("a text for a number: %v", err)
	}
}

// A value may only be replaced by one that the same programs can read.
func TestKindred(t *testing.T) {
	const object, scalar, text, packed, binary = `{"a":1}`, "5", "plain", "\x81\xa1a\x01",
		"\x08\x07\x12\x03Ann"
	all := []string{object, scalar, text, packed, binary}
	for _, tt := range []struct {
		old   string
		takes []string
	}{
		{object, []string{object}}, {scalar, []string{object, scalar}}, {text, all},
		{packed, []string{packed}}, {binary, []string{binary}},
	} {
		for _, value := range all {
			err := Kindred([]byte(tt.old), []byte(value))
			if (err == nil) != slices.Contains(tt.takes, value) {
				t.Errorf("%q in place of %q: %v", value, tt.old, err)
			}
		}
	}
}
