package codectest

import (
	"errors"
	"testing"

	"github.com/activettl/rediscache/codec"
)

// A Suite says which codec is checked and with what. Codec and Values are required; a zero field
// means what stands at it. One run takes well under a second for values of some kilobytes.
type Suite[V any] struct {
	// Codec is the codec to check. What it can do besides Encode and Decode is checked as well: the
	// methods of codec.Appender, FieldSetter, Cloner, Checker and Bound.
	Codec codec.Codec[V]

	// Values are encoded and decoded. Give the zero value, the largest, and whatever is special
	// about V.
	Values []V

	// Equal decides whether a decoded value is the one that was encoded. Nil means proto.Equal for
	// protobuf messages and reflect.DeepEqual for all others.
	Equal func(a, b V) bool

	// Doubtful are values that Encode may refuse. Those that it accepts must come back equal.
	Doubtful []V

	// Corrupt are inputs that Decode must refuse. None means that any bytes are a value.
	Corrupt [][]byte

	// SelfDelimiting says that the format shows where a value ends. Then every proper prefix of an
	// encoded value must be refused, and so must a value with a byte 0x00 behind it. It is true of
	// JSON objects and of MessagePack, and not of JSON numbers, protobuf or plain bytes.
	SelfDelimiting bool

	// Secrets are texts from Values and Corrupt that no error may contain. None means that errors
	// are not looked at.
	Secrets []string

	// Fields are paths that a codec.FieldSetter must be able to set, and values that must be found
	// there afterwards. Each path must fit at least one of Values. None means that SetFields is
	// only checked for what it must not do.
	Fields map[string]any

	// Field returns what a value holds at a path of Fields, and false if it has no such place. Nil
	// means a search by the names of Go fields and by those in their tags.
	Field func(v V, path string) (any, bool)

	// Newer are values as a newer version of V encodes them. SetFields must keep the fields that V
	// does not have.
	Newer []Newer

	// Binds says that a codec.Bound codec reads a value under the key only for which it was
	// encoded.
	Binds bool

	// MaxAlloc bounds what Decode may allocate, in bytes, besides 64 bytes for each byte of input.
	// Zero means 64 KiB. A codec that decompresses needs what it allows a value to have.
	MaxAlloc int
}

// Newer is an encoded value with a field that V does not have.
type Newer struct {
	Data  []byte
	Keeps []byte // a part of Data: that field
}

// A Fault is what a check has found.
type Fault struct {
	Check string // the name of the subtest
	Err   error
}

// Run runs each check as a subtest of t. A check that would only repeat what another one has found
// is skipped.
func (s Suite[V]) Run(t *testing.T) {
	t.Helper()
	if s.Codec == nil || len(s.Values) == 0 {
		t.Fatal("codectest: Suite.Codec and Suite.Values are required")
	}
	run(t, s.checks())
}

// Faults runs the same checks as Run and returns those that fail. It is for tests that expect some.
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

// abilities returns the checks of what the codec can do besides Encode and Decode.
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
