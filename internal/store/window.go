package store

import "sync/atomic"

// The bounds of a chunk of a read, from the sizes of values that the process has read or written.
// Redis holds the replies in memory until they are sent, and may evict other keys for them. The
// process holds them until they are decoded.
const (
	meanBytes    = 1 << 20  // of a chunk, if its values are as large as those of the last one
	largestBytes = 16 << 20 // of a chunk, if all its values are as large as the largest one seen

	// A chunk may have at most this many times the keys of the chunk before. After a chunk of
	// misses the factor is smaller, since misses say nothing about sizes.
	growth           = 4
	growthAfterAMiss = 2
)

// window is how many keys the next chunk of a read may have. A large value reduces it at once. It
// grows again from chunk to chunk. The zero window begins with one key.
type window struct {
	keys    atomic.Int64 // from the mean size of the values
	largest atomic.Int64 // in bytes; each chunk without a value of this size halves it
}

func (w *window) size() int {
	return int(max(min(w.keys.Load(), largestBytes/max(w.largest.Load(), 1)), 1))
}

// noticeSize is called with the size of each value that is read or written.
func (w *window) noticeSize(bytes int) {
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

// noticeChunk is called for each chunk, with its number of keys and the sizes of the values found.
func (w *window) noticeChunk(keys int, of sizes) {
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
