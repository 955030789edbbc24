package faults

import (
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
)

// log keeps the outcome of each operation. Safe for concurrent use.
type log struct {
	mu     sync.Mutex
	events []event
	passes int // of the sweep that succeeded
}

// event is an operation that has returned.
type event struct {
	begun time.Time
	took  time.Duration
	kind  string // of its error; empty for none
	err   error  // ErrUnknownOutcome is of the kind of its cause
}

func (l *log) add(begun time.Time, took time.Duration, err error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.events = append(l.events, event{begun, took, kindOf(err), err})
}

func (l *log) swept() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.passes++
}

// sweeps returns how many passes of the sweep have succeeded.
func (l *log) sweeps() int {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.passes
}

// all returns the operations that have ended so far, in that order.
func (l *log) all() []event {
	l.mu.Lock()
	defer l.mu.Unlock()
	return slices.Clone(l.events)
}

func (l *log) String() string {
	kinds := map[string]int{}
	unknown := 0
	var longest time.Duration
	for _, e := range l.all() {
		if errors.Is(e.err, cache.ErrUnknownOutcome) {
			unknown++
		}
		longest = max(longest, e.took)
		kinds[e.kind]++
	}
	good := kinds[""]
	delete(kinds, "")
	var parts []string
	for _, kind := range slices.Sorted(maps.Keys(kinds)) {
		parts = append(parts, fmt.Sprintf("%s %d", kind, kinds[kind]))
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%d good, %d passes, longest %v, %d unknown outcomes, errors: %s",
		good, l.passes, longest.Round(time.Millisecond), unknown, strings.Join(parts, ", "))
}

// The kinds of errors. The kind of an error reply of Redis is its first word.
const (
	deadline  = "deadline"  // the caller's, or a timeout of the client
	broken    = "broken"    // a connection that broke, or could not be made
	exhausted = "exhausted" // ErrConflict
	untyped   = "untyped"   // not an *Error of the cache, which it always is to be
)

// kindOf returns the kind of an error. A miss is no error here, nor is a record that Add has found.
func kindOf(err error) string {
	if err == nil || errors.Is(err, cache.ErrNotFound) || errors.Is(err, cache.ErrExists) {
		return ""
	}
	if _, ok := errors.AsType[*cache.Error](err); !ok {
		return untyped
	}
	timeout, isNet := errors.AsType[net.Error](err)
	reply, isReply := errors.AsType[redis.Error](err)
	switch {
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded),
		isNet && timeout.Timeout(),
		errors.Is(err, redis.ErrPoolTimeout):
		return deadline
	case errors.Is(err, cache.ErrConflict):
		return exhausted
	case isNet, errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF),
		errors.Is(err, net.ErrClosed):
		return broken
	case isReply:
		word, _, _ := strings.Cut(reply.Error(), " ")
		return word
	}
	return err.Error()
}
