package peers

import (
	"context"
	"errors"

	"github.com/maypok86/otter/v2"

	"github.com/activettl/rediscache/cache"
)

var errNotThere = errors.New("it is not in the process")

// inProcess is otter alone, with values that expire. It decodes nothing and does not hear of
// writes. Its bound in bytes is that of rediscache.
func inProcess(p place) side {
	c, err := otter.New(&otter.Options[int64, User]{
		MaximumWeight:    cache.DefaultNearBytes,
		Weigher:          func(int64, User) uint32 { return 10 << 10 },
		ExpiryCalculator: otter.ExpiryWriting[int64, User](hour),
		Logger:           &otter.NoopLogger{},
	})
	if err != nil {
		p.Fatal(err)
	}
	p.Cleanup(func() { c.StopAllGoroutines() })
	for id := range int64(records) {
		u, err := raw(p).get(p.Context(), id)
		if err != nil {
			p.Fatal(err)
		}
		c.Set(id, u)
	}
	return side{name: "otter alone, ExpiryWriting", kind: floor, get: func(
		_ context.Context, id int64,
	) (User, error) {
		u, ok := c.GetIfPresent(id)
		if !ok {
			return User{}, errNotThere
		}
		return u, nil
	}}
}
