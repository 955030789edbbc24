package codectest

import (
	"errors"
	"testing"

	"github.com/activettl/rediscache/codec"
)

// A Suite says which codec to check and with which values. Codec and Values are required; other
// fields may be zero. One run takes well under a second for values of some kilobytes.
type Suite[V any] struct {
	// Codec is the codec to check. Its other methods are checked too: those of codec.Appender,
	// FieldSetter, Cloner, Checker and Bound.
	Codec codec.Codec[V]

	// Values are encoded and decoded. Give the zero value, the largest one, and the special cases
	// of V.
	Values []V

	// Equal compares a decoded value with the one that was encoded. Nil means proto.Equal for
	// protobuf messages, and reflect.DeepEqual for all others.
	Equal func(a, b V) bool

	// Doubtful are values for which Encode may return an error. Those that it accepts must come
	// back equal.
	Doubtful []V

	// Corrupt are inputs for which Decode must return an error. Leave it empty if any bytes are a
	// value.
	Corrupt [][]byte

	// SelfDelimiting says that the format shows where a value ends. Then Decode must return an
	// error for every proper prefix of an encoded value, and for a value with a byte 0x00 behind
	// it. Set it for JSON objects and MessagePack, and not for JSON numbers, protobuf or plain
	// bytes.
	SelfDelimiting bool

	// Secrets are texts from Values and Corrupt that no error may contain. If there are none, the
	// suite only looks for a text that it puts into Fields itself.
	Secrets []string

	// Fields are paths that a codec.FieldSetter must be able to set, with values that must be there
	// afterwards. Each path must fit at least one of Values. If there are none, the suite only
	// checks what SetFields must not do.
	Fields map[string]any

	// Field returns the value at a path of Fields, and false if there is no such place. Nil means a
	// search for the names of Go fields and for those in their tags.
	Field func(v V, path string) (any, bool)

	// Newer are values as a newer version of V encodes them. SetFields must keep the fields that V
	// does not have.
	Newer []Newer

	// Binds says that a codec.Bound reads a value only under the key for which it was encoded.
	Binds bool

	// MaxAlloc is how many bytes Decode may allocate, besides 64 bytes for each byte of input. Zero
	// means 64 KiB. For a codec that decompresses, give the largest value that it allows.
	MaxAlloc int
}

// Newer is an encoded value with a field that V does not have.
type Newer struct {
	Data  []byte // the encoded value
	Keeps []byte // the part of Data that holds this field
}

// A Fault is what a failed check found.
type Fault struct {
	Check string // the name of the subtest
	Err   error  // what the check found
}

// Run runs each check as a subtest of t. It skips a check that would only repeat what another one
// found. A codec that panics fails its check.
func (s Suite[V]) Run(t *testing.T) {
	t.Helper()
	if s.Codec == nil || len(s.Values) == 0 {
		t.Fatal("codectest: Suite.Codec and Suite.Values are required")
	}
	run(t, s.checks())
}

// Faults runs the same checks as Run and returns those that fail. It is for tests that expect
// faults.
func (s Suite[V]) Faults() []Fault { return faults(s.checks()) }

// A check returns an error instead of failing a test itself, so that the tests of this package can
// see it fail. The error is of type skipped if there is nothing to check.
type check struct {
	name string
	run  func() error
}

type skipped string

func (s skipped) Error() string { return string(s) }

func run(t *testing.T, checks []check) {
	for _, c := range checks {
		t.Run(c.name, func(t *testing.T) {
			err := c.run()
			if why := skipped(""); errors.As(err, &why) {
				t.Skip(why)
			}
			if err != nil {
				t.Error(err)
			}
		})
	}
}

func faults(checks []check) []Fault {
	var found []Fault
	for _, c := range checks {
		err := c.run()
		if why := skipped(""); err != nil && !errors.As(err, &why) {
			found = append(found, Fault{c.name, err})
		}
	}
	return found
}

func (s Suite[V]) checks() []check {
	p := &probe[V]{suite: s}
	checks := []check{
		{"EncodeLeavesTheValueAlone", p.encodeLeavesValue},
		{"RoundTrip", p.roundTrips},
		{"EncodedBytesBelongToTheCaller", p.each(p.encodedIsOwned)},
		{"DecodeLeavesItsInputAlone", p.each(p.decodeLeavesInput)},
		{"DecodeKeepsNothingOfItsInput", p.each(p.decodeKeepsNothing)},
		{"ManyGoroutines", p.manyGoroutines},
	}
	checks = append(checks, p.abilities()...)
	return append(checks,
		check{"CorruptInput", p.corrupt},
		check{"LyingHeaders", p.lyingHeaders},
		check{"DeepNesting", p.deepNesting},
		check{"TruncatedInput", p.eachInput(p.truncated)},
		check{"FlippedBits", p.eachInput(p.flippedBits)},
		check{"RandomInput", p.random},
		check{"EncodeRefusesTheUnreadable", p.unreadableRefused},
		check{"ErrorsQuoteNothing", p.quotedNothing},
	)
}

// abilities returns the checks of the methods besides Encode and Decode.
func (p *probe[V]) abilities() []check {
	c := p.suite.Codec
	var checks []check
	if p.appends() {
		checks = append(checks, check{"Append", p.each(p.appendKeeps)})
	}
	if p.setsFields() {
		checks = append(checks,
			check{"SetFields", p.fieldsAreSet},
			check{"SetFieldsRefuses", p.each(p.fieldsAreRefused)},
			check{"SetFieldsKeepsNewerFields", p.newerFieldsStay})
	}
	if _, ok := codec.ClonerOf(c); ok {
		checks = append(checks, check{"ClonesShareNothing", p.each(p.clonesShareNothing)})
	}
	if _, ok := c.(codec.Bound[V]); ok {
		checks = append(checks, check{"ValuesStayUnderTheirKey", p.each(p.staysUnderKey)})
	}
	return append(checks, check{"CheckAcceptsTheType", p.typeAccepted})
}
