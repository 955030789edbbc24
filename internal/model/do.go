package model

import (
	"errors"
	"fmt"
	"time"

	"github.com/activettl/rediscache/cache"
)

// do runs an operation on one or several keys. It returns what was seen of each, and the count of a
// DeleteMany.
func (m *member) do(o op, w *world) (got []seen, count int) {
	got = make([]seen, len(o.keys))
	one := &got[0]
	key := keyText(o.keys[0])
	var opts []cache.SetOption
	var err error
	switch o.name {
	case "Set own", "SetMany own", "Add own", "Upsert own":
		opts = append(opts, cache.WithTTL(o.d))
	}
	switch o.name {
	case "Set", "Set own":
		err = m.Set(ctx, key, Value{N: o.n}, opts...)
	case "Add", "Add own":
		err = m.Add(ctx, key, Value{N: o.n}, opts...)
	case "Upsert", "Upsert own":
		one.value, err = m.Upsert(ctx, key, func(v Value, found bool) (Value, error) {
			switch {
			case found:
				v.N++
			case v != Value{}:
				panic(fmt.Sprintf("Upsert found nothing, and gave %v", v))
			default:
				v.N = o.n
			}
			return v, nil
		}, opts...)
	case "Get":
		one.value, err = m.Get(ctx, key)
	case "Peek":
		one.value, err = m.Peek(ctx, key)
	case "Update":
		err = m.Update(ctx, key, Value{N: o.n})
	case "UpdateField":
		err = m.UpdateField(ctx, key, "m", o.n)
	case "UpdateFields":
		err = m.UpdateFields(ctx, key, map[string]any{"m": o.n, "n": o.n})
	case "Modify":
		one.value, err = m.Modify(ctx, key, func(v Value) (Value, error) { v.N++; return v, nil })
	case "Touch":
		err = m.Touch(ctx, key)
	case "Inspect":
		one.info, err = m.Inspect(ctx, key)
		if !one.info.Deadline.IsZero() {
			one.deadline = w.since(one.info.Deadline.UnixMilli())
		}
	case "Delete":
		err = m.Delete(ctx, key)
	case "GetMany":
		var found map[string]Value
		found, err = m.GetMany(ctx, keyTexts(o.keys))
		for i, k := range o.keys {
			v, ok := found[keyText(k)]
			if got[i].value = v; !ok {
				got[i].err = cache.ErrNotFound
			}
		}
	case "GetOrLoad", "GetOrLoad none", "GetOrLoad fails", "Reload", "Reload none", "Reload fails":
		one.value, err = m.load(o, key)
	case "GetOrLoadMany", "GetOrLoadMany none", "GetOrLoadMany fails":
		var found map[string]Value
		found, err = m.GetOrLoadMany(ctx, keyTexts(o.keys), o.loaderMany,
			cache.WaitFresh(2*time.Second))
		for i, k := range o.keys {
			v, ok := found[keyText(k)]
			if got[i].value = v; !ok {
				got[i].err = cache.ErrNotFound
			}
		}
	case "SetMany", "SetMany own":
		records := map[string]Value{}
		for _, k := range o.keys {
			records[keyText(k)] = Value{N: o.n}
		}
		err = m.SetMany(ctx, records, opts...)
	case "DeleteMany":
		count, err = m.DeleteMany(ctx, keyTexts(o.keys))
	default:
		panic("no such operation: " + o.name)
	}
	for _, err := range apart(err) {
		for i, k := range o.keys {
			if keyText(k) == keyOf(err) {
				got[i].err, got[i].cause = decision(err), err
				got[i].unknown = errors.Is(err, cache.ErrUnknownOutcome)
			}
		}
	}
	return got, count
}

// apart returns the errors that were joined.
func apart(err error) []error {
	if joined, ok := err.(interface{ Unwrap() []error }); ok {
		return joined.Unwrap()
	}
	if err == nil {
		return nil
	}
	return []error{err}
}

func keyOf(err error) string {
	if e, ok := errors.AsType[*cache.Error](err); ok {
		return e.Key
	}
	panic(fmt.Sprintf("an operation returned %v, and no *cache.Error", err))
}

func keyTexts(keys []int) (texts []string) {
	for _, k := range keys {
		texts = append(texts, keyText(k))
	}
	return texts
}

// String describes what was seen, in a failure.
func (s seen) String() string {
	switch {
	case s.cause != nil:
		return s.cause.Error()
	case s.info != cache.Info{}:
		return fmt.Sprintf("%+v (deadline %v)", s.info, s.deadline)
	}
	return fmt.Sprintf("%+v, %v", s.value, s.err)
}
