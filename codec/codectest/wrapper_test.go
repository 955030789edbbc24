package codectest

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/activettl/rediscache/codec"
)

// flip is a correct codec.Transform: it adds a byte and inverts every bit.
type flip struct{}

func (flip) Apply(dst, data []byte, _ string) ([]byte, error) {
	dst = append(dst, 0xc1)
	for _, b := range data {
		dst = append(dst, ^b)
	}
	return dst, nil
}

func (flip) Undo(dst, data []byte, _ string) ([]byte, error) {
	body, ok := bytes.CutPrefix(data, []byte{0xc1})
	if !ok {
		return dst, errors.New("not flipped")
	}
	for _, b := range body {
		dst = append(dst, ^b)
	}
	return dst, nil
}

func wrapperOf(wrap func(codec.Codec[string]) codec.Codec[string]) Wrapper[string] {
	return Wrapper[string]{
		Wrap:  wrap,
		Suite: Suite[string]{Values: []string{"ann", "bob", ""}},
	}
}

func TestSoundWrapperPasses(t *testing.T) {
	wrapperOf(func(inner codec.Codec[string]) codec.Codec[string] {
		return codec.Wrap(inner, flip{})
	}).Run(t)
	wrapperOf(func(inner codec.Codec[string]) codec.Codec[string] { return inner }).Run(t)
}

// sound has all methods of a correct wrapper. Each faulty wrapper below has a part of them.
type sound interface {
	codec.Codec[string]
	codec.Bound[string]
	codec.Appender[string]
	codec.FieldSetter
	codec.Unwrapper[string]
	AppendFor(key string, dst []byte, v string) ([]byte, error)
	SetFieldsFor(key string, data []byte, fields map[string]any) ([]byte, error)
}

type embedding struct{ codec.Codec[string] }

func embed(inner codec.Codec[string]) codec.Codec[string] { return embedding{inner} }

func setNothing(_ string, data []byte, _ map[string]any) ([]byte, error) { return data, nil }

type onlyCodec struct {
	codec.Codec[string]
	inner codec.Codec[string]
}

func (o onlyCodec) Unwrap() codec.Codec[string] { return o.inner }

type noAppend struct {
	onlyCodec
	codec.Bound[string]
}

// A broken wrapper changes what one method does.
type broken struct {
	sound
	inner       codec.Codec[string]
	appendFor   func(key string, dst []byte, v string) ([]byte, error)
	setFor      func(key string, data []byte, fields map[string]any) ([]byte, error)
	decodeFor   func(key string, data []byte) (string, error)
	encodeFor   func(key string, v string) ([]byte, error)
	unwrapsSelf codec.Codec[string]
}

func (b broken) AppendFor(key string, dst []byte, v string) ([]byte, error) {
	if b.appendFor != nil {
		return b.appendFor(key, dst, v)
	}
	return b.sound.AppendFor(key, dst, v)
}

func (b broken) SetFieldsFor(key string, data []byte, f map[string]any) ([]byte, error) {
	if b.setFor != nil {
		return b.setFor(key, data, f)
	}
	return b.sound.SetFieldsFor(key, data, f)
}

func (b broken) EncodeFor(key string, v string) ([]byte, error) {
	if b.encodeFor != nil {
		return b.encodeFor(key, v)
	}
	return b.sound.EncodeFor(key, v)
}

func (b broken) DecodeFor(key string, data []byte) (string, error) {
	if b.decodeFor != nil {
		return b.decodeFor(key, data)
	}
	return b.sound.DecodeFor(key, data)
}

func (b broken) Unwrap() codec.Codec[string] {
	if b.unwrapsSelf != nil {
		return b.unwrapsSelf
	}
	return b.sound.Unwrap()
}

func TestWrappersThatHideAreFound(t *testing.T) {
	type wrap = func(codec.Codec[string]) codec.Codec[string]
	with := func(change func(b *broken)) wrap {
		return func(inner codec.Codec[string]) codec.Codec[string] {
			b := broken{sound: codec.Wrap(inner, flip{}).(sound), inner: inner}
			change(&b)
			return b
		}
	}
	for _, test := range []struct {
		name  string
		wrap  wrap
		check string
		want  string
	}{
		{"embeds the interface", embed,
			"AroundAble/ForwardsAppend", "give it Append or AppendFor"},
		{"hides fields", embed,
			"AroundAble/ForwardsSetFields", "the inner codec sets fields, the wrapper does not"},
		{"hides clones", embed,
			"AroundAbleBound/ForwardsClone", "Clone is hidden"},
		{"hides the check", embed,
			"AroundAble/ForwardsCheck", "codec.Check returns <nil>"},
		{"hides the inner codec", embed,
			"AroundPlain/ForwardsUnwrap", "has no method Unwrap"},
		{"knows no key", func(c codec.Codec[string]) codec.Codec[string] { return onlyCodec{c, c} },
			"AroundBound/RoundTrip", "this codec needs a key"},
		{"knows keys and cannot append", func(c codec.Codec[string]) codec.Codec[string] {
			return noAppend{onlyCodec{c, c}, codec.Wrap(c, flip{}).(sound)}
		}, "AroundAbleBound/ForwardsAppend", "give it Append or AppendFor"},
		{"appends by Encode", with(func(b *broken) {
			b.appendFor = func(key string, dst []byte, v string) ([]byte, error) {
				data, err := b.EncodeFor(key, v)
				return append(dst, data...), err
			}
		}), "", ""}, // Wrap's own EncodeFor appends, so nothing is lost
		{"appends without the inner Append", with(func(b *broken) {
			inner := b.inner
			b.appendFor = func(key string, dst []byte, v string) ([]byte, error) {
				data, err := codec.EncodeFor(inner, key, v)
				if err != nil {
					return dst, err
				}
				return flip{}.Apply(dst, data, key)
			}
		}), "AroundAble/ForwardsAppend", "call codec.AppendFor"},
		{"sets no fields", with(func(b *broken) {
			b.setFor = setNothing
		}), "AroundAble/ForwardsSetFields", "the field was not set"},
		{"invents fields", with(func(b *broken) {
			b.setFor = setNothing
		}), "AroundPlain/ForwardsSetFields", "though the inner codec has no fields"},
		{"hides why", with(func(b *broken) {
			set := b.sound.SetFieldsFor
			b.setFor = func(key string, data []byte, f map[string]any) ([]byte, error) {
				out, err := set(key, data, f)
				if errors.Is(err, codec.ErrFieldValue) {
					err = errTest
				}
				return out, err
			}
		}), "AroundAble/ForwardsSetFields", "returns not today, and the inner codec ErrFieldValue"},
		{"another key", with(func(b *broken) {
			enc, dec := b.sound.EncodeFor, b.sound.DecodeFor
			b.encodeFor = func(_ string, v string) ([]byte, error) { return enc("k", v) }
			b.decodeFor = func(_ string, data []byte) (string, error) { return dec("k", data) }
		}), "AroundBound/ForwardsValues", `was given the key "k"`},
		{"swallows errors", with(func(b *broken) {
			dec := b.sound.DecodeFor
			b.decodeFor = func(key string, data []byte) (string, error) {
				v, _ := dec(key, data)
				return v, nil
			}
		}), "AroundPlain/CorruptInput", "corrupt input 0 decodes"},
		{"hides errors", with(func(b *broken) {
			dec := b.sound.DecodeFor
			b.decodeFor = func(key string, data []byte) (string, error) {
				v, err := dec(key, data)
				if err != nil {
					err = errTest
				}
				return v, err
			}
		}), "AroundPlain/ForwardsErrors", "Decode returns not today, which does not wrap"},
		{"quotes the bytes", with(func(b *broken) {
			dec := b.sound.DecodeFor
			b.decodeFor = func(key string, data []byte) (string, error) {
				v, err := dec(key, data)
				if err != nil {
					plain, _ := flip{}.Undo(nil, data, key)
					err = errors.Join(err, errors.New(string(plain)))
				}
				return v, err
			}
		}), "AroundPlain/ErrorsQuoteNothing", "quotes the value"},
		{"ignores what is behind", with(func(b *broken) {
			dec := b.sound.DecodeFor
			b.decodeFor = func(key string, data []byte) (string, error) {
				return dec(key, bytes.TrimRight(data, "\x00"))
			}
		}), "AroundPlain/TruncatedInput", "a byte behind the value is ignored"},
		{"unwraps something else", with(func(b *broken) { b.unwrapsSelf = codec.String{} }),
			"AroundAble/ForwardsClone", "Clone"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var faults []Fault
			w := wrapperOf(test.wrap)
			for _, inner := range w.inners() {
				if strings.HasPrefix(test.check, inner.name+"/") || test.check == "" {
					for _, f := range found(w.checks(inner)) {
						faults = append(faults, Fault{inner.name + "/" + f.Check, f.Err})
					}
				}
			}
			for _, f := range faults {
				if f.Check == test.check && strings.Contains(f.Err.Error(), test.want) {
					return
				}
			}
			if test.check != "" || len(faults) > 0 {
				t.Errorf("%s has not found %q, but %.2000v", test.check, test.want, faults)
			}
		})
	}
}
