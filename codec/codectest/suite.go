package codectest

import (
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"strings"
	"sync"
	"testing"

	"google.golang.org/protobuf/proto"

	"github.com/activettl/rediscache/codec"
)

// A Suite says which codec is checked and with what. Codec and Values are required; a zero field
// means what stands at it. One run takes well under a second for values of some kilobytes.
type Suite[V any] struct {
	// Codec is the codec to check.
	Codec codec.Codec[V]

	// Values are encoded and decoded. Give the zero value, the largest, and whatever is special
	// about V.
	Values []V

	// Equal decides whether a decoded value is the one that was encoded. Nil means proto.Equal for
	// protobuf messages and reflect.DeepEqual for all others.
	Equal func(a, b V) bool

	// Corrupt are inputs that Decode must refuse. None means that any bytes are a value.
	Corrupt [][]byte

	// SelfDelimiting says that the format shows where a value ends. Then every proper prefix of an
	// encoded value must be refused, and so must a value with a byte 0x00 behind it. It is true of
	// JSON objects and of MessagePack, and not of JSON numbers, protobuf or plain bytes.
	SelfDelimiting bool

	// Secrets are texts from Values and Corrupt that no error may contain. None means that errors
	// are not looked at.
	Secrets []string
}

// Run runs each check as a subtest of t.
func (s Suite[V]) Run(t *testing.T) {
	t.Helper()
	if s.Codec == nil || len(s.Values) == 0 {
		t.Fatal("codectest: Suite.Codec and Suite.Values are required")
	}
	for _, c := range s.checks() {
		t.Run(c.name, func(t *testing.T) {
			if err := c.run(); err != nil {
				t.Error(err)
			}
		})
	}
}

// A check returns an error instead of failing a test itself, so that the tests of this package can
// see it fail.
type check struct {
	name string
	run  func() error
}

func (s Suite[V]) checks() []check {
	p := &probe[V]{suite: s}
	return []check{
		{"EncodeLeavesTheValueAlone", p.encodeLeavesValue},
		{"RoundTrip", p.each(p.roundTrip)},
		{"EncodedBytesBelongToTheCaller", p.each(p.encodedIsOwned)},
		{"DecodeLeavesItsInputAlone", p.each(p.decodeLeavesInput)},
		{"DecodeKeepsNothingOfItsInput", p.each(p.decodeKeepsNothing)},
		{"ClonesShareNothing", p.each(p.clonesShareNothing)},
		{"ManyGoroutines", p.manyGoroutines},
		{"CorruptInput", p.corrupt},
		{"TruncatedInput", p.each(p.truncated)},
		{"FlippedBits", p.each(p.flippedBits)},
		{"RandomInput", p.random},
		{"ErrorsQuoteNothing", p.quotedNothing},
	}
}

// probe calls the codec for the checks: it turns panics into errors and remembers what the codec's
// errors gave away.
type probe[V any] struct {
	suite Suite[V]

	mu     sync.Mutex
	leaked error
}

// errPanicked marks a failure of the codec that is wrong on any input.
var errPanicked = errors.New("panicked")

func (p *probe[V]) encode(v V) (data []byte, err error) {
	defer p.guard("Encode", &err)
	return p.suite.Codec.Encode(v)
}

func (p *probe[V]) decode(data []byte) (v V, err error) {
	defer p.guard("Decode", &err)
	return p.suite.Codec.Decode(data)
}

func (p *probe[V]) guard(call string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s %w: %v\n%s", call, errPanicked, r, debug.Stack())
		return
	}
	if *err == nil {
		return
	}
	for _, secret := range p.suite.Secrets {
		if strings.Contains((*err).Error(), secret) {
			p.mu.Lock()
			p.leaked = fmt.Errorf("an error of %s quotes the value: %w", call, *err)
			p.mu.Unlock()
		}
	}
}

// each runs a check with every value and its encoded form.
func (p *probe[V]) each(check func(v V, data []byte) error) func() error {
	return func() error {
		for i, v := range p.suite.Values {
			data, err := p.encode(v)
			if err == nil {
				err = check(v, data)
			}
			if err != nil {
				return fmt.Errorf("value %d: %w", i, err)
			}
		}
		return nil
	}
}

func (p *probe[V]) equal(a, b V) bool {
	if p.suite.Equal != nil {
		return p.suite.Equal(a, b)
	}
	if a, ok := any(a).(proto.Message); ok {
		b, ok := any(b).(proto.Message)
		return ok && proto.Equal(a, b)
	}
	return reflect.DeepEqual(a, b)
}
