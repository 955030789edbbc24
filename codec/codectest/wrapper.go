package codectest

import (
	"bytes"
	"errors"
	"fmt"
	"testing"

	"github.com/activettl/rediscache/codec"
)

// A Wrapper checks a codec that wraps another one, for example to compress or encrypt. It brings
// four inner codecs: with and without all abilities, and with and without a need for a key. With
// each it runs a [Suite], and checks that the wrapper keeps what the inner codec can do.
//
//	codectest.Wrapper[User]{
//		Wrap:  func(inner codec.Codec[User]) codec.Codec[User] { return MyWrapper(inner) },
//		Suite: codectest.Suite[User]{Values: []User{ann, bob}},
//	}.Run(t)
type Wrapper[V any] struct {
	// Wrap returns the codec to check, around inner.
	Wrap func(inner codec.Codec[V]) codec.Codec[V]

	// Suite holds at least two Values that are not equal. The inner codecs write some of them in a
	// few bytes, and some in 4 KiB of text. Of the other fields, the Wrapper uses Equal, Corrupt,
	// Secrets, Binds and MaxAlloc. Leave the rest empty.
	Suite Suite[V]
}

// Run runs each check as a subtest of t, below one subtest for each inner codec.
func (w Wrapper[V]) Run(t *testing.T) {
	t.Helper()
	if w.Wrap == nil || len(w.Suite.Values) < 2 {
		t.Fatal("codectest: Wrapper.Wrap and two of Wrapper.Suite.Values are required")
	}
	for _, inner := range w.inners() {
		t.Run(inner.name, func(t *testing.T) { run(t, w.checks(inner)) })
	}
}

// Faults runs the same checks as Run and returns those that fail.
func (w Wrapper[V]) Faults() []Fault {
	var found []Fault
	for _, inner := range w.inners() {
		for _, f := range faults(w.checks(inner)) {
			found = append(found, Fault{inner.name + "/" + f.Check, f.Err})
		}
	}
	return found
}

// An inner is a codec to wrap.
type inner[V any] struct {
	name  string
	codec codec.Codec[V]
	*store[V]
	able  bool // it appends, sets fields, clones and checks
	bound bool // it needs a key
}

func (w Wrapper[V]) inners() []inner[V] {
	p := &probe[V]{suite: w.Suite}
	next := func() *store[V] { return newStore(w.Suite.Values, p.equal) }
	plainly, ably, unably, bound := next(), next(), next(), next()
	return []inner[V]{
		{"AroundPlain", plain[V]{plainly}, plainly, false, false},
		{"AroundAble", able[V]{plain[V]{ably}}, ably, true, false},
		{"AroundBound", keyed[V]{unably}, unably, false, true},
		{"AroundAbleBound", ableKeyed[V]{keyed[V]{bound}}, bound, true, true},
	}
}

func (w Wrapper[V]) checks(in inner[V]) []check {
	outer := w.Wrap(in.codec)
	s := w.Suite
	s.Codec = outer
	s.Fields, s.Field, s.Doubtful = nil, nil, nil
	s.SelfDelimiting = true // the inner codec decodes only what it wrote
	s.Corrupt = append([][]byte{nil, []byte("garbage")}, s.Corrupt...)
	s.Secrets = append([]string{storeMark}, s.Secrets...)
	f := forwarding[V]{in, outer, &probe[V]{suite: s}}
	return append(s.checks(),
		check{"ForwardsValues", f.values},
		check{"ForwardsErrors", f.errors},
		check{"ForwardsAppend", f.appends},
		check{"ForwardsSetFields", f.fields},
		check{"ForwardsClone", f.clones},
		check{"ForwardsCheck", f.check},
		check{"ForwardsUnwrap", f.unwraps},
	)
}

// forwarding checks that a wrapper keeps what the inner codec can do.
type forwarding[V any] struct {
	inner inner[V]
	outer codec.Codec[V]
	probe *probe[V]
}

func (f forwarding[V]) values() error {
	f.inner.reset()
	v := f.inner.list[1]
	data, err := f.probe.encode(v)
	if err != nil {
		return err
	}
	got, err := f.probe.decode(data)
	if err != nil {
		return err
	}
	if seen := f.inner.key(); f.inner.bound && seen != key {
		return fmt.Errorf("the inner codec was given the key %q, want %q", seen, key)
	}
	return f.probe.same(v, got, "another value comes back")
}

// errors makes the inner codec fail.
func (f forwarding[V]) errors() error {
	data, err := f.probe.encode(f.inner.list[0])
	if err != nil {
		return err
	}
	f.inner.fail(errStore)
	defer f.inner.fail(nil)
	if _, err := f.probe.encode(f.inner.list[0]); !errors.Is(err, errStore) {
		return fmt.Errorf("Encode returns %v, which does not wrap the inner codec's error", err)
	}
	if _, err := f.probe.decode(data); !errors.Is(err, errStore) {
		return fmt.Errorf("Decode returns %v, which does not wrap the inner codec's error", err)
	}
	return nil
}

func (f forwarding[V]) appends() error {
	if !f.inner.able {
		return skipped("the inner codec cannot append")
	}
	if !f.probe.appends() {
		return errors.New("the inner codec can append, the wrapper cannot:" +
			" give it Append or AppendFor")
	}
	f.inner.reset()
	if _, err := f.probe.append(nil, f.inner.list[1]); err != nil {
		return err
	}
	if f.inner.count("append") == 0 {
		return errors.New("the wrapper does not use the inner codec's Append: call codec.AppendFor")
	}
	return nil
}

func (f forwarding[V]) fields() error {
	data, err := f.probe.encode(f.inner.list[0])
	if err != nil {
		return err
	}
	kept := bytes.Clone(data)
	set := func(path string, value any) ([]byte, error) {
		return f.probe.setFields(data, map[string]any{path: value})
	}
	out, err := set(storeField, 1)
	if !f.inner.able {
		if !errors.Is(err, errors.ErrUnsupported) {
			return fmt.Errorf("SetFields returns %v though the inner codec has no fields:"+
				" want what codec.SetFieldsFor returns", err)
		}
		return nil
	}
	if err != nil {
		return fmt.Errorf("the inner codec sets fields, the wrapper does not: %w", err)
	}
	got, err := f.probe.decode(out)
	if err != nil {
		return fmt.Errorf("what SetFields returns does not decode: %w", err)
	}
	if err := f.probe.same(f.inner.list[1], got, "the field was not set"); err != nil {
		return err
	}
	if !bytes.Equal(data, kept) {
		return errors.New("SetFields modified its input")
	}
	if _, err := set("unknown", 1); !errors.Is(err, codec.ErrUnknownField) {
		return fmt.Errorf("SetFields returns %v, and the inner codec ErrUnknownField", err)
	}
	if _, err := set(storeField, "x"); !errors.Is(err, codec.ErrFieldValue) {
		return fmt.Errorf("SetFields returns %v, and the inner codec ErrFieldValue", err)
	}
	return nil
}

func (f forwarding[V]) clones() error {
	if !f.inner.able {
		return skipped("the inner codec cannot clone")
	}
	cloner, ok := codec.ClonerOf(f.outer)
	if !ok {
		return errors.New("the inner codec's Clone is hidden: give the wrapper a method Unwrap")
	}
	f.inner.reset()
	if cloner.Clone(f.inner.list[1]); f.inner.count("clone") == 0 {
		return errors.New("the inner codec's Clone is not used")
	}
	return nil
}

func (f forwarding[V]) check() error {
	if !f.inner.able {
		return skipped("the inner codec cannot check")
	}
	f.inner.fail(errStore)
	defer f.inner.fail(nil)
	if err := codec.Check(f.outer); !errors.Is(err, errStore) {
		return fmt.Errorf("codec.Check returns %v, which does not wrap the inner codec's error",
			err)
	}
	return nil
}

func (f forwarding[V]) unwraps() error {
	for c := f.outer; c != f.inner.codec; {
		u, ok := c.(codec.Unwrapper[V])
		if !ok {
			return fmt.Errorf("%T has no method Unwrap that leads to the inner codec", c)
		}
		c = u.Unwrap()
	}
	return nil
}
