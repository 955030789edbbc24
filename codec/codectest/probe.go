package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"slices"
	"strings"
	"sync"

	"google.golang.org/protobuf/proto"

	"github.com/activettl/rediscache/codec"
)

// The Redis keys under which the checks encode. One is a prefix of the other.
const (
	key      = "codectest:{1}"
	otherKey = "codectest:{1}2"
)

// probe calls the codec for the checks. It turns panics into errors, and remembers an error that
// quotes a value.
type probe[V any] struct {
	suite Suite[V]

	once    sync.Once
	samples []*sample[V]
	intact  uint64 // the most that Decode allocates for one of Values, in bytes

	lies     sync.Once
	believed error // the false header that Decode trusts

	mu         sync.Mutex
	leaked     error // an error that quotes a value
	unreadable error // encoded bytes that do not decode
	hog        bool  // an input was found that makes Decode allocate too much
}

// errPanicked marks a panic, which is a fault for any input.
var errPanicked = errors.New("panicked")

func (p *probe[V]) encode(v V) ([]byte, error) { return p.encodeFor(key, v) }

func (p *probe[V]) decode(data []byte) (V, error) { return p.decodeFor(key, data) }

func (p *probe[V]) encodeFor(key string, v V) (data []byte, err error) {
	defer p.guard("Encode", &err)
	return codec.EncodeFor(p.suite.Codec, key, v)
}

func (p *probe[V]) decodeFor(key string, data []byte) (v V, err error) {
	defer p.guard("Decode", &err)
	return codec.DecodeFor(p.suite.Codec, key, data)
}

func (p *probe[V]) append(dst []byte, v V) (data []byte, err error) {
	defer p.guard("Append", &err)
	return codec.AppendFor(p.suite.Codec, key, dst, v)
}

func (p *probe[V]) setFields(data []byte, fields map[string]any) (out []byte, err error) {
	defer p.guard("SetFields", &err)
	return codec.SetFieldsFor(p.suite.Codec, key, data, fields)
}

func (p *probe[V]) guard(call string, err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("%s %w: %v\n%s", call, errPanicked, r, debug.Stack())
		return
	}
	if *err == nil {
		return
	}
	for _, secret := range slices.Concat(p.suite.Secrets, []string{canary}) {
		if strings.Contains((*err).Error(), secret) {
			p.mu.Lock()
			p.leaked = fmt.Errorf("an error of %s quotes the value: %w", call, *err)
			p.mu.Unlock()
		}
	}
}

// A sample is one of Values, with everything that the checks know about it.
type sample[V any] struct {
	value  V      // as in Suite.Values
	before V      // a copy, made before the first Encode
	data   []byte // the encoded value, or nil
	want   V      // decoded values are compared with this

	changed error // Encode changed value
	failed  error // the value did not come back
	useless bool  // comparisons make no sense; an error above says why
}

// take encodes and decodes each of Values once. It finds what a codec loses, and only RoundTrip
// reports that: all other checks compare with the value that came back.
func (p *probe[V]) take() []*sample[V] {
	p.once.Do(func() {
		for _, v := range p.suite.Values {
			p.samples = append(p.samples, p.sample(v))
		}
		for _, s := range p.samples {
			if !s.useless {
				p.intact = max(p.intact, p.allocates(s.data, 0, 3))
			}
		}
	})
	return p.samples
}

func (p *probe[V]) sample(v V) *sample[V] {
	s := &sample[V]{value: v, before: copied(v), useless: true}
	reflexive := p.equal(s.before, v)
	printed := fmt.Sprintf("%+v", v)
	data, err := p.encode(v)
	s.data = bytes.Clone(data)
	if after := fmt.Sprintf("%+v", v); after != printed {
		s.changed = fmt.Errorf("Encode changed the value:\n got %s\nwant %s", after, printed)
	} else if reflexive && !p.equal(s.before, v) {
		s.changed = p.same(s.before, v, "Encode changed the value")
	}
	if err != nil {
		s.failed = fmt.Errorf("the value does not encode: %w", err)
		s.data = nil
		return s
	}
	got, err := p.decode(bytes.Clone(s.data))
	switch {
	case err != nil:
		s.failed = fmt.Errorf("what Encode wrote does not decode: %w", err)
		return s
	case s.changed != nil:
		return s
	case !reflexive:
		s.failed = fmt.Errorf(
			"a copy of the value is not equal to it, so Suite.Equal is needed: %+v", v)
		return s
	}
	s.failed = p.same(s.before, got, "the decoded value is not the one that was encoded")
	s.want = s.before
	if s.failed != nil {
		s.want = copied(got)
	}
	s.useless = s.failed != nil && p.comesBack(s) != nil
	return s
}

// comesBack encodes a sample's value once more.
func (p *probe[V]) comesBack(s *sample[V]) error {
	data, err := p.encode(s.value)
	if err != nil {
		return fmt.Errorf("the value does not encode: %w", err)
	}
	got, err := p.decode(data)
	if err != nil {
		return fmt.Errorf("what Encode wrote does not decode: %w", err)
	}
	return p.same(s.want, got, "the decoded value is not the one that was encoded")
}

// each runs a check with every value that comes back from the codec.
func (p *probe[V]) each(check func(*sample[V]) error) func() error {
	return p.every(func(s *sample[V]) bool { return !s.useless }, check)
}

// eachInput runs a check with every value that Encode wrote.
func (p *probe[V]) eachInput(check func(*sample[V]) error) func() error {
	return p.every(func(s *sample[V]) bool { return s.data != nil }, check)
}

func (p *probe[V]) every(fit func(*sample[V]) bool, check func(*sample[V]) error) func() error {
	return func() error {
		checked := false
		for i, s := range p.take() {
			if !fit(s) {
				continue
			}
			checked = true
			if err := check(s); err != nil {
				return fmt.Errorf("value %d: %w", i, err)
			}
		}
		if !checked {
			return skipped("no value comes back from the codec")
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

func (p *probe[V]) same(want, got V, otherwise string) error {
	if p.equal(want, got) {
		return nil
	}
	if d := difference("", reflect.ValueOf(&want).Elem(), reflect.ValueOf(&got).Elem()); d != "" {
		otherwise += ": " + d
	}
	return fmt.Errorf("%s\n got %+v\nwant %+v", otherwise, got, want)
}
