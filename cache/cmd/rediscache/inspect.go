package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/document"
	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/terminal"
	"github.com/activettl/rediscache/internal/store"
)

// inspect tells what a key holds.
type inspect struct {
	policyFlags
	sealFlags
}

func (i *inspect) flags(fs *flag.FlagSet) {
	i.policyFlags.flags(fs)
	i.sealFlags.flags(fs)
}

// inspected is what a key holds, in JSON. Times are in milliseconds.
type inspected struct {
	Cache string `json:"cache"`
	terminal.Name
	Holds     store.Kind    `json:"holds"`
	Remaining *int64        `json:"remainingMs"`
	TTL       *int64        `json:"ttlMs"`
	Own       *int64        `json:"ownTtlMs"`
	Idle      *int64        `json:"idleMs"`
	Deadline  *time.Time    `json:"deadline"`
	Bytes     int           `json:"bytes"`
	Form      document.Form `json:"form"`
	Layers    []string      `json:"layers"`
}

func (i *inspect) run(ctx context.Context, s *session, args []string) error {
	keys, err := i.keys()
	if err != nil {
		return err
	}
	known := i.apply(s, args[0])
	t, key, err := s.openRecord(ctx, args, true)
	if err != nil {
		return err
	}
	redisKey := t.names.Key(key)
	held, err := t.store.Look(ctx, redisKey)
	if err != nil {
		return err
	}
	seen := inspected{Cache: t.names.String(), Name: terminal.NameOf(key), Holds: held.Kind,
		Remaining: millis(held.Remaining), Layers: []string{}}
	switch held.Kind {
	case store.HoldsNothing:
		return missing("the key holds nothing")
	case store.HoldsForeign:
		seen.Remaining = nil
	case store.HoldsString, store.HoldsList:
		info, err := t.records.Inspect(ctx, key)
		if err != nil {
			return err
		}
		data, err := t.records.Peek(ctx, key)
		if err != nil {
			return err
		}
		seen.Bytes = held.Size
		if held.Own > 0 {
			seen.Own = millis(held.Own)
		}
		if known || held.Own > 0 {
			seen.TTL, seen.Idle = millis(info.TTL), millis(info.Idle)
		}
		if !held.Deadline.IsZero() {
			deadline := held.Deadline.UTC()
			seen.Deadline = &deadline
		}
		plain, layers, err := document.Open(redisKey, data, keys)
		if seen.Layers = layers.Words(); err == nil {
			seen.Form = document.Guess(plain)
		}
	}
	if s.json {
		s.line(seen)
		return nil
	}
	s.describe(key, seen)
	return nil
}

// millis returns a time in milliseconds, or nil if it is negative.
func millis(d time.Duration) *int64 {
	if d < 0 {
		return nil
	}
	ms := d.Milliseconds()
	return &ms
}

// kinds describes what keys hold.
var kinds = map[store.Kind]string{
	store.HoldsString:  "a record",
	store.HoldsList:    "a record with its own terms",
	store.HoldsLease:   "no record, but the lease of a load in flight",
	store.HoldsMarker:  "no record, but the marker of a record that is known to be absent",
	store.HoldsForeign: "something that is not a record of a cache",
}

// describe writes what a key holds, for people.
func (s *session) describe(key string, seen inspected) {
	row := func(name, text string) { fmt.Fprintf(s.out, "%-10s %s\n", name, text) }
	duration := func(ms *int64, none string) string {
		if ms == nil {
			return none
		}
		return terminal.Duration(time.Duration(*ms) * time.Millisecond)
	}
	row("cache", seen.Cache)
	row("key", terminal.Key(key))
	row("holds", kinds[seen.Holds])
	if seen.Holds == store.HoldsForeign {
		return
	}
	row("remaining", duration(seen.Remaining, "forever: it has no TTL"))
	if !seen.Holds.IsRecord() {
		return
	}
	const unknown = "unknown; set -policy-ttl or REDIS_DEFAULT_TTL"
	ttl := duration(seen.TTL, unknown)
	if seen.Own != nil {
		ttl += ", its own"
	}
	row("ttl", ttl)
	idle := "unknown"
	if seen.TTL == nil {
		idle = unknown
	}
	row("idle", duration(seen.Idle, idle))
	deadline := "none"
	if seen.Deadline != nil {
		deadline = seen.Deadline.Format(time.RFC3339)
	}
	row("deadline", deadline)
	row("size", terminal.Bytes(int64(seen.Bytes)))
	row("value", strings.Join(append(seen.Layers, formWords(seen.Form)), ", "))
}

func formWords(form document.Form) string {
	if form == "" {
		return "cannot be read"
	}
	return "looks like " + string(form)
}
