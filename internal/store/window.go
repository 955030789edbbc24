package store

import "sync/atomic"

// The bounds of a chunk of a read, by the sizes of values that the process has read or written.
// Redis holds the replies in memory until they are sent, and may evict other keys for them; the
// process holds them until they are decoded.
const (
	meanBytes    = 1 << 20  // of a chunk, if its values are as large as those of the last one
	largestBytes = 16 << 20 // of a chunk, if all its values are as large as the largest one seen

	// How many times as many keys a chunk may have as the one before. Misses say nothing of sizes.
	growth           = 4
	growthAfterAMiss = 2
)

// window is how many keys the next chunk of a read may have. A large value cuts it at once. It
// grows again from chunk to chunk. The zero window begins with one key.
type window struct {
	keys    atomic.Int64 // by the mean size of the values
	largest atomic.Int64 // bytes; it is halved by each chunk that has none of this size
}

func (w *window) size() int {
	return int(max(min(w.keys.Load(), largestBytes/max(w.largest.Load(), 1)), 1))
}

// met is told the size of each value that is read or written.
func (w *window) met(bytes int) {
	if int64(bytes) > w.largest.Load() {
		w.largest.Store(int64(bytes))
	}
}

// sizes sums up the values of a chunk.
type sizes struct{ values, bytes, largest int }

func (s *sizes) add(bytes int) {
	s.values++
	s.bytes += bytes
	s.largest = max(s.largest, bytes)
}

// saw is told of a chunk: how many keys it had, and the values that they have.
func (w *window) saw(keys int, of sizes) {
	fit, next := int64(chunkKeys), int64(keys*growth)
	if of.bytes > 0 {
		fit = int64(max(min(chunkKeys, of.values*meanBytes/of.bytes), 1))
	}
	largest := w.largest.Load()
	if of.values > 0 {
		w.largest.Store(max(largest/2, int64(of.largest)))
	} else if largest > 0 {
		next = int64(keys * growthAfterAMiss)
	}
	now := w.keys.Load()
	if next = min(next, fit); fit < now {
		w.keys.Store(fit)
	} else if next > now {
		w.keys.Store(next)
	}
}
