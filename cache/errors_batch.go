package cache

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
)

// batchError is the error of a batch or a walk: an *Error for each key or server. Its text names a
// common cause once.
type batchError struct {
	op, cache string
	errs      []error // each an *Error
}

// joined returns the error of a batch, or nil if there are no errors.
func (c *core) joined(op string, errs []error) error {
	if len(errs) == 0 {
		return nil
	}
	return &batchError{op, c.names.String(), errs}
}

// maxCauses is the number of different causes that the text of a batch's error names.
const maxCauses = 5

// Error implements error.
func (e *batchError) Error() string {
	type group struct {
		cause string
		keys  []string
	}
	var groups []*group
	byCause := map[string]*group{}
	for _, err := range e.errs {
		key, cause := "", err.Error()
		if of, ok := errors.AsType[*Error](err); ok {
			key, cause = of.Key, of.Err.Error()
		}
		g := byCause[cause]
		if g == nil {
			g = &group{cause: cause}
			byCause[cause] = g
			groups = append(groups, g)
		}
		g.keys = append(g.keys, key)
	}
	var b strings.Builder
	b.WriteString("rediscache: " + e.op + " " + e.cache)
	for i, g := range groups {
		if i == maxCauses {
			fmt.Fprintf(&b, "; and %d more causes", len(groups)-i)
			break
		}
		separator := "; "
		if i == 0 {
			separator = ": "
		}
		b.WriteString(separator)
		switch {
		case len(g.keys) > 1 && g.keys[0] == "": // of a walk, or for a Hook
			fmt.Fprintf(&b, "%d times: ", len(g.keys))
		case len(g.keys) > 1:
			fmt.Fprintf(&b, "%d keys: ", len(g.keys))
		case g.keys[0] != "" && len(groups) == 1:
			return e.errs[0].Error()
		case g.keys[0] != "":
			fmt.Fprintf(&b, "%q: ", g.keys[0])
		}
		b.WriteString(g.cause)
	}
	return b.String()
}

// Unwrap returns the errors of the keys and servers, each an *Error.
func (e *batchError) Unwrap() []error { return e.errs }

// withoutKeys returns err in the form that a Hook may see: without keys.
func withoutKeys(err error) error {
	switch e := err.(type) {
	case *Error:
		return &Error{Op: e.Op, Cache: e.Cache, Err: hide(withoutKeys(e.Err), "a key", e.Key)}
	case *batchError:
		errs := make([]error, len(e.errs))
		for i, err := range e.errs {
			errs[i] = withoutKeys(err)
		}
		return &batchError{e.op, e.cache, errs}
	}
	return hide(err, "a key", keysIn(err)...) // a loader may have wrapped some
}

// keysIn returns the keys in all *Errors that err wraps.
func keysIn(err error) (keys []string) {
	switch e := err.(type) {
	case *Error:
		return append(keysIn(e.Err), e.Key)
	case interface{ Unwrap() error }:
		return keysIn(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, err := range e.Unwrap() {
			keys = append(keys, keysIn(err)...)
		}
	}
	return keys
}

// hide returns an error whose text shows label in place of keys. It replaces each key in quotes. It
// replaces a key of at least minHidden bytes anywhere. errors.Is still finds what the error wraps;
// errors.As does not.
func hide(err error, label string, keys ...string) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	for _, key := range keys {
		if key == "" {
			continue
		}
		text = strings.ReplaceAll(text, strconv.Quote(key), strconv.Quote(label))
		if len(key) >= minHidden {
			text = strings.ReplaceAll(text, key, label)
		}
	}
	if text == err.Error() {
		return err
	}
	return &hidden{text, err}
}

// minHidden is the least length of a key, in bytes, that is replaced without quotes too. A shorter
// text may be a part of something else.
const minHidden = 6

type hidden struct {
	text string
	err  error
}

// Error implements error.
func (h *hidden) Error() string { return h.text }

// Is reports whether the error is target.
func (h *hidden) Is(target error) bool { return errors.Is(h.err, target) }

// Format implements fmt.Formatter, so that no verb shows the hidden error.
func (h *hidden) Format(f fmt.State, _ rune) { fmt.Fprint(f, h.text) }
