package cache_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// Modify's function returns an error of another operation. The Hook gets it without the key.
func TestNestedErrorsShowNoKey(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		rec := &recorder{}
		u := mustNew[string](t, b.Client, b.Name(), jsonUsers, &cache.Options{Hook: rec})
		must(t, u.Set(ctx(t), "k", ann))
		_, err := u.Modify(ctx(t), "k", func(v User) (User, error) {
			_, err := u.Get(ctx(t), "SECRET")
			return v, fmt.Errorf("nested: %w", err)
		})
		if !errors.Is(err, cache.ErrNotFound) || !strings.Contains(err.Error(), `"SECRET"`) {
			t.Errorf("Modify = %v", err)
		}
		_, err = u.Modify(ctx(t), "k", func(v User) (User, error) {
			_, one := u.Get(ctx(t), "other-SECRET")
			_, two := u.GetMany(ctx(t), []string{"bad-SECRET\x00", strings.Repeat("SECRET", 1000)})
			return v, fmt.Errorf("load: %w", errors.Join(one, fmt.Errorf("many: %w", two)))
		})
		if !errors.Is(err, cache.ErrNotFound) || !errors.Is(err, cache.ErrKey) ||
			!strings.Contains(err.Error(), "other-SECRET") {
			t.Errorf("Modify = %v", err)
		}
		for _, op := range rec.ended {
			if s := fmt.Sprintf("%v %+v", op.Err, op.Err); strings.Contains(s, "SECRET") {
				t.Errorf("the Hook gets %s", s)
			}
		}
		if last := rec.ended[len(rec.ended)-1]; !errors.Is(last.Err, cache.ErrKey) {
			t.Errorf("the Hook gets %v", last.Err)
		}
	})
}
