package codec

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// step is one step of a path: into the field or key called name, or to an element of a list.
type step struct {
	name   string
	index  int
	isList bool
}

// maxSteps bounds the length of a path.
const maxSteps = 100

// parsePath reads a path as FieldSetter describes it.
func parsePath(path string) ([]step, bool) {
	var steps []step
	for rest, first := path, true; rest != ""; first = false {
		if len(steps) == maxSteps {
			return nil, false
		}
		if rest[0] == '[' {
			s, behind, ok := parseBrackets(rest)
			if !ok {
				return nil, false
			}
			steps, rest = append(steps, s), behind
			continue
		}
		if !first {
			if rest[0] != '.' {
				return nil, false
			}
			rest = rest[1:]
		}
		n := strings.IndexAny(rest, ".[]")
		if n < 0 {
			n = len(rest)
		}
		if n == 0 {
			return nil, false
		}
		steps, rest = append(steps, step{name: rest[:n]}), rest[n:]
	}
	return steps, len(steps) > 0
}

// parseBrackets reads an index or a quoted key.
func parseBrackets(text string) (s step, behind string, ok bool) {
	if quoted, found := strings.CutPrefix(text, `["`); found {
		for n := 0; n < len(quoted); n++ {
			switch quoted[n] {
			case '\\':
				n++
			case '"':
				err := json.Unmarshal([]byte(text[1:n+3]), &s.name)
				behind, ok = strings.CutPrefix(quoted[n+1:], "]")
				return s, behind, ok && err == nil
			}
		}
		return s, "", false
	}
	digits, behind, ok := strings.Cut(text[1:], "]")
	n, err := strconv.ParseUint(digits, 10, 31)
	if err != nil || strconv.FormatUint(n, 10) != digits {
		return s, "", false
	}
	return step{index: int(n), isList: true}, behind, ok
}

// change is a field to set, and its new value.
type change struct {
	path  string
	steps []step
	value any
}

// changesOf returns the changes of a call, in the order of their paths. single reports whether a
// whole path is the name of one field. d encodes the values later.
func changesOf(
	d docs, codec string, fields map[string]any, single func(path string) bool,
) ([]change, error) {
	changes := make([]change, 0, len(fields))
	for path, value := range fields {
		c := change{path: path, value: value}
		if w := (walk{docs: d}); w.plainTooDeep(value, 0) {
			return nil, &fieldError{fmt.Sprintf("%s: the value for field %q "+heldText, codec,
				path, maxNesting), ErrFieldValue}
		}
		if !utf8.ValidString(path) {
			return nil, &fieldError{codec + ": a path is not UTF-8", ErrUnknownField}
		}
		steps, ok := parsePath(path)
		if plain := len(steps) == 1 && steps[0].name == path; !plain && single(path) {
			steps, ok = []step{{name: path}}, true
		}
		if !ok {
			return nil, &fieldError{fmt.Sprintf("%s: %q is no path to a field", codec, path),
				ErrUnknownField}
		}
		c.steps = steps
		changes = append(changes, c)
	}
	slices.SortFunc(changes, func(a, b change) int {
		return slices.CompareFunc(a.steps, b.steps, step.compare)
	})
	for i := 1; i < len(changes); i++ { // a longer path follows the one it begins with
		n := len(changes[i-1].steps)
		if n <= len(changes[i].steps) && slices.Equal(changes[i-1].steps, changes[i].steps[:n]) {
			return nil, overlap(codec, changes[i-1].path, changes[i].path)
		}
	}
	return changes, nil
}

func (s step) compare(other step) int {
	return cmp.Or(strings.Compare(s.name, other.name), cmp.Compare(s.index, other.index))
}
