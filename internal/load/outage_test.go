package load

import (
	"errors"
	"fmt"
	"testing"

	"github.com/activettl/rediscache/internal/store"
)

// A caller is blind if Redis does not answer, but not if Redis answers that it refuses writes.
func TestBlind(t *testing.T) {
	reason := errors.New("reason")
	for _, c := range []struct {
		err  error
		want bool
	}{
		{nil, false},
		{store.ErrNotFound, false},
		{reason, false},
		{&unavailable{err: reason}, true},
		{fmt.Errorf("read: %w", &unavailable{err: reason}), true},
		{&unavailable{err: reason, refused: true}, false},
	} {
		if got := blind(c.err); got != c.want {
			t.Errorf("blind(%v) = %v", c.err, got)
		}
	}
}
