package cache

import (
	"bytes"
	"errors"
	"reflect"

	"github.com/activettl/rediscache/internal/frame"
	"github.com/activettl/rediscache/internal/near"
)

// checkShared reports a copy whose value a caller has modified to the test that watches. It also
// drops the copy.
func (c *Cache[K, V]) checkShared(e *near.Copy[V]) {
	if e.Pristine == nil || reflect.DeepEqual(e.Value, *e.Pristine) {
		return
	}
	inner := frame.Innermost(c.codec) // the codecs around it may write different bytes each time
	is, err := inner.Encode(e.Value)
	was, err2 := inner.Encode(*e.Pristine)
	if err == nil && err2 == nil && bytes.Equal(is, was) {
		return // for example with a NaN, which is not equal to itself
	}
	e.Drop()
	near.Modified(c.names.String(), errModified)
}

var errModified = errors.New("a caller has modified a value in memory, which others share")
