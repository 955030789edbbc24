package codec

import (
	"encoding"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"unicode"
)

var jsonNaming = naming{
	codec: "json",
	self: []reflect.Type{
		reflect.TypeFor[json.Marshaler](),
		reflect.TypeFor[encoding.TextMarshaler](),
	},
	list: jsonFields,
}

// jsonFields names the fields of a struct by encoding/json's rules (typeFields in its encode.go):
// level by level through embedded structs, the shallowest field of a name wins, then the one with a
// tag; if two are left, the name means nothing.
func jsonFields(t reflect.Type) map[string][]int {
	type level struct {
		typ   reflect.Type
		index []int
	}
	type claim struct {
		index  []int
		tagged bool
	}
	fields := make(map[string][]int)
	decided := make(map[string]bool)
	visited := make(map[reflect.Type]bool)
	for current := []level{{typ: t}}; len(current) > 0; {
		var next []level
		claims := make(map[string][]claim)
		met := make(map[reflect.Type]int)
		for _, l := range current {
			met[l.typ]++
		}
		seen := make(map[reflect.Type]bool)
		for _, l := range current {
			if visited[l.typ] || seen[l.typ] {
				continue
			}
			seen[l.typ] = true
			for i := range l.typ.NumField() {
				f := l.typ.Field(i)
				inner := f.Type
				if inner.Kind() == reflect.Pointer && inner.Name() == "" {
					inner = inner.Elem()
				}
				if !f.IsExported() && !(f.Anonymous && inner.Kind() == reflect.Struct) {
					continue
				}
				tag := f.Tag.Get("json")
				if tag == "-" {
					continue
				}
				name, _, _ := strings.Cut(tag, ",")
				if !isJSONName(name) {
					name = ""
				}
				index := append(slices.Clone(l.index), i)
				if name == "" && f.Anonymous && inner.Kind() == reflect.Struct {
					next = append(next, level{inner, index})
					continue
				}
				c := claim{index, name != ""}
				if name == "" {
					name = f.Name
				}
				claims[name] = append(claims[name], c)
				if met[l.typ] > 1 {
					// The same struct embedded twice on one level: each of its names is claimed
					// twice.
					claims[name] = append(claims[name], c)
				}
			}
		}
		for typ := range seen {
			visited[typ] = true
		}
		for name, all := range claims {
			if decided[name] {
				continue
			}
			decided[name] = true
			tagged := slices.DeleteFunc(slices.Clone(all), func(c claim) bool { return !c.tagged })
			switch {
			case len(tagged) == 1:
				fields[name] = tagged[0].index
			case len(tagged) == 0 && len(all) == 1:
				fields[name] = all[0].index
			}
		}
		current = next
	}
	return fields
}

// isJSONName is encoding/json's isValidTag: a name in a tag that it does not accept counts as none.
func isJSONName(name string) bool {
	for _, c := range name {
		if !strings.ContainsRune("!#$%&()*+-./:;<=>?@[]^_{|}~ ", c) && !unicode.IsLetter(c) &&
			!unicode.IsDigit(c) {
			return false
		}
	}
	return name != ""
}
