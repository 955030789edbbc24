package codectest

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// difference says where two values first differ, and how. It returns "" if it finds no difference
// that counts for reflect.DeepEqual.
func difference(path string, want, got reflect.Value) string {
	at := func(format string, args ...any) string {
		where := strings.TrimPrefix(path, ".")
		if where == "" {
			where = "the value"
		}
		return where + " " + fmt.Sprintf(format, args...)
	}
	if strings.Count(path, ".")+strings.Count(path, "[") > 100 {
		return ""
	}
	if want.IsValid() != got.IsValid() {
		return at("is nil in one of them")
	}
	if !want.IsValid() {
		return ""
	}
	if want.Type() != got.Type() {
		return at("is %s and was %s", got.Type(), want.Type())
	}
	if want.CanInterface() && want.Type() == reflect.TypeFor[time.Time]() {
		if d := timeDifference(want.Interface().(time.Time), got.Interface().(time.Time)); d != "" {
			return at("%s", d)
		}
		return ""
	}
	switch want.Kind() {
	case reflect.Pointer, reflect.Slice, reflect.Map, reflect.Interface:
		switch {
		case want.IsNil() && got.IsNil():
			return ""
		case want.IsNil():
			return at("was nil and is not: nil became %s", word(got))
		case got.IsNil():
			return at("is nil and was not: %s became nil", word(want))
		}
	}
	switch want.Kind() {
	case reflect.Pointer, reflect.Interface:
		return difference(path, want.Elem(), got.Elem())
	case reflect.Slice, reflect.Array:
		if want.Len() != got.Len() {
			return at("has %d elements and had %d", got.Len(), want.Len())
		}
		for i := range want.Len() {
			next := fmt.Sprintf("%s[%d]", path, i)
			if d := difference(next, want.Index(i), got.Index(i)); d != "" {
				return d
			}
		}
	case reflect.Map:
		return mapDifference(path, want, got, at)
	case reflect.Struct:
		for i := range want.NumField() {
			next := path + "." + want.Type().Field(i).Name
			if d := difference(next, want.Field(i), got.Field(i)); d != "" {
				return d
			}
		}
	default:
		if was, is := brief(want), brief(got); want.Comparable() && !want.Equal(got) {
			return at("is %s and was %s", is, was)
		}
	}
	return ""
}

func mapDifference(
	path string, want, got reflect.Value, at func(string, ...any) string,
) string {
	for _, k := range want.MapKeys() {
		was, is := want.MapIndex(k), got.MapIndex(k)
		if !is.IsValid() {
			return at("has lost the key %s", brief(k))
		}
		if d := difference(fmt.Sprintf("%s[%s]", path, brief(k)), was, is); d != "" {
			return d
		}
	}
	if want.Len() != got.Len() {
		return at("has %d keys and had %d", got.Len(), want.Len())
	}
	return ""
}

func timeDifference(want, got time.Time) string {
	if want.Equal(got) {
		switch {
		case want == got:
			return ""
		case strings.Contains(want.String(), " m="):
			return "lost its monotonic clock reading, which no codec keeps: take Round(0) of it"
		case want.Location().String() != got.Location().String():
			return fmt.Sprintf("lost its time zone: it is in %s and was in %s",
				got.Location(), want.Location())
		case reflect.DeepEqual(want, got):
			return ""
		}
		return "is the same instant in another time zone of the same name"
	}
	for _, unit := range []struct {
		time.Duration
		name string
	}{
		{time.Microsecond, "a microsecond"}, {time.Millisecond, "a millisecond"},
		{time.Second, "a second"}, {24 * time.Hour, "a day"},
	} {
		if want.Truncate(unit.Duration).Equal(got) || want.Round(unit.Duration).Equal(got) {
			return "lost what is below " + unit.name
		}
	}
	return fmt.Sprintf("is %s and was %s", got, want)
}

func word(v reflect.Value) string {
	if k := v.Kind(); (k == reflect.Slice || k == reflect.Map) && v.Len() == 0 {
		return "empty"
	}
	return "something"
}

func brief(v reflect.Value) string {
	text := fmt.Sprintf("%v", v)
	if v.Kind() == reflect.String {
		text = fmt.Sprintf("%q", v.String())
	}
	if len(text) > 80 {
		text = text[:80] + "..."
	}
	return text
}
