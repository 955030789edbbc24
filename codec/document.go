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

	// valid returns an error if data nests too deep.
	valid(data []byte) error

	// marshal gets a pointer. unmarshal returns an error for members that the type does not have.
	marshal(v any) ([]byte, error)
	unmarshal(data []byte, v any) error

	// members returns the members of an object, and elements the elements of a list. ok is false
	// for other data. They share memory with data, which must be valid.
	members(data []byte) (all []member, ok bool)
	elements(data []byte) (all [][]byte, ok bool)
	object(all []member) []byte
	list(all [][]byte) []byte

	// key encodes the key of a map. readKey decodes it.
	key(v reflect.Value) ([]byte, bool)
	readKey(m member, t reflect.Type) (reflect.Value, bool)

	null() []byte
	isNil(data []byte) bool

	// clears reports whether a null resets a field of type t.
	clears(t reflect.Type) bool

	number(data []byte) (text string, ok bool)
	blank(data []byte) bool // false, or an empty text, or no bytes

	// fields returns the fields of a struct with their encoded names, or nil if the type encodes
	// itself.
	fields(t reflect.Type) *structFields

	// leavesOut reports whether the tag of a field excludes it from the encoding.
	leavesOut(sf reflect.StructField) bool

	// pairsAsKey reports whether keys of this type decode from the form in which they are encoded.
	pairsAsKey(t reflect.Type) bool

	// readsAny reports whether an any can decode the encoded values of this shape.
	readsAny(s *shape) bool

	tables() *tables

	// endless reports whether the encoder never returns for a struct, since it embeds itself.
	endless(t reflect.Type) bool

	// encoders and decoders are the interfaces of types that encode themselves. The first one that
	// a type has is used. Interfaces of the same index belong together. self is both lists.
	encoders() []reflect.Type
	decoders() []reflect.Type
	self() []reflect.Type
}

// tables hold what a format knows about types, by reflect.Type.
type tables struct{ fields, shapes, facts sync.Map }

// learned returns what is known about a type. It calls learn the first time.
func learned[T any](known *sync.Map, t reflect.Type, learn func() T) T {
	if had, ok := known.Load(t); ok {
		return had.(T)
	}
	had, _ := known.LoadOrStore(t, learn())
	return had.(T)
}

// member is a member of an object.
type member struct {
	name       []byte // the text of the key; nil if the key is no text
	key, value []byte // encoded
	group      *group // the edits that lead into it
}

// structFields are the fields of a struct.
type structFields struct {
	named map[string]*structField
	order []*structField // the order in a struct that is encoded as a list
	folds bool           // names match in any case
	lost  []string       // names of several fields, of which one is lost

	hidden []string // names of fields that are encoded and cannot be decoded
}

// structField is a field of a struct.
type structField struct {
	names []string     // the first one is written
	index []int        // as in reflect.Value.FieldByIndex
	typ   reflect.Type // the type of the field
	alone reflect.Type // a struct that has only this field, with its tag
}

// docs changes documents of a format.
type docs struct{ format }

// place is where a path leads.
type place struct {
	typ   reflect.Type // nil if only the document says what the field holds
	field *structField // nil if the place is no field of a struct
}

// leads returns the field into which a member decodes if its name matches a field in another case
// only. It returns nil if there is none.
func (fields *structFields) leads(name []byte) *structField {
	var first *structField
	for _, f := range fields.named {
		if f.folds(name) && (first == nil || slices.Compare(f.index, first.index) < 0) {
			first = f
		}
	}
	return first
}

// folds reports whether a name is that of the field, in any case.
func (f *structField) folds(name []byte) bool {
	return strings.EqualFold(f.names[0], string(name))
}

// parseKey turns the text of a map key into a value of the key's type. All formats write numbers,
// and types with UnmarshalText, with the same text.
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
