package main

import (
	"context"
	"fmt"
	"maps"
	"os"
	"slices"

	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/terminal"
	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/store"
)

// ls lists the caches.
type ls struct{ noFlags }

// listed is a cache in the list.
type listed struct {
	Cache       string `json:"cache"`
	Records     int    `json:"records"`
	Other       int    `json:"other"`
	Bookkeeping int    `json:"bookkeeping"`
}

func (ls) run(ctx context.Context, s *session, _ []string) error {
	if err := s.connect(ctx); err != nil {
		return err
	}
	caches := map[string]*listed{}
	st, namespace := s.store(names.Names{}), s.config.Options().Namespace
	n, err := s.walk(ctx, store.Database(ctx, s.wire, namespace), "record counted",
		func(page []string) (int, error) {
			var keys []string
			of := map[string]*listed{} // the cache of each of keys
			for _, key := range page {
				full, record, ok := names.Of(key)
				if !ok {
					continue
				}
				c := caches[full]
				if c == nil {
					c = &listed{Cache: full}
					caches[full] = c
				}
				if !record {
					c.Bookkeeping++
					continue
				}
				keys, of[key] = append(keys, key), c
			}
			records, err := st.Records(ctx, keys)
			if err != nil {
				return 0, err
			}
			for _, key := range keys {
				of[key].Other++
			}
			for _, key := range records {
				of[key].Records++
				of[key].Other--
			}
			return len(records), nil
		})
	if err != nil && (n == 0 || code(err) == exitInterrupted) {
		return err
	}
	s.list(caches)
	if err == nil && len(caches) == 0 {
		if namespace != "" {
			return missing("there is no cache in the namespace %s", namespace)
		}
		return missing("there is no cache in this database")
	}
	return err
}

func (s *session) list(caches map[string]*listed) {
	width := len("CACHE")
	for name := range caches {
		width = max(width, len(name))
	}
	if !s.json && len(caches) > 0 {
		fmt.Fprintf(s.out, "%-*s %15s %10s %12s\n", width, "CACHE", "RECORDS", "OTHER",
			"BOOKKEEPING")
	}
	for _, name := range slices.Sorted(maps.Keys(caches)) {
		c := caches[name]
		if s.json {
			s.line(c)
			continue
		}
		fmt.Fprintf(s.out, "%-*s %15s %10s %12s\n", width, name, terminal.Number(c.Records),
			terminal.Number(c.Other), terminal.Number(c.Bookkeeping))
	}
}

// line writes v as a line of JSON.
func (s *session) line(v any) { _, _ = s.out.Write(terminal.AppendJSON(nil, v)) }

// keys prints keys.
type keys struct{ noFlags }

func (keys) run(ctx context.Context, s *session, args []string) error {
	t, err := s.open(ctx, args[0], false)
	if err != nil {
		return err
	}
	s.printing = isTerminal(os.Stdout)
	n, err := s.walk(ctx, t.store.Pages(ctx), "key printed", func(page []string) (int, error) {
		records, err := t.store.Records(ctx, page)
		for _, key := range records {
			if text := t.names.Text(key); s.json {
				s.line(terminal.NameOf(text))
			} else {
				_, _ = fmt.Fprintln(s.out, terminal.Key(text))
			}
		}
		if failed := s.flush(); failed != nil { // stdout is closed
			return len(records), failed
		}
		return len(records), err
	})
	return noRecords(n, err)
}

// count counts records.
type count struct{ noFlags }

func (count) run(ctx context.Context, s *session, args []string) error {
	t, err := s.open(ctx, args[0], false)
	if err != nil {
		return err
	}
	n, err := s.count(ctx, t)
	if code(err) == exitInterrupted || n == 0 && err != nil {
		return err
	}
	if s.json {
		s.line(struct {
			Cache   string `json:"cache"`
			Records int    `json:"records"`
		}{t.names.String(), n})
	} else {
		fmt.Fprintln(s.out, n)
	}
	return noRecords(n, err)
}

// count returns the number of records.
func (s *session) count(ctx context.Context, t *target) (int, error) {
	return s.walk(ctx, t.store.Pages(ctx), "record counted", func(page []string) (int, error) {
		records, err := t.store.Records(ctx, page)
		return len(records), err
	})
}

// noRecords is the error of a walk that has met no record. A cache without records does not exist.
func noRecords(n int, err error) error {
	if n == 0 && err == nil {
		return missing("there is no such cache: it has no record")
	}
	return err
}
