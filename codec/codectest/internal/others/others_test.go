package others

import (
	"encoding/gob"
	"slices"
	"strings"
	"testing"

	"github.com/activettl/rediscache/codec/codectest"
)

// A want is a check that must fail, and what it must say.
type want struct{ check, text string }

// expect checks that the suite finds exactly the wanted faults in a codec.
func expect[V any](t *testing.T, name string, c library[V], s codectest.Suite[V], wants ...want) {
	t.Run(name, func(t *testing.T) {
		s.Codec = c
		found := s.Faults()
		for _, w := range wants {
			if !slices.ContainsFunc(found, func(f codectest.Fault) bool {
				return f.Check == w.check && strings.Contains(f.Err.Error(), w.text)
			}) {
				t.Errorf("%s has not found %q", w.check, w.text)
			}
		}
		for _, f := range found {
			if !slices.ContainsFunc(wants, func(w want) bool { return f.Check == w.check }) {
				t.Errorf("also found by %s: %.500v", f.Check, f.Err)
			}
			if t.Failed() || testing.Verbose() {
				t.Logf("%s: %.1000v", f.Check, f.Err)
			}
		}
	})
}

func corruptJSON() [][]byte {
	return [][]byte{
		nil, []byte(`null`), []byte(`[]`), []byte(`{"Name":3}`), []byte(`{"Name":"` + secret),
		[]byte(`{"ID":"` + secret + `"}`), []byte(`{"Tags":"` + secret + `"}`),
		[]byte(`{"Created":"` + secret + `"}`), []byte(`{"Avatar":"` + secret + `"}`),
	}
}

func corruptCBOR() [][]byte {
	text := string(rune(0x60+len(secret))) + secret
	return [][]byte{
		nil, {0xf6}, {0x80}, []byte("\xa1\x64Name\x03"), []byte("\xa1\x64Name" + text[:5]),
		[]byte("\xa1\x62ID" + text), []byte("\xa1\x64Tags" + text),
		[]byte("\xa1\x67Created" + text),
	}
}

func suite(corrupt [][]byte) codectest.Suite[user] {
	return codectest.Suite[user]{
		Values: users(), Corrupt: corrupt, SelfDelimiting: true, Secrets: []string{secret},
	}
}

func TestUsers(t *testing.T) {
	gob.Register([]any{}) // without it, user.Settings does not encode
	const (
		roundTrip = "RoundTrip"
		corrupt   = "CorruptInput"
		quotes    = "ErrorsQuoteNothing"
	)
	var (
		trailing = want{"TruncatedInput", "value 0: a byte behind the value is ignored"}
		null     = want{corrupt, "corrupt input 1 decodes, to {ID:0 Name:"}
		time     = want{quotes, `an error of Decode quotes the value: parsing time "hunter2`}
		input    = want{quotes, `an error of Decode quotes the value: "Syntax error at index`}
	)
	ofJSON, ofCBOR := suite(corruptJSON()), suite(corruptCBOR())
	expect(t, "gob", byGob[user](), suite([][]byte{nil, []byte("garbage")}),
		want{roundTrip, "value 2: the decoded value is not the one that was encoded: Email is nil"},
		want{roundTrip, "value 3: the decoded value is not the one that was encoded: Tags is nil" +
			" and was not: empty became nil"},
		want{"LyingHeaders", "Decode trusts a length in its input:" +
			" value 0 cut at byte 0, and then a header that claims 1048576"}, // up to 10 MiB
		trailing)
	expect(t, "go-json", byGoJSON[user](), ofJSON, null, time)
	expect(t, "go-json stream", byGoJSONStream[user](), ofJSON, null, time, trailing)
	expect(t, "sonic", bySonic[user](), ofJSON, null, input)
	expect(t, "sonic decoder", bySonicDecoder[user](), ofJSON, null, input, trailing)
	expect(t, "sonic uncopied", bySonicUncopied[user](), ofJSON, null, input,
		want{"DecodeKeepsNothingOfItsInput",
			"overwriting the input changed a decoded value: Name is "})
	expect(t, "cbor", byCBOR[user](), ofCBOR, null,
		want{roundTrip, "value 1: the decoded value is not the one that was encoded:" +
			" Created lost what is below a second"},
		want{quotes, "an error of Decode quotes the value: cbor: cannot set hunter2"})
}

// JSON and CBOR libraries write a nil pointer as null.
func TestPointers(t *testing.T) {
	one := users()[0]
	s := codectest.Suite[*user]{Values: []*user{&one}}
	expect(t, "gob", byGob[*user](), s,
		want{"LyingHeaders", "Decode trusts a length in its input"},
		want{"EncodeRefusesTheUnreadable", "Encode panicked: gob: cannot encode nil pointer"})
	expect(t, "go-json", byGoJSON[*user](), s)
	expect(t, "sonic", bySonic[*user](), s)
	expect(t, "cbor", byCBOR[*user](), s)
}

func TestDocuments(t *testing.T) {
	s := codectest.Suite[any]{
		Values:  []any{"text", map[string]any{"a": 1.5, "b": []any{"x", true, nil}}},
		Corrupt: [][]byte{nil},
	}
	expect(t, "gob", byGob[any](), s,
		want{"RoundTrip", "value 0: what Encode wrote does not decode: gob: local interface type"},
		want{"LyingHeaders", "Decode trusts a length in its input"})
	expect(t, "go-json", byGoJSON[any](), s)
	expect(t, "sonic", bySonic[any](), s,
		// Each list has room for 16 elements from the start.
		want{"DeepNesting", `lists or maps in each other, 1000 times "["`})
	expect(t, "cbor", byCBOR[any](), s,
		want{"RoundTrip", "value 1: the decoded value is not the one that was encoded:" +
			" the value is map[interface {}]interface {} and was map[string]interface {}"},
		want{"EncodeRefusesTheUnreadable",
			"Encode accepts what Decode refuses, a value of type []interface {}:" +
				" cbor: exceeded max nested level 32"})
}

func TestTexts(t *testing.T) {
	s := codectest.Suite[string]{
		Values: []string{"", "text", strings.Repeat("long ", 1000)}, Doubtful: []string{"\xff"},
		Corrupt: [][]byte{nil}, SelfDelimiting: true,
	}
	// sonic on amd64 accepts a text without its closing quote after 32*n+1 bytes, and drops a byte.
	unquoted := want{"TruncatedInput", "value 2: the first 161 of 5002 bytes decode"}
	expect(t, "gob", byGob[string](), s,
		want{"LyingHeaders", "Decode trusts a length in its input"},
		want{"TruncatedInput", "value 0: a byte behind the value is ignored"})
	expect(t, "go-json", byGoJSON[string](), s,
		want{"EncodeRefusesTheUnreadable",
			"doubtful value 0: Encode accepts a value and another one comes back"})
	expect(t, "sonic", bySonic[string](), s, unquoted)
	expect(t, "sonic uncopied", bySonicUncopied[string](), s, unquoted,
		want{"DecodeKeepsNothingOfItsInput", "overwriting the input changed a decoded value"})
	expect(t, "cbor", byCBOR[string](), s,
		want{"EncodeRefusesTheUnreadable",
			"doubtful value 0: Encode accepts what Decode refuses: cbor: invalid UTF-8 string"})
}
