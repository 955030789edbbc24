package main

import (
	"context"
	"errors"
	"flag"
	"math"
	"strconv"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/document"
	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/terminal"
	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/ttl"
)

// set writes a record.
type set struct {
	policyFlags
	sealFlags
	own lifetime
	raw bool
}

func (c *set) flags(fs *flag.FlagSet) {
	c.policyFlags.flags(fs)
	c.sealFlags.flags(fs)
	fs.Var(&c.own, "ttl", "the record's own `TTL`, such as 10m; replaces its terms")
	fs.BoolVar(&c.raw, "raw", false, "write the bytes as they are, with nothing around them")
}

// lifetime is a time on the command line: a number of seconds, or a Go duration.
type lifetime time.Duration

func (l *lifetime) String() string { return "" }

// Set implements flag.Value.
func (l *lifetime) Set(text string) error {
	d, err := time.ParseDuration(text)
	if n, e := strconv.ParseInt(text, 10, 64); e == nil && n <= math.MaxInt64/int64(time.Second) {
		d, err = time.Duration(n)*time.Second, nil
	}
	if err == nil {
		err = ttl.Check(d)
	}
	*l = lifetime(d)
	return err
}

func (c *set) run(ctx context.Context, s *session, args []string) error {
	keys, err := c.keys()
	if err != nil {
		return err
	}
	known := c.apply(s, args[0])
	t, key, err := s.openRecord(ctx, args, false)
	if err != nil {
		return err
	}
	var value []byte
	if len(args) == 3 && args[2] != "-" {
		value = []byte(args[2])
	} else {
		if value, err = s.readAll(ctx); err != nil {
			return err
		}
	}
	old, err := t.records.Peek(ctx, key)
	created := errors.Is(err, cache.ErrNotFound)
	switch {
	case created:
		err = c.create(ctx, t, key, value, known)
	case err == nil:
		value, err = c.replace(ctx, s, t, key, old, value, keys)
	}
	if err != nil {
		return err
	}
	if s.json {
		s.line(written{t.names.String(), terminal.NameOf(key), &created, len(value)})
	}
	return nil
}

// written is a record that was written, in JSON.
type written struct {
	Cache string `json:"cache"`
	terminal.Name
	Created *bool `json:"created,omitempty"`
	Bytes   int   `json:"bytes"`
}

// create writes a new record.
func (c *set) create(ctx context.Context, t *target, key string, value []byte, known bool) error {
	var opts []cache.SetOption
	switch {
	case c.own != 0:
		opts = append(opts, cache.WithTTL(time.Duration(c.own)))
	case !known:
		return usage("there is no such record; a new one needs -ttl, -policy-ttl or " +
			"REDIS_DEFAULT_TTL")
	}
	err := t.records.Add(ctx, key, value, opts...)
	if errors.Is(err, cache.ErrExists) {
		return fail("another program wrote the record at the same time; nothing was changed")
	}
	return err
}

// replace replaces the value of a record.
func (c *set) replace(
	ctx context.Context, s *session, t *target, key string, old, value []byte, keys *document.Keys,
) ([]byte, error) {
	make := func(old []byte) ([]byte, error) {
		if c.raw {
			return value, nil
		}
		plain, layers, err := document.Open(t.names.Key(key), old, keys)
		if err != nil {
			return nil, cannotOpen(layers, err)
		}
		if err := document.Kindred(plain, value); err != nil {
			return nil, fail("%v; -raw writes the bytes as they are", err)
		}
		return document.Close(t.names.Key(key), value, layers, keys)
	}
	data, err := make(old)
	if err != nil {
		return nil, err
	}
	if err := s.ask(ctx, "replace the record %s, which has %s?", s.subject,
		terminal.Bytes(int64(len(old)))); err != nil {
		return nil, err
	}
	if c.own != 0 {
		return data, t.records.Set(ctx, key, data, cache.WithTTL(time.Duration(c.own)))
	}
	return t.exchange(ctx, key, old, make)
}

// maxAttempts bounds exchange under contention.
const maxAttempts = 64

// exchange replaces the value of a record with the result of change. It tries again if the value
// has changed in the meantime. The record keeps its terms and expires when it would have.
func (t *target) exchange(
	ctx context.Context, key string, old []byte, change func(old []byte) ([]byte, error),
) (data []byte, err error) {
	for range maxAttempts {
		if data, err = change(old); err != nil {
			return nil, err
		}
		current, swapped, err := t.store.Swap(ctx, t.names.Key(key), old, data)
		switch {
		case errors.Is(err, store.ErrNotFound):
			return nil, missing("the record expired or was removed at the same time")
		case err != nil:
			return nil, err
		case swapped:
			return data, nil
		}
		old = current
	}
	return nil, cache.ErrConflict
}

// field changes fields of a record.
type field struct {
	sealFlags
	force bool
}

func (c *field) flags(fs *flag.FlagSet) {
	c.sealFlags.flags(fs)
	fs.BoolVar(&c.force, "force", false, "also set fields that are new or change their kind")
}

func (c *field) run(ctx context.Context, s *session, args []string) error {
	keys, err := c.keys()
	if err != nil {
		return err
	}
	fields, err := document.ParseFields(args[2:])
	if err != nil {
		return usage("%v", err)
	}
	t, key, err := s.openRecord(ctx, args, false)
	if err != nil {
		return err
	}
	old, err := t.records.Peek(ctx, key)
	if err != nil {
		return err
	}
	data, err := t.exchange(ctx, key, old, func(old []byte) ([]byte, error) {
		plain, layers, err := document.Open(t.names.Key(key), old, keys)
		if err != nil {
			return nil, cannotOpen(layers, err)
		}
		if plain, err = document.SetFields(plain, fields, c.force); err != nil {
			return nil, err
		}
		return document.Close(t.names.Key(key), plain, layers, keys)
	})
	if err != nil {
		return err
	}
	if s.json {
		s.line(written{Cache: t.names.String(), Name: terminal.NameOf(key), Bytes: len(data)})
	}
	return nil
}
