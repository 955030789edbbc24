package cache

import (
	"bytes"
	"errors"
	"reflect"

	"github.com/activettl/rediscache/internal/frame"
	"github.com/activettl/rediscache/internal/near"
)

// checkShared tells who watches of a value in memory that a caller has modified. The copy then
// answers no more.
func (c *Cache[K, V]) checkShared(e *near.Copy[V]) {
	if e.Pristine == nil || reflect.DeepEqual(e.Value, *e.Pristine) {
		return
	}
	inner := frame.Innermost(c.codec) // what wraps it may write something else each time
	is, err := inner.Encode(e.Value)
	was, err2 := inner.Encode(*e.Pristine)
	if err == nil && err2 == nil && bytes.Equal(is, was) {
		return // such as a NaN, which equals nothing
	}
	e.Drop()
	near.Modified(c.names.String(), errModified)
}

var errModified = errors.New("a caller has modified a value in memory, which others share")
