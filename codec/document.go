package codec

import (
	"encoding"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// format is an encoding whose values are documents: objects, lists and scalars.
type format interface {
	name() string

	// valid reports whether data nests too deep.
	valid(data []byte) error

	// marshal gets a pointer. unmarshal refuses members that the type does not have.
	marshal(v any) ([]byte, error)
	unmarshal(data []byte, v any) error

	// members returns those of an object, and elements those of a list. ok is false for others.
	// They share memory with data, which is valid.
	members(data []byte) (all []member, ok bool)
	elements(data []byte) (all [][]byte, ok bool)
	object(all []member) []byte
	list(all [][]byte) []byte

	// key returns an encoded key, for a value that a map has as its key. readKey does the reverse.
	key(v reflect.Value) ([]byte, bool)
	readKey(m member, t reflect.Type) (reflect.Value, bool)

	null() []byte
	isNil(data []byte) bool

	// clears reports whether a null undoes what stands in a field of type t.
	clears(t reflect.Type) bool

	number(data []byte) (text string, ok bool)
	blank(data []byte) bool // false, or a text or bytes of no length

	// fields returns what the encoding calls the fields of a struct, or nil if the type encodes
	// itself.
	fields(t reflect.Type) *structFields

	// leavesOut reports whether the tag of a field keeps it out of the encoding.
	leavesOut(sf reflect.StructField) bool

	// pairsAsKey reports whether keys of maps are decoded as they are encoded.
	pairsAsKey(t reflect.Type) bool

	// readsAny reports whether an any decodes from what values of this shape are encoded to.
	readsAny(s *shape) bool

	tables() *tables

	// endless reports whether the encoder does not return from a struct, since it embeds itself.
	endless(t reflect.Type) bool

	// encoders and decoders are the interfaces of types that encode themselves, in the order in
	// which they count, and self is both. Those of the same index belong together.
	encoders() []reflect.Type
	decoders() []reflect.Type
	self() []reflect.Type
}

// tables hold what a format has learned of types, by reflect.Type.
type tables struct{ fields, shapes, facts sync.Map }

// learned returns what is known of a type, and learns it first if nobody has.
func learned[T any](known *sync.Map, t reflect.Type, learn func() T) T {
	if had, ok := known.Load(t); ok {
		return had.(T)
	}
	had, _ := known.LoadOrStore(t, learn())
	return had.(T)
}

// member is a member of an object.
type member struct {
	name       []byte // the text of the key; nil if it is none
	key, value []byte // encoded
	group      *group // of the edits that lead into it
}

// structFields are the fields of a struct.
type structFields struct {
	named map[string]*structField
	order []*structField // as in a struct that is encoded as a list
	folds bool           // names match in any case
	lost  []string       // names that several fields have, of which one is lost

	hidden []string // names of fields that are encoded and cannot be decoded
}

// structField is a field of a struct.
type structField struct {
	names []string     // the first is the one that is written
	index []int        // as in reflect.Value.FieldByIndex
	typ   reflect.Type // of the field
	alone reflect.Type // a struct that has only this field, with its tag
}

// docs changes documents of a format.
type docs struct{ format }

// place is where a path has led.
type place struct {
	typ   reflect.Type // of the field; nil if the document alone says what it is
	field *structField // nil if it is no field of a struct
}

// leads returns the field that a member is decoded into whose name is none of the fields', but one
// in another case. It is nil for none.
func (fields *structFields) leads(name []byte) *structField {
	var first *structField
	for _, f := range fields.named {
		if f.folds(name) && (first == nil || slices.Compare(f.index, first.index) < 0) {
			first = f
		}
	}
	return first
}

// folds reports whether a name is that of the field in another case.
func (f *structField) folds(name []byte) bool {
	return strings.EqualFold(f.names[0], string(name))
}

// parseKey returns a key of a map as a value of its type, for its text. Formats write numbers and
// types with UnmarshalText in the same words.
func (d docs) parseKey(text string, t reflect.Type) (v reflect.Value, ok bool) {
	if t.Kind() == reflect.Interface {
		t = reflect.TypeFor[string]()
	}
	ptr := reflect.New(t)
	v = ptr.Elem()
	if u, is := ptr.Interface().(encoding.TextUnmarshaler); is {
		defer func() {
			if recover() != nil {
				ok = false
			}
		}()
		return v, u.UnmarshalText([]byte(text)) == nil
	}
	switch {
	case v.Kind() == reflect.String:
		v.SetString(text)
	case v.CanInt():
		n, err := strconv.ParseInt(text, 10, t.Bits())
		v.SetInt(n)
		return v, err == nil
	case v.CanUint():
		n, err := strconv.ParseUint(text, 10, t.Bits())
		v.SetUint(n)
		return v, err == nil
	default:
		return v, false
	}
	return v, true
}
