package cache_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

// An error of the cache that Modify's function returns shows no key to the Hook.
func TestNestedErrorsShowNoKey(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		rec := &recorder{}
		u := mustNew[string](t, b.Client, b.Name(), jsonUsers, &cache.Options{Hook: rec})
		must(t, u.Set(ctx(t), "k", ann))
		_, err := u.Modify(ctx(t), "k", func(v User) (User, error) {
			_, err := u.Get(ctx(t), "s3")
			return v, fmt.Errorf("nested: %w", err)
		})
		if !errors.Is(err, cache.ErrNotFound) || !strings.Contains(err.Error(), `"s3"`) {
			t.Errorf("Modify = %v", err)
		}
		_, err = u.Modify(ctx(t), "k", func(v User) (User, error) {
			_, one := u.Get(ctx(t), "other-s3")
			_, two := u.GetMany(ctx(t), []string{"bad-s3\x00", strings.Repeat("s3", 1000)})
			return v, fmt.Errorf("load: %w", errors.Join(one, fmt.Errorf("many: %w", two)))
		})
		if !errors.Is(err, cache.ErrNotFound) || !errors.Is(err, cache.ErrKey) ||
			!strings.Contains(err.Error(), "other-s3") {
			t.Errorf("Modify = %v", err)
		}
		for _, op := range rec.ended {
			if s := fmt.Sprintf("%v %+v", op.Err, op.Err); strings.Contains(s, "s3") {
				t.Errorf("the Hook is told %s", s)
			}
		}
		if last := rec.ended[len(rec.ended)-1]; !errors.Is(last.Err, cache.ErrKey) {
			t.Errorf("the Hook is told %v", last.Err)
		}
	})
}
