package cache

import "context"

// StatsHook is a Hook that also reads the Stats of its caches, for gauges and counters. [New] finds
// it in Options.Hook, also within [Hooks].
type StatsHook interface {
	Hook

	// New calls Watch with the full name of the cache and with a function that returns its Stats.
	// That function may be called at any time and from any goroutine. It sends nothing to Redis.
	// Close calls stop once. stop may be nil.
	Watch(cache string, stats func() Stats) (stop func())
}

// SizeHook is a Hook that also learns the size of each value that the cache reads or writes. [New]
// finds it in Options.Hook, also within [Hooks]. It must be safe for concurrent use. Its time adds
// to the time of the operation.
type SizeHook interface {
	Hook

	// ReadSize is called after the cache has read a value. bytes is its size as stored in Redis.
	ReadSize(cache string, bytes int)

	// WriteSize is called before the cache writes a value. bytes is its size as stored in Redis.
	WriteSize(cache string, bytes int)
}

// Hooks combines several Hooks into one. It calls Start in this order, each with the context that
// the one before returned. It calls End in the reverse order, each with the last context. It skips
// nil Hooks. Without any Hook it returns nil.
//
// If a Hook panics, the panic goes on. If the panic is in an End, the other Ends are still called.
// If it is in a Start, the Ends of the Hooks before it are called at once, with the ErrorType
// "panic". The Hooks after it are not called.
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

// hooksOf returns the hooks in h that have the type H.
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

// watch lets the StatsHooks watch the cache until unwatch is called.
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

// hasRead and writes tell the SizeHooks the size of a value.
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
