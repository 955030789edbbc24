package redistest

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

// serveStats starts m without a listener and adds INFO commandstats, which miniredis lacks. It
// counts in the hook that runs before every command. The hook also sees the calls of scripts, as
// commandstats does. Miniredis has only one hook: its SetError replaces this one.
func serveStats(m *miniredis.Miniredis) error {
	c, err := m.Dial() // starts it
	if err != nil {
		return err
	}
	stats := &miniStats{calls: map[string]int{}}
	m.Server().SetPreHook(stats.hook)
	return c.Close()
}

type miniStats struct {
	mu    sync.Mutex
	calls map[string]int
}

func (s *miniStats) hook(p *server.Peer, cmd string, args ...string) (done bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if cmd == "INFO" && len(args) == 1 && strings.EqualFold(args[0], "commandstats") {
		p.WriteBulk(s.info())
		return true
	}
	arg := ""
	if len(args) > 0 {
		arg = args[0]
	}
	s.calls[commandName(cmd, arg)]++
	return false
}

func (s *miniStats) info() string {
	var b strings.Builder
	b.WriteString("# Commandstats\r\n")
	for _, name := range slices.Sorted(maps.Keys(s.calls)) {
		fmt.Fprintf(&b, "cmdstat_%s:calls=%d\r\n", name, s.calls[name])
	}
	return b.String()
}
