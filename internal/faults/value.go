package faults

import (
	"fmt"
	"strings"
)

// Value is what the load writes. It names the write that made it.
type Value struct {
	Key     string `json:"key"`
	Version int64  `json:"version"`
	Writer  int    `json:"writer"`
	Call    int64  `json:"call,omitempty"` // random id of the Modify or Upsert

	// Pad is computed from the other fields, so that a mixture of two values is noticed.
	Pad string `json:"pad"`
}

func newValue(key string, version int64, writer int) Value {
	v := Value{Key: key, Version: version, Writer: writer}
	v.Pad = v.pad()
	return v
}

// pad is up to about 2000 bytes long, so that a reply can be cut in its middle.
func (v Value) pad() string {
	return strings.Repeat(fmt.Sprintf("%s/%d/%d ", v.Key, v.Version, v.Writer), int(v.Version%100))
}

// wrong returns what is wrong with a value that was read under a key. It is empty if nothing is.
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
