package staleness

import "time"

// outcome is what one run of a fault has shown.
type outcome struct {
	worst  [sources]time.Duration // age of an answer, from its replacement to the begin of the read
	share  [3]float64             // of reads answered from memory: before, during and after
	reads  int64                  // of the cache
	checks int                    // pairs of a version that was seen in memory and its replacement
	odd    int                    // answers from memory that nobody has written
}

// judge compares what was seen with what was written.
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

// absence returns the version that stands for the absence of a record, for a read that began then.
// The removal may have begun while the read was under way.
func (h *history) absence(begin int64) (version int64) {
	for i, w := range h.wiped {
		if i == 0 || w.at <= begin+int64(readLimit) {
			version = w.version
		}
	}
	return version
}
