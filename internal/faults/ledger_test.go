package faults

import (
	"strings"
	"testing"
	"time"
)

// The ledger reports each kind of fault, and reports none where there is none.
func TestLedger(t *testing.T) {
	write := func(l *ledger) int64 {
		version, m := l.issue("k")
		l.ack("k", version, m, 0)
		return version
	}
	for _, tt := range []struct {
		name string
		want string // a part of the accusation; empty for none
		run  func(l *ledger)
	}{
		{"what was written", "", func(l *ledger) {
			l.saw("k", newValue("k", write(l), 0), l.look("k"))
		}},
		{"before the acknowledgement", "", func(l *ledger) {
			version, _ := l.issue("k")
			l.saw("k", newValue("k", version, 0), l.look("k"))
		}},
		{"never written", "beyond 1", func(l *ledger) {
			l.saw("k", newValue("k", write(l)+1, 0), l.look("k"))
		}},
		{"of another key", `value of "other"`, func(l *ledger) {
			l.saw("k", newValue("other", write(l), 0), l.look("k"))
		}},
		{"of two halves", "mixture", func(l *ledger) {
			v := newValue("k", write(l), 0)
			v.Pad = newValue("k", 7, 0).Pad
			l.saw("k", v, l.look("k"))
		}},
		{"older than acknowledged", "version 1 was read from a primary that had 2",
			func(l *ledger) {
				write(l)
				write(l)
				l.saw("k", newValue("k", 1, 0), l.look("k"))
			}},
		{"older than read", "version 1 was read from a primary that had 2", func(l *ledger) {
			write(l)
			version, _ := l.issue("k")
			l.saw("k", newValue("k", version, 0), l.look("k"))
			l.saw("k", newValue("k", 1, 0), l.look("k"))
		}},
		{"older, and begun earlier", "", func(l *ledger) {
			write(l)
			m := l.look("k")
			write(l)
			l.saw("k", newValue("k", 1, 0), m)
		}},
		{"older, from the next primary", "", func(l *ledger) {
			write(l)
			write(l)
			l.change()
			l.saw("k", newValue("k", 1, 0), l.look("k"))
			l.change()
			l.saw("k", newValue("k", 1, 0), l.look("k"))
		}},
		{"late", "", func(l *ledger) {
			l.issue("k")
			write(l)
			l.saw("k", newValue("k", 1, 0), l.look("k"))
		}},
		{"late, by a write that was sent twice", "", func(l *ledger) {
			version, m := l.issue("k")
			l.ack("k", version, m, retryAfter)
			write(l)
			l.saw("k", newValue("k", 1, 0), l.look("k"))
		}},
		{"a miss", "a miss on a primary that had version 1", func(l *ledger) {
			write(l)
			l.missed("k", l.look("k"))
		}},
		{"a miss during a Set", "a miss on a primary that had version 1", func(l *ledger) {
			write(l)
			l.issue("k")
			l.missed("k", l.look("k"))
		}},
		{"the same while slots move", "", func(l *ledger) {
			l.moves = true
			write(l)
			m := l.look("k")
			write(l)
			l.missed("k", m)
		}},
		{"a miss while slots move", "a miss on a primary that had version 1", func(l *ledger) {
			l.moves = true
			write(l)
			l.missed("k", l.look("k"))
		}},
		{"a miss of what was never there", "", func(l *ledger) { l.missed("k", l.look("k")) }},
		{"an update lost", "an update was lost", func(l *ledger) {
			write(l)
			m := l.look("k")
			l.modify("k", 2)
			l.modify("k", 2)
			l.modified("k", 2, 1, m)
			l.modified("k", 2, 2, m)
		}},
		{"added once", "", func(l *ledger) {
			version, m := l.add("k")
			l.addedTo("k", version, m)
			l.add("k")
			l.exists("k")
			l.saw("k", newValue("k", 1, 0), l.look("k"))
		}},
		{"added twice", "Add wrote version 2 over 1", func(l *ledger) {
			one, m := l.add("k")
			two, m2 := l.add("k")
			l.addedTo("k", one, m)
			l.addedTo("k", two, m2)
		}},
		{"added over what was read", "Add wrote version 2 over 1", func(l *ledger) {
			l.add("k")
			version, m := l.add("k")
			l.saw("k", newValue("k", 1, 0), l.look("k"))
			l.addedTo("k", version, m)
		}},
		{"added, and replaced", "version 2 was read, and Add wrote 1", func(l *ledger) {
			version, m := l.add("k")
			l.add("k")
			l.addedTo("k", version, m)
			l.saw("k", newValue("k", 2, 0), l.look("k"))
		}},
		{"added twice, on two primaries", "", func(l *ledger) {
			for range 2 {
				version, m := l.add("k")
				l.addedTo("k", version, m)
				l.change()
				l.change()
			}
		}},
		{"an Add that finds itself", "sent twice", func(l *ledger) {
			l.add("k")
			l.exists("k")
		}},
		{"an Add that finds one that failed", "", func(l *ledger) {
			l.add("k")
			l.add("k")
			l.exists("k")
			l.saw("k", newValue("k", 1, 0), l.look("k"))
		}},
		{"an Upsert created twice", "an update was lost", func(l *ledger) {
			m := l.look("k")
			l.missed("k", m)
			l.modify("k", 1)
			l.modified("k", 1, 1, m)
			l.modified("k", 1, 2, m)
		}},
		{"from memory, older than another's write", "", func(l *ledger) {
			write(l)
			write(l)
			l.saw("k", newValue("k", 1, 0), l.lookBy(way{staleness: time.Hour}, "k"))
		}},
		{"from memory, older than the staleness", "version 1 was read from a primary that had 2",
			func(l *ledger) {
				write(l)
				write(l)
				l.saw("k", newValue("k", 1, 0), l.lookBy(way{staleness: 1}, "k"))
			}},
		{"from memory, older than an own write", "version 1 was read from a primary that had 2",
			func(l *ledger) {
				near := way{staleness: time.Hour}
				write(l)
				version := write(l)
				l.wrote(near, "k", version, l.look("k"))
				l.saw("k", newValue("k", 1, 0), l.lookBy(near, "k"))
			}},
		{"from memory, an own write on the last primary", "", func(l *ledger) {
			near := way{staleness: time.Hour}
			write(l)
			version := write(l)
			l.wrote(near, "k", version, l.look("k"))
			l.change()
			l.change()
			l.saw("k", newValue("k", 1, 0), l.lookBy(near, "k"))
		}},
		{"an older read behind one from memory", "", func(l *ledger) {
			l.issue("k")
			l.issue("k")
			l.saw("k", newValue("k", 2, 0), l.lookBy(way{staleness: time.Hour}, "k"))
			l.saw("k", newValue("k", 1, 0), l.look("k"))
		}},
		{"a miss from memory during the staleness", "", func(l *ledger) {
			write(l)
			l.missed("k", l.lookBy(way{staleness: time.Hour}, "k"))
		}},
		{"a miss from memory after it", "a miss on a primary that had version 1",
			func(l *ledger) {
				write(l)
				l.missed("k", l.lookBy(way{staleness: 1}, "k"))
			}},
		{"an update of what was replaced", "Modify wrote version 2 on a primary that had 3",
			func(l *ledger) {
				write(l)
				write(l)
				write(l)
				l.modified("k", 2, 1, l.look("k"))
			}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := newLedger(false)
			tt.run(l)
			got := strings.Join(l.wrong, "\n")
			if (got == "") != (tt.want == "") || !strings.Contains(got, tt.want) {
				t.Errorf("the ledger says %q, want %q", got, tt.want)
			}
			if (l.late > 0) != strings.HasPrefix(tt.name, "late") {
				t.Errorf("%d reads are late", l.late)
			}
		})
	}
}
