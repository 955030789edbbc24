package faults

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/activettl/rediscache/cache"
)

// caller is one goroutine of a load.
type caller struct {
	*load
	cache way // of this step
	r     *rand.Rand
}

func (c *caller) anyKey() string {
	switch c.r.IntN(6) {
	case 0, 1:
		return c.sharedKey(c.r.IntN(sharedKeys))
	case 2:
		return c.upsertKey(c.r.IntN(madeKeys))
	case 3:
		return c.addKey(c.r.IntN(madeKeys))
	}
	return plainKey(c.r.IntN(writers), c.r.IntN(plainKeys))
}

// read reads one record or several.
func (c *caller) read() {
	get := c.cache.Get
	switch c.r.IntN(3) {
	case 0:
		keys := []string{c.anyKey(), c.anyKey(), c.anyKey(), c.anyKey()}
		moments := map[string]moment{}
		for _, key := range keys {
			moments[key] = c.ledger.lookBy(c.cache, key)
		}
		var found map[string]Value
		err := c.do(func(ctx context.Context) (err error) {
			found, err = c.cache.GetMany(ctx, keys)
			return err
		})
		for key, m := range moments {
			if v, ok := found[key]; ok {
				c.ledger.saw(key, v, m)
			} else if err == nil {
				c.ledger.missed(key, m)
			}
		}
		return
	case 1:
		get = c.cache.Peek
	}
	c.readOne(c.cache, c.anyKey(), get)
}

// readOne reads a record with get, a function of a cache.
func (l *load) readOne(
	by way, key string, get func(context.Context, string) (Value, error),
) {
	m := l.ledger.lookBy(by, key)
	var v Value
	err := l.do(func(ctx context.Context) (err error) {
		v, err = get(ctx, key)
		return err
	})
	switch {
	case err == nil:
		l.ledger.saw(key, v, m)
	case errors.Is(err, cache.ErrNotFound):
		l.ledger.missed(key, m)
	}
}

// write writes one or several records that only this writer writes.
func (c *caller) write(writer int) {
	switch c.r.IntN(4) {
	case 0:
		c.writeMany(writer)
		return
	case 1:
		key := plainKey(writer, c.r.IntN(plainKeys))
		version, m := c.ledger.issue(key)
		begun := time.Now()
		err := c.do(func(ctx context.Context) error {
			return c.cache.Update(ctx, key, newValue(key, version, writer))
		})
		switch {
		case err == nil:
			c.acked(key, version, m, time.Since(begun))
		case errors.Is(err, cache.ErrNotFound):
			c.ledger.missed(key, m)
		}
		return
	}
	c.set(plainKey(writer, c.r.IntN(plainKeys)), writer, c.terms()...)
}

// acked notes that a plain write of this step succeeded, and how long it took.
func (c *caller) acked(key string, version int64, m moment, took time.Duration) {
	c.ledger.ack(key, version, m, took)
	c.ledger.wrote(c.cache, key, version, m)
}

// set writes a record and reports whether that succeeded. m is the moment when it began.
func (c *caller) set(key string, writer int, opts ...cache.SetOption) (m moment, ok bool) {
	version, m := c.ledger.issue(key)
	begun := time.Now()
	err := c.do(func(ctx context.Context) error {
		return c.cache.Set(ctx, key, newValue(key, version, writer), opts...)
	})
	if err == nil {
		c.acked(key, version, m, time.Since(begun))
	}
	return m, err == nil
}

func (c *caller) writeMany(writer int) {
	records, versions, moments := map[string]Value{}, map[string]int64{}, map[string]moment{}
	for range 3 {
		key := plainKey(writer, c.r.IntN(plainKeys))
		if _, twice := records[key]; !twice {
			versions[key], moments[key] = c.ledger.issue(key)
			records[key] = newValue(key, versions[key], writer)
		}
	}
	begun := time.Now()
	if c.do(func(ctx context.Context) error { return c.cache.SetMany(ctx, records) }) == nil {
		took := time.Since(begun)
		for key, version := range versions {
			c.acked(key, version, moments[key], took)
		}
	}
}

// modify increments a shared record.
func (c *caller) modify(writer int) {
	n := c.r.IntN(sharedKeys)
	key := c.sharedKey(n)
	m := c.ledger.look(key)
	var v Value
	err := c.do(func(ctx context.Context) (err error) {
		next := c.counter(key, writer, m)
		v, err = c.cache.Modify(ctx, key, func(old Value) (Value, error) { return next(old, true) })
		return err
	})
	switch {
	case err == nil:
		c.ledger.modified(key, v.Version, writer, m)
		c.ledger.wrote(c.cache, key, v.Version, m)
	case errors.Is(err, cache.ErrNotFound):
		c.ledger.missed(key, m)
		if n%writers == writer {
			c.generations[n].Add(1)
			c.create(c.sharedKey(n), writer)
		}
	}
}

// create writes a record that is missing. It uses Add, which is not sent twice. A Set that is sent
// twice may be executed again after a Modify of what it wrote.
func (c *caller) create(key string, writer int) {
	version, m := c.ledger.issue(key)
	err := c.do(func(ctx context.Context) error {
		return c.cache.Add(ctx, key, newValue(key, version, writer))
	})
	if err == nil {
		c.acked(key, version, m, 0)
	}
}

// live writes a record, lets it expire or deletes it, and checks that no operation revives it.
func (c *caller) live(writer, life int) {
	key := fmt.Sprintf("mortal/%d/%d", writer, life)
	var opts []cache.SetOption
	expires := c.ownTerms() && c.r.IntN(2) == 0
	if expires {
		opts = append(opts, cache.WithTTL(shortTTL))
	}
	m, ok := c.set(key, writer, opts...)
	if !ok {
		return // it may be written late, and be alive then
	}
	if expires {
		time.Sleep(shortTTL + 5*time.Millisecond)
	} else if c.do(func(ctx context.Context) error { return c.cache.Delete(ctx, key) }) != nil {
		return
	}
	touches := []struct {
		op string
		do func(ctx context.Context) error
	}{
		{"Get", func(ctx context.Context) error { _, err := c.cache.Get(ctx, key); return err }},
		{"Touch", func(ctx context.Context) error { return c.cache.Touch(ctx, key) }},
		{"Update", func(ctx context.Context) error {
			return c.cache.Update(ctx, key, newValue(key, 1, writer))
		}},
		{"Modify", func(ctx context.Context) error {
			_, err := c.cache.Modify(ctx, key, func(v Value) (Value, error) { return v, nil })
			return err
		}},
	}
	c.r.Shuffle(len(touches), func(i, j int) { touches[i], touches[j] = touches[j], touches[i] })
	for _, touch := range touches {
		if err := c.do(touch.do); err == nil && c.ledger.unchanged(m) {
			c.ledger.complain("%s: %s of a record that was gone succeeded", key, touch.op)
		}
	}
}

// sweep makes a pass, which must remove nothing: every record that exists was used less than
// maxIdle ago. A pass is not logged as an operation. It may take long, and may fail long after the
// server is back, because it lacks its lease.
func (c *caller) sweep() {
	ctx, cancel := context.WithTimeout(context.Background(), 10*c.deadline)
	defer cancel()
	res, err := c.cache.Sweep(ctx, maxIdle)
	if err == nil {
		c.log.swept()
	}
	if res.Removed > 0 {
		c.ledger.complain("a sweep removed %d records that were in use: %+v", res.Removed, res)
	}
}
