package staleness

import "time"

// outcome is the result of one run of a fault.
type outcome struct {
	worst  [sources]time.Duration // worst age: from the replacement to the start of the read
	share  [3]float64             // share of reads answered from memory: before, during and after
	reads  int64                  // reads of the cache
	checks int                    // versions that memory returned and that were replaced
	odd    int                    // versions that memory returned and that nobody wrote
}

// judge compares the answers of reads with the acknowledged writes.
func (l *ledger) judge(s *seen, begins, ends int64) outcome {
	var o outcome
	for source := range s.Last {
		for id, of := range s.Last[source] {
			h := &l.of[id]
			for version, begin := range of {
				if version == absent {
					version = h.absence(begin)
				}
				if version <= 0 || version > h.next {
					if source == memory {
						o.odd++
					}
					continue
				}
				at, replaced := h.replaced(version)
				if !replaced || h.unknown[version] {
					continue
				}
				if source == memory {
					o.checks++
				}
				o.worst[source] = max(o.worst[source], time.Duration(begin-at))
			}
		}
	}
	var near, all [3]int64
	for at, n := range s.Reads {
		phase := 0
		switch begin := at * slice; {
		case begin >= ends:
			phase = 2
		case begin >= begins:
			phase = 1
		}
		near[phase] += n[0]
		all[phase] += n[1]
	}
	for i := range o.share {
		o.share[i] = float64(near[i]) / float64(max(all[i], 1))
		o.reads += all[i]
	}
	return o
}

// absence returns the version that means absence, for a read that started at begin. The removal may
// have started during that read.
func (h *history) absence(begin int64) (version int64) {
	for i, w := range h.wiped {
		if i == 0 || w.at <= begin+int64(readLimit) {
			version = w.version
		}
	}
	return version
}
