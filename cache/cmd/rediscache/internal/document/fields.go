package document

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/activettl/rediscache/codec"
)

// ParseFields reads arguments of the form path=value. A value is JSON. If it is not JSON, it is a
// text. A path may have an equals sign between quotes. The error shows no value.
func ParseFields(args []string) (map[string]any, error) {
	fields := map[string]any{}
	for _, arg := range args {
		path, text, ok := cutField(arg)
		if !ok || path == "" {
			return nil, errors.New("want path=value to set a field")
		}
		if _, twice := fields[path]; twice {
			return nil, fmt.Errorf("the path %q is given twice", path)
		}
		value, err := parseValue(text)
		if err != nil {
			return nil, fmt.Errorf("the value for %q %w", path, err)
		}
		fields[path] = value
	}
	return fields, nil
}

func cutField(arg string) (path, value string, ok bool) {
	quoted := false
	for i := 0; i < len(arg); i++ {
		switch c := arg[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case c == '=' && !quoted:
			return arg[:i], arg[i+1:], true
		}
	}
	return "", "", false
}

func parseValue(text string) (any, error) {
	d := json.NewDecoder(strings.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return text, nil
	}
	if _, err := d.Token(); err != io.EOF { // a text that begins with JSON: 12 Elm Street
		return text, nil
	}
	return numbers(v)
}

// numbers turns each json.Number into a Go number, because MessagePack has no json.Number.
func numbers(v any) (any, error) {
	var err error
	switch v := v.(type) {
	case json.Number:
		if n, err := strconv.ParseInt(v.String(), 10, 64); err == nil {
			return n, nil
		}
		if n, err := strconv.ParseUint(v.String(), 10, 64); err == nil {
			return n, nil
		}
		f, err := v.Float64()
		if err != nil || !strings.ContainsAny(v.String(), ".eE") {
			return nil, errors.New("is a number that cannot be stored exactly")
		}
		return f, nil
	case []any:
		for i := range v {
			if v[i], err = numbers(v[i]); err != nil {
				return nil, err
			}
		}
	case map[string]any:
		for key := range v {
			if v[key], err = numbers(v[key]); err != nil {
				return nil, err
			}
		}
	}
	return v, nil
}

// SetFields sets fields of a JSON or a MessagePack value. Unless force is set, it refuses a field
// that does not exist and a value of another kind, since programs may fail to read them.
func SetFields(plain []byte, fields map[string]any, force bool) ([]byte, error) {
	form := Guess(plain)
	c, err := setter(form)
	if err != nil {
		return nil, err
	}
	changed, err := codec.SetFieldsFor(c, "", plain, fields)
	if errors.Is(err, codec.ErrUnknownField) { // leaves out the Go type, which is any
		text, _, _ := strings.Cut(err.Error(), " in interface {}")
		return nil, errors.New(text)
	}
	if err != nil || force {
		return changed, err
	}
	old, err := tree(plain, form)
	if err != nil {
		return nil, err
	}
	now, err := tree(changed, form)
	if err != nil {
		return nil, err
	}
	return changed, compare("", old, now)
}

// tree returns a value as encoding/json decodes it.
func tree(plain []byte, form Form) (v any, err error) {
	text, err := Show(plain, form, nil)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return v, d.Decode(&v)
}

// compare returns an error for the first field that is new or has another kind than before.
func compare(path string, old, now any) error {
	if old == nil || now == nil {
		return nil
	}
	if was, is := kindOf(old), kindOf(now); was != is {
		return fmt.Errorf("the field %q holds %s, and the value is %s; -force sets it anyway", path,
			was, is)
	}
	switch now := now.(type) {
	case map[string]any:
		was := old.(map[string]any)
		for name, v := range now {
			at := strings.TrimPrefix(path+"."+name, ".")
			before, ok := was[name]
			if !ok {
				return fmt.Errorf("there is no field %q; -force makes one", at)
			}
			if err := compare(at, before, v); err != nil {
				return err
			}
		}
	case []any:
		was := old.([]any)
		for i := range min(len(now), len(was)) {
			if err := compare(fmt.Sprintf("%s[%d]", path, i), was[i], now[i]); err != nil {
				return err
			}
		}
	}
	return nil
}

func kindOf(v any) string {
	switch v.(type) {
	case map[string]any:
		return "an object"
	case []any:
		return "a list"
	case string:
		return "a text"
	case bool:
		return "true or false"
	}
	return "a number"
}
