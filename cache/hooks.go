package cache

import "context"

// StatsHook is a Hook that also looks at the Stats of its caches, for gauges and counters.
type StatsHook interface {
	Hook

	// Watch is called by New with the cache's full name and its Stats, which may be called at any
	// time. Close calls what Watch returns, once.
	Watch(cache string, stats func() Stats) (stop func())
}

// SizeHook is a Hook that is also told the size of each value that Redis has given or is given. It
// must be safe for concurrent use.
type SizeHook interface {
	Hook

	// ReadSize is told of a value that a cache has read, in bytes as it is stored.
	ReadSize(cache string, bytes int)

	// WriteSize is told of a value that a cache is about to write, in bytes as it is stored.
	WriteSize(cache string, bytes int)
}

// Hooks returns a Hook of several: Start in this order, each with the context of the one before,
// and End in the reverse order, all with the last context. A nil Hook is left out; Hooks of none is
// nil.
//
// A panic goes on. If an End panics, the others are told nevertheless. If a Start panics, those
// before it are told of the End at once, with the ErrorType "panic". Those behind it are told
// nothing.
func Hooks(hooks ...Hook) Hook {
	var all several
	for _, h := range hooks {
		switch h := h.(type) {
		case nil:
		case several:
			all = append(all, h...)
		default:
			all = append(all, h)
		}
	}
	switch len(all) {
	case 0:
		return nil
	case 1:
		return all[0]
	}
	return all
}

// several are Hooks, in order.
type several []Hook

// Start implements Hook.
func (s several) Start(ctx context.Context, op Op) context.Context {
	n := 0
	defer func() {
		if n < len(s) {
			op.Outcome, op.Failed = OutcomeError, op.Keys
			op.Err, op.ErrorType = errPanicked, errorType(errPanicked)
			s[:n].End(ctx, op)
		}
	}()
	for _, h := range s {
		if started := h.Start(ctx, op); started != nil {
			ctx = started
		}
		n++
	}
	return ctx
}

// End implements Hook.
func (s several) End(ctx context.Context, op Op) {
	if len(s) == 0 {
		return
	}
	last := len(s) - 1
	defer s[:last].End(ctx, op) // also when the last one panics
	s[last].End(ctx, op)
}

// hooksOf returns those hooks of h that are of a type H.
func hooksOf[H Hook](h Hook) (all []H) {
	hooks, ok := h.(several)
	if !ok {
		hooks = several{h}
	}
	for _, h := range hooks {
		if special, ok := h.(H); ok {
			all = append(all, special)
		}
	}
	return all
}

// watch lets the StatsHooks watch the cache, until unwatch.
func (c *core) watch(stats func() Stats) {
	var stops []func()
	for _, h := range hooksOf[StatsHook](c.hook) {
		if stop := h.Watch(c.names.String(), stats); stop != nil {
			stops = append(stops, stop)
		}
	}
	c.watching.Store(&stops)
}

func (c *core) unwatch() {
	if stops := c.watching.Swap(nil); stops != nil {
		for _, stop := range *stops {
			stop()
		}
	}
}

// hasRead and writes tell the SizeHooks of a value.
func (c *core) hasRead(bytes int) {
	for _, h := range c.sizes {
		h.ReadSize(c.names.String(), bytes)
	}
}

func (c *core) writes(bytes int) {
	for _, h := range c.sizes {
		h.WriteSize(c.names.String(), bytes)
	}
}
