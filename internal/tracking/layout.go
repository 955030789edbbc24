package tracking

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/task"
	"github.com/activettl/rediscache/internal/wire"
)

// watch keeps a link to each primary until the Tracker or the client is closed.
func (t *Tracker) watch() {
	defer t.done.Done()
	defer func() {
		for _, l := range *t.links.Load() {
			<-l.done
		}
	}()
	for {
		if errors.Is(guard(t.link), redis.ErrClosed) {
			return
		}
		if task.Sleep(t.closing, t.staleness()/rate) != nil { // the least time between two looks
			return
		}
		if t.wire.Single() {
			<-t.closing.Done()
			return
		}
		timer := time.NewTimer(relinkAfter)
		select {
		case <-t.asked:
		case <-timer.C:
		case <-t.closing.Done():
		}
		timer.Stop()
	}
}

// relinkAfter is how long watch waits before it looks for other primaries, if relink is not called.
const relinkAfter = 10 * time.Second

// relink makes watch look for other primaries soon.
func (t *Tracker) relink() {
	select {
	case t.asked <- struct{}{}:
	default:
	}
}

// link makes a link to each primary that has none, and ends the links to servers that are no longer
// primaries.
func (t *Tracker) link() error {
	servers, _, err := t.wire.Servers(t.closing)
	if err != nil {
		return err
	}
	old, links := *t.links.Load(), map[*redis.Client]*link{}
	for _, s := range servers {
		l := old[s.ID()]
		if l == nil {
			l = &link{
				Tracker: t, server: s, wake: make(chan struct{}, 1), done: make(chan struct{}),
			}
			var ctx context.Context
			ctx, l.stop = context.WithCancel(t.closing)
			go l.run(ctx)
		}
		links[s.ID()] = l
	}
	t.links.Store(&links)
	for id, l := range old {
		if links[id] == nil {
			l.stop()
			<-l.done
		}
	}
	return nil
}

// errGone says that the client of a server is closed.
var errGone = errors.New("the Redis client is closed")

// layout sends commands to a server, and asks in the same round trip which server has which keys.
// It returns the answer as a text to compare, and the error of the first command that failed.
func (t *Tracker) layout(
	ctx context.Context, s wire.Server, cmds ...redis.Cmder,
) (form string, err error) {
	nodes := redis.NewStringCmd(ctx, "cluster", "nodes")
	if t.clustered {
		cmds = append(cmds, nodes)
	}
	s.Send(ctx, cmds)
	for _, cmd := range cmds {
		if errors.Is(cmd.Err(), redis.ErrClosed) {
			return "", errGone
		}
		if err := wire.Err(cmd); err != nil {
			return "", err
		}
	}
	switch {
	case t.clustered:
		return owners(nodes.Val()), nil
	case t.wire.Single():
		return "", nil
	}
	shards, _, err := t.wire.Servers(ctx) // of a Ring; this sends no command
	if err != nil {
		return "", err
	}
	up := map[string]bool{}
	for _, s := range shards {
		up[fmt.Sprintf("%p", s.ID())] = true
	}
	return strings.Join(slices.Sorted(maps.Keys(up)), " "), nil
}

// owners returns what a reply to CLUSTER NODES says about the nodes that have slots: their ids,
// epochs and slots. The epochs matter, since a slot may leave the asked node and come back between
// two looks. A node's epoch grows when it takes a slot.
func owners(nodes string) string {
	var all []string
	for line := range strings.Lines(nodes) {
		fields := strings.Fields(line)
		if len(fields) <= nodeSlots {
			continue
		}
		slots := fields[nodeSlots:]
		if at := slices.IndexFunc(slots, migrates); at >= 0 { // migrating slots come last
			slots = slots[:at]
		}
		all = append(all, fmt.Sprint(fields[0], fields[nodeEpoch], slots))
	}
	slices.Sort(all)
	return strings.Join(all, "\n")
}

// Where the fields of a line of CLUSTER NODES are.
const (
	nodeEpoch = 6
	nodeSlots = 8
)

// migrates reports whether a field is about a slot that is migrating: [slot->-node].
func migrates(slot string) bool { return strings.HasPrefix(slot, "[") }

// nameCanary names the canaries of a link. In a cluster, its server must hold the key of that name.
func (l *link) nameCanary(ctx context.Context) (string, error) {
	if !l.clustered {
		return l.name, nil
	}
	for i := range tries {
		key := fmt.Sprint(l.name, ":", i)
		if l.wire.Owner(ctx, key) == l.server.ID() {
			return key, nil
		}
	}
	return "", fmt.Errorf("no canary for %s in %d tries", l.server.Options().Addr, tries)
}

// tries is enough for a server that holds a thousandth of the slots.
const tries = 1 << 14
