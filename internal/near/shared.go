package near

import (
	"slices"
	"sync"
)

// watchers are functions to call when a caller has modified a value in memory. Tests register them.
var watchers struct {
	sync.Mutex
	all []*func(cache string, err error)
}

// WatchShared makes caches that are created from now on check each answer from memory: has a caller
// modified the value since it was read? It calls found once for each such value.
func WatchShared(found func(cache string, err error)) (stop func()) {
	watchers.Lock()
	defer watchers.Unlock()
	watchers.all = append(watchers.all, &found)
	return func() {
		watchers.Lock()
		defer watchers.Unlock()
		watchers.all = slices.DeleteFunc(watchers.all, func(w *func(string, error)) bool {
			return w == &found
		})
	}
}

// SharedIsWatched reports whether there is a watcher.
func SharedIsWatched() bool {
	watchers.Lock()
	defer watchers.Unlock()
	return len(watchers.all) > 0
}

// Modified tells all watchers that a caller has modified a value.
func Modified(cache string, err error) {
	watchers.Lock()
	all := slices.Clone(watchers.all)
	watchers.Unlock()
	for _, found := range all {
		(*found)(cache, err)
	}
}
