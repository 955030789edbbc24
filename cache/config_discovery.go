package cache

import (
	"context"
	"fmt"
	"net"
	"runtime/debug"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/task"
)

// discovery limits how long a cluster client searches for the nodes. go-redis asks the nodes that
// it knows for the slots, one after another, and stops at the first answer. If none of six nodes
// answers, that takes six times the timeouts.
//
// So each node gets a turn, a part of the time. When a turn ends, its request goes on in the
// background. A late answer counts in the turn of another node, and the connection stays open for
// the next operation. This is needed for a cluster that is far away: a new connection takes five
// round trips until it has the answer.
type discovery struct {
	turn, request time.Duration // limits of a turn and of a request

	mu      sync.Mutex
	waiting map[chan slots]*seed
}

// slots is the answer of a node, or its error.
type slots struct {
	ranges []redis.ClusterSlot
	err    error
}

// seed is the hook of one node.
type seed struct {
	*discovery
	asked bool // a request is in flight; under mu
}

func (*seed) DialHook(next redis.DialHook) redis.DialHook { return next }

func (*seed) ProcessPipelineHook(next redis.ProcessPipelineHook) redis.ProcessPipelineHook {
	return next
}

func (s *seed) ProcessHook(next redis.ProcessHook) redis.ProcessHook {
	return func(ctx context.Context, cmd redis.Cmder) error {
		question, ok := cmd.(*redis.ClusterSlotsCmd)
		if !ok {
			return next(ctx, cmd)
		}
		answer := s.wait(ctx, next)
		question.SetVal(answer.ranges)
		return answer.err
	}
}

// wait returns the first answer within a turn. Concurrent operations share one request.
func (s *seed) wait(ctx context.Context, next redis.ProcessHook) (answer slots) {
	first := make(chan slots, 1)
	s.mu.Lock()
	s.waiting[first] = s
	if !s.asked {
		s.asked = true
		go s.ask(context.WithoutCancel(ctx), next)
	}
	s.mu.Unlock()

	turn := time.NewTimer(s.turn)
	defer turn.Stop()
	select {
	case answer = <-first:
		return answer
	case <-ctx.Done():
		answer.err = ctx.Err()
	case <-turn.C:
		answer.err = fmt.Errorf("no answer to CLUSTER SLOTS within %v: %w", s.turn,
			context.DeadlineExceeded)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, first)
	return answer
}

// ask sends the request and gives the answer to all that wait for this node, and to the others if
// they can use it.
func (s *seed) ask(ctx context.Context, next redis.ProcessHook) {
	ctx, cancel := context.WithTimeout(ctx, s.request)
	defer cancel()
	question := redis.NewClusterSlotsCmd(ctx, "cluster", "slots")
	var err error
	task.Guard(func() { err = next(ctx, question) }, func(v any) { // another hook may panic
		err = unreturned(v, debug.Stack())
	})
	answer := slots{question.Val(), err}
	helps := err == nil && portable(answer.ranges)

	s.mu.Lock()
	defer s.mu.Unlock()
	s.asked = false
	for first, asked := range s.waiting {
		if asked == s || helps {
			first <- answer
			delete(s.waiting, first) // the channel has room for one
		}
	}
}

// portable reports whether the answer of one node is also valid as the answer of another. go-redis
// replaces loopback addresses and port 0 by the address of the node that it asked. A node that has
// left its cluster knows no slots.
func portable(ranges []redis.ClusterSlot) bool {
	for _, slot := range ranges {
		for _, node := range slot.Nodes {
			host, port, err := net.SplitHostPort(node.Addr)
			if err != nil || port == "0" || net.ParseIP(host).IsLoopback() {
				return false
			}
		}
	}
	return len(ranges) > 0
}
