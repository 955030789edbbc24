package faults

import (
	"testing"
	"time"

	"github.com/activettl/rediscache/internal/redistest"
)

// Nothing is broken, and no caller sees an error. This also tests that the ledger makes no false
// accusation.
func TestNothing(t *testing.T) {
	t.Parallel()
	for name, policy := range policies {
		for terms, seed := range map[string]uint64{"own terms": 1, "no own terms": 2} {
			t.Run(name+" "+terms, func(t *testing.T) {
				t.Parallel()
				s := redistest.Start(t)
				core := name == "active" && seed == 1
				scenario{rdb: s.Client(t), limit: patient, policy: policy, seed: seed, core: core,
					fault: func(*load) {
						time.Sleep(healthy)
					}}.run(t)
			})
		}
	}
}

// The server is paused for 3 s, or 1 s with -short.
func TestPause(t *testing.T) {
	t.Parallel()
	still := 3 * time.Second
	if testing.Short() {
		still = time.Second
	}
	s := redistest.Start(t)
	scenario{rdb: s.Client(t), sees: []string{deadline, broken}, core: true, fault: func(*load) {
		s.Pause(t)
		time.Sleep(still)
		s.Resume(t)
	}}.run(t)
}

// The server is killed and comes back empty: it has no script and no record.
func TestRestartEmpty(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	scenario{rdb: s.Client(t), sees: []string{deadline, broken}, fault: func(l *load) {
		l.ledger.change()
		s.Kill()
		time.Sleep(time.Second)
		s.Restart(t)
		l.ledger.change()
	}}.run(t)
}

// The server is killed and comes back from its AOF, with all that it has acknowledged.
// appendfsync=no is enough: the server has written that to the file, and the kernel keeps it. An
// fsync helps only if the machine crashes.
func TestRestartAOF(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t, "--appendonly", "yes", "--appendfsync", "no")
	scenario{rdb: s.Client(t), sees: []string{deadline, broken, "LOADING"}, fault: func(*load) {
		s.Kill()
		time.Sleep(time.Second)
		s.Restart(t)
	}}.run(t)
}

// The server forgets every script. No caller notices.
func TestScriptFlush(t *testing.T) {
	t.Parallel()
	s := redistest.Start(t)
	admin := s.Client(t)
	scenario{rdb: s.Client(t), limit: patient, core: true, fault: func(*load) {
		for range 50 {
			if err := admin.ScriptFlush(t.Context()).Err(); err != nil {
				t.Error(err)
			}
			time.Sleep(5 * time.Millisecond)
		}
	}}.run(t)
}
