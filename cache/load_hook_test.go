package cache_test

import "github.com/activettl/rediscache/cache"

// of returns the ended operations of a kind.
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

// sum adds up the LoadStats of a kind.
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

// count returns the number of ended operations of a kind.
func (r *recorder) count(kind string) int { return len(r.of(kind)) }

// forget clears the ended operations.
func (r *recorder) forget() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ended = nil
}

// unstored returns the number of loads whose value was not stored, with an error as the reason.
func (r *recorder) unstored() (n int) {
	for _, op := range r.of("Load") {
		if op.Load.Unstored == 1 && op.Err != nil {
			n++
		}
	}
	return n
}
