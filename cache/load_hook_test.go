package cache_test

import "github.com/activettl/rediscache/cache"

// of returns what was told of a kind.
func (r *recorder) of(kind string) (ops []cache.Op) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, op := range r.ended {
		if op.Kind == kind {
			ops = append(ops, op)
		}
	}
	return ops
}

// sum adds up the stats of a kind.
func (r *recorder) sum(kind string) (sum cache.LoadStats) {
	for _, op := range r.of(kind) {
		if s := op.Load; s != nil {
			sum.Stale += s.Stale
			sum.Absent += s.Absent
			sum.Loaded += s.Loaded
			sum.Joined += s.Joined
			sum.Fleet += s.Fleet
			sum.Superseded += s.Superseded
			sum.Unstored += s.Unstored
			sum.Waited += s.Waited
		}
	}
	return sum
}

// count returns how many operations of a kind have ended.
func (r *recorder) count(kind string) int { return len(r.of(kind)) }

// forget forgets what has ended.
func (r *recorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = nil
}

// unstored returns how many loads have ended with a value that was not stored, and the reason.
func (r *recorder) unstored() (n int) {
	for _, op := range r.of("Load") {
		if op.Load.Unstored == 1 && op.Err != nil {
			n++
		}
	}
	return n
}
