package load

import "sync"

// wakers are those who wait for records that other processes load, by key.
type wakers struct {
	mu sync.Mutex
	of map[string]map[chan struct{}]bool
}

// Changed is told of a key that anybody has written. Whoever waits for its record looks again.
func (l *Loads) Changed(key string) {
	w := &l.wakers
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.of[key] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// listen returns a channel that tells of changes of items, until forget is called.
func (w *wakers) listen(items []*item) (changed chan struct{}, forget func()) {
	changed = make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.of == nil {
		w.of = map[string]map[chan struct{}]bool{}
	}
	for _, it := range items {
		if w.of[it.key] == nil {
			w.of[it.key] = map[chan struct{}]bool{}
		}
		w.of[it.key][changed] = true
	}
	return changed, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, it := range items {
			if delete(w.of[it.key], changed); len(w.of[it.key]) == 0 {
				delete(w.of, it.key)
			}
		}
	}
}
