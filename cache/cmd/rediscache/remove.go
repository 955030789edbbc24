package main

import (
	"context"
	"fmt"
	"strings"

	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/terminal"
	"github.com/activettl/rediscache/internal/store"
)

// rm removes records.
type rm struct{ noFlags }

func (rm) run(ctx context.Context, s *session, args []string) error {
	s.subject = args[0]
	texts := make([]string, len(args)-1)
	for i, arg := range args[1:] {
		text, err := keyOf(arg)
		if err != nil {
			return err
		}
		texts[i] = text
	}
	t, err := s.open(ctx, args[0], false)
	if err != nil {
		return err
	}
	if len(texts) > 1 {
		if err := s.ask(ctx, "remove %s of %s?", terminal.Count(len(texts), "record"),
			t.names); err != nil {
			return err
		}
	}
	removed := 0
	var absent []string
	for _, text := range texts {
		n, errs := t.store.DeleteMany(ctx, []string{t.names.Key(text)})
		switch err := errs[0]; {
		case err != nil && ctx.Err() != nil:
			return interrupted("%s of %d removed", terminal.Count(removed, "key"), len(texts))
		case err != nil && removed > 0:
			return fail("%s of %d removed, and then %s: %s", terminal.Count(removed, "key"),
				len(texts), terminal.Key(text), s.explain(err))
		case err != nil:
			s.subject += " " + terminal.Key(text)
			return err
		}
		removed += n
		if n == 0 {
			absent = append(absent, terminal.Key(text))
		}
		if s.json {
			s.line(struct {
				Cache string `json:"cache"`
				terminal.Name
				Removed bool `json:"removed"`
			}{t.names.String(), terminal.NameOf(text), n > 0})
		}
	}
	switch len(absent) {
	case 0:
		return nil
	case 1:
		s.subject += " " + absent[0]
		return missing("the key holds nothing")
	}
	return missing("%d of %d keys hold nothing: %s", len(absent), len(texts),
		strings.Join(absent, ", "))
}

// clearing removes all records.
type clearing struct{ noFlags }

func (clearing) run(ctx context.Context, s *session, args []string) error {
	t, err := s.open(ctx, args[0], false)
	if err != nil {
		return err
	}
	if err := s.canAsk(); err != nil {
		return err
	}
	if !s.yes {
		records, loads, err := s.clearable(ctx, t)
		if err = noRecords(records+loads, err); err != nil {
			return err
		}
		if err := s.ask(ctx, "remove all %s of %s?", withLoads(records, loads),
			t.names); err != nil {
			return err
		}
	}
	loads := 0
	n, err := s.walk(ctx, t.store.Pages(ctx), "key removed", func(page []string) (int, error) {
		removed, voided, failed, err := t.store.Clear(ctx, page)
		for _, of := range failed {
			err = of
		}
		loads += voided
		return removed + voided, err
	})
	if err = noRecords(n, err); err != nil {
		return err
	}
	if s.json {
		s.line(struct {
			Cache   string `json:"cache"`
			Removed int    `json:"removed"`
			Loads   int    `json:"leasesAndMarkers"`
		}{t.names.String(), n - loads, loads})
	} else {
		fmt.Fprintln(s.out, withLoads(n-loads, loads)+" removed")
	}
	return nil
}

// clearable counts what there is to clear: records, and leases and markers of loads.
func (s *session) clearable(ctx context.Context, t *target) (records, loads int, err error) {
	_, err = s.walk(ctx, t.store.Pages(ctx), "key counted", func(page []string) (int, error) {
		all, err := t.store.LookMany(ctx, page)
		before := records + loads
		for _, held := range all {
			switch {
			case held.Kind.IsRecord():
				records++
			case held.Kind == store.HoldsLease || held.Kind == store.HoldsMarker:
				loads++
			}
		}
		return records + loads - before, err
	})
	return records, loads, err
}

// withLoads formats numbers of records and of leases and markers, as "2 records" or "2 records and
// 1 lease or marker".
func withLoads(records, loads int) string {
	text := terminal.Count(records, "record")
	switch loads {
	case 0:
		return text
	case 1:
		return text + " and 1 lease or marker"
	}
	return text + " and " + terminal.Number(loads) + " leases and markers"
}
