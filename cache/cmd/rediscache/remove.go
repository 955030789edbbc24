package main

import (
	"context"
	"strings"

	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/terminal"
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
	var absent []string
	for i, text := range texts {
		n, errs := t.store.DeleteMany(ctx, []string{t.names.Key(text)})
		if errs[0] != nil {
			if ctx.Err() != nil {
				return interrupted("%s of %d removed", terminal.Count(i, "key"), len(texts))
			}
			s.subject += " " + terminal.Key(text)
			return errs[0]
		}
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
		n, err := s.count(ctx, t)
		if err = noRecords(n, err); err != nil {
			return err
		}
		if err := s.ask(ctx, "remove all %s of %s?", terminal.Count(n, "record"),
			t.names); err != nil {
			return err
		}
	}
	n, err := s.walk(ctx, t.store.Pages(ctx), "record removed", func(page []string) (int, error) {
		removed, failed, err := t.store.Clear(ctx, page)
		for _, of := range failed {
			err = of
		}
		return removed, err
	})
	if err == nil && s.json {
		s.line(struct {
			Cache   string `json:"cache"`
			Removed int    `json:"removed"`
		}{t.names.String(), n})
	} else if err == nil && n > 0 {
		s.out.WriteString(terminal.Done(n, "record removed") + "\n")
	}
	return noRecords(n, err)
}
