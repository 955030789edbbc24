package faults

import (
	"fmt"
	"strings"
)

// Value is what the load writes. It says of itself which write it is.
type Value struct {
	Key     string `json:"key"`
	Version int64  `json:"version"`
	Writer  int    `json:"writer"`
	Call    int64  `json:"call,omitempty"` // of Modify or Upsert, by a number that is its own

	// Pad follows from the rest, so that a value of two halves is noticed.
	Pad string `json:"pad"`
}

func newValue(key string, version int64, writer int) Value {
	v := Value{Key: key, Version: version, Writer: writer}
	v.Pad = v.pad()
	return v
}

// pad is up to 2000 bytes long, since a reply must have a middle to be cut in.
func (v Value) pad() string {
	return strings.Repeat(fmt.Sprintf("%s/%d/%d ", v.Key, v.Version, v.Writer), int(v.Version%100))
}

// wrong says what is wrong with a value that was read under a key; empty for nothing.
func (v Value) wrong(key string) string {
	switch {
	case v.Key != key:
		return fmt.Sprintf("is the value of %q", v.Key)
	case v.Pad != v.pad():
		return fmt.Sprintf("is a mixture: version %d of writer %d, and %.40q", v.Version, v.Writer,
			v.Pad)
	}
	return ""
}
