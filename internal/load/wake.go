package load

import "sync"

// wakers are the channels of runs that wait for records that other processes load.
type wakers struct {
	mu    sync.Mutex
	byKey map[string]map[chan struct{}]bool
}

// Changed is called when any process has written a key. Runs that wait for its record look again.
func (l *Loads) Changed(key string) {
	w := &l.wakers
	w.mu.Lock()
	defer w.mu.Unlock()
	for c := range w.byKey[key] {
		select {
		case c <- struct{}{}:
		default:
		}
	}
}

// listen returns a channel that receives a value after each change of an item, until forget is
// called.
func (w *wakers) listen(items []*item) (changed chan struct{}, forget func()) {
	changed = make(chan struct{}, 1)
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.byKey == nil {
		w.byKey = map[string]map[chan struct{}]bool{}
	}
	for _, it := range items {
		if w.byKey[it.key] == nil {
			w.byKey[it.key] = map[chan struct{}]bool{}
		}
		w.byKey[it.key][changed] = true
	}
	return changed, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		for _, it := range items {
			if delete(w.byKey[it.key], changed); len(w.byKey[it.key]) == 0 {
				delete(w.byKey, it.key)
			}
		}
	}
}
