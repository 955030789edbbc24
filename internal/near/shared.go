package near

import (
	"slices"
	"sync"
)

// watchers are those who want to know of callers that modify values in memory. They are tests.
var watchers struct {
	sync.Mutex
	of []*func(cache string, err error)
}

// WatchShared lets caches that are made from now on check, at each answer from memory, whether a
// caller has modified the value since it was read. told is told of each such value once.
func WatchShared(told func(cache string, err error)) (stop func()) {
	watchers.Lock()
	defer watchers.Unlock()
	watchers.of = append(watchers.of, &told)
	return func() {
		watchers.Lock()
		defer watchers.Unlock()
		watchers.of = slices.DeleteFunc(watchers.of, func(w *func(string, error)) bool {
			return w == &told
		})
	}
}

// SharedIsWatched reports whether somebody wants to know.
func SharedIsWatched() bool {
	watchers.Lock()
	defer watchers.Unlock()
	return len(watchers.of) > 0
}

// Modified tells those who want to know of a value that a caller has modified.
func Modified(cache string, err error) {
	watchers.Lock()
	all := slices.Clone(watchers.of)
	watchers.Unlock()
	for _, told := range all {
		(*told)(cache, err)
	}
}
