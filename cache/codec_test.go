package cache_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/internal/redistest"
)

// keyed is a codec of users that stores the key with the value, and decodes it for that key only.
type keyed struct{ codec.JSON[User] }

var errNoKey = errors.New("no key")

func (keyed) Encode(User) ([]byte, error) { return nil, errNoKey }
func (keyed) Decode([]byte) (User, error) { return User{}, errNoKey }

func (b keyed) EncodeFor(key string, v User) ([]byte, error) {
	data, err := b.JSON.Encode(v)
	return append([]byte(key+"\n"), data...), err
}

func (b keyed) DecodeFor(key string, data []byte) (User, error) {
	rest, ok := bytes.CutPrefix(data, []byte(key+"\n"))
	if !ok {
		return User{}, errors.New("of another key")
	}
	return b.JSON.Decode(rest)
}

func (b keyed) SetFieldsFor(key string, data []byte, fields map[string]any) ([]byte, error) {
	rest, ok := bytes.CutPrefix(data, []byte(key+"\n"))
	if !ok {
		return nil, errors.New("of another key")
	}
	rest, err := b.JSON.SetFields(rest, fields)
	return append([]byte(key+"\n"), rest...), err
}

// Each operation gives the codec the key of the record.
func TestBoundCodec(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for name, o := range map[string]*cache.Options{
			"plain": nil, "near": nearWith(cache.Near{}),
		} {
			if name == "near" && b.Mini != nil {
				continue
			}
			t.Run(name, func(t *testing.T) {
				c := mustNew[int64](t, b.Client, b.Name(), codec.Codec[User](keyed{}), o)
				must(t, c.Set(ctx(t), 1, ann))
				must(t, c.SetMany(ctx(t), map[int64]User{2: bob}))
				must(t, c.Add(ctx(t), 3, ann))
				must(t, c.Update(ctx(t), 3, bob))
				must(t, c.UpdateField(ctx(t), 1, "age", 40))
				must(t, c.UpdateFields(ctx(t), 2, map[string]any{"age": 41, "name": "Bo"}))
				_, err := c.Modify(ctx(t), 3, func(u User) (User, error) {
					u.Age = 42
					return u, nil
				})
				must(t, err)
				_, err = c.Upsert(ctx(t), 4, func(u User, _ bool) (User, error) { return ann, nil })
				must(t, err)
				loaded, err := c.GetOrLoad(ctx(t), 5, func(context.Context, int64) (User, error) {
					return bob, nil
				})
				wantUser(t, loaded, err, bob)
				_, err = c.Reload(ctx(t), 5, func(context.Context, int64) (User, error) {
					return ann, nil
				})
				must(t, err)
				got, err := c.Get(ctx(t), 1)
				want := ann
				want.Age = 40
				wantUser(t, got, err, want)
				many, err := c.GetMany(ctx(t), []int64{1, 2, 3, 4, 5})
				if err != nil || len(many) != 5 || many[2].Name != "Bo" || many[2].Age != 41 ||
					many[3].Age != 42 {
					t.Errorf("GetMany returns %v, %v", many, err)
				}
				n := 0
				for rec, err := range c.All(ctx(t)) {
					if n++; err != nil {
						t.Errorf("All: %v, %v", rec, err)
					}
				}
				if n != 5 {
					t.Errorf("All returns %d records", n)
				}
				data, err := b.Client.Get(ctx(t), c.Name()+":1").Result()
				must(t, err)
				must(t, b.Client.Set(ctx(t), c.Name()+":6", data, time.Hour).Err())
				_, err = c.Peek(ctx(t), 6)
				wantErr(t, err, cache.ErrDecode, "Peek", "6")
				err = c.UpdateField(ctx(t), 6, "age", 1)
				wantErr(t, err, cache.ErrDecode, "UpdateField", "6")
			})
		}
	})
}

// upper is a transform of the kind that users write.
type upper struct{}

func (upper) Apply(dst, data []byte, _ string) ([]byte, error) {
	return append(dst, "padding "+strings.ToUpper(string(data))...), nil
}

func (upper) Undo(dst, data []byte, _ string) ([]byte, error) {
	rest, ok := bytes.CutPrefix(data, []byte("padding "))
	if !ok {
		return dst, errors.New("no padding")
	}
	return append(dst, bytes.ToLower(rest)...), nil
}

// naive is a wrapper of the kind that users write: it hides the methods of the codec inside.
type naive struct{ inner codec.Codec[any] }

func (n naive) Encode(v any) ([]byte, error) {
	data, err := n.inner.Encode(v)
	return append(bytes.Repeat([]byte{' '}, 100), data...), err
}

func (n naive) Decode(data []byte) (any, error) { return n.inner.Decode(bytes.TrimSpace(data)) }

// A nil is refused with a wrapper as it is without one.
func TestNilBehindWrapper(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		for name, wrap := range map[string]codec.Codec[any]{
			"none":     codec.JSON[any]{},
			"Wrap":     codec.Wrap(codec.Codec[any](codec.JSON[any]{}), upper{}),
			"a user's": naive{codec.JSON[any]{}},
		} {
			t.Run(name, func(t *testing.T) {
				c := mustNew[int64](t, b.Client, b.Name(), wrap, nil)
				for _, v := range []any{nil, map[string]int(nil), []int(nil), (*int)(nil)} {
					wantErr(t, c.Set(ctx(t), 1, v), cache.ErrNilValue, "Set", "1")
				}
				must(t, c.Set(ctx(t), 1, map[string]any{"a": "b"}))
				got, err := c.Get(ctx(t), 1)
				if fmt.Sprint(got) != "map[a:b]" || err != nil {
					t.Errorf("got %v, %v", got, err)
				}
			})
		}
	})
}

// A value that the codec could not read back is not written.
func TestNothingUnreadableIsWritten(t *testing.T) {
	type holder struct{ A any }
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		c := mustNew[int64](t, b.Client, b.Name(), codec.MsgPack[holder]{}, nil)
		must(t, c.Set(ctx(t), 1, holder{"good"}))
		bad := map[int]string{1: "x"}
		wantErr(t, c.Set(ctx(t), 1, holder{bad}), cache.ErrEncode, "Set", "1")
		wantErr(t, c.UpdateField(ctx(t), 1, "A", bad), cache.ErrFieldValue, "UpdateField", "1")
		_, err := c.Modify(ctx(t), 1, func(h holder) (holder, error) { return holder{bad}, nil })
		wantErr(t, err, cache.ErrEncode, "Modify", "1")
		got, err := c.Get(ctx(t), 1)
		if got.A != "good" || err != nil {
			t.Errorf("got %v, %v", got, err)
		}
		// A value that the codec cannot write is ErrEncode: the record in Redis is not at fault.
		small := compress.S2(codec.JSON[holder]{}, &compress.Options{Max: 100})
		s := mustNew[int64](t, b.Client, b.Name(), small, nil)
		must(t, s.Set(ctx(t), 2, holder{"good"}))
		long := strings.Repeat("x", 200)
		wantErr(t, s.UpdateField(ctx(t), 2, "A", long), cache.ErrEncode, "UpdateField", "2")
		f := mustNew[int64](t, b.Client, b.Name(), codec.Codec[int](oneWay{}), nil)
		must(t, f.Set(ctx(t), 1, 1))
		_, err = f.Modify(ctx(t), 1, func(int) (int, error) { return 7, nil })
		wantErr(t, err, cache.ErrEncode, "Modify", "1")
	})
}

// oneWay encodes a 7 that it cannot decode.
type oneWay struct{ codec.JSON[int] }

func (o oneWay) Decode(data []byte) (int, error) {
	if string(data) == "7" {
		return 0, errors.New("bad luck")
	}
	return o.JSON.Decode(data)
}

// setter has a method that an earlier version asked codecs for.
type setter struct{ codec.String }

func (setter) SetField(v, name string, value any) (string, error) { return v, nil }

func TestNewChecksTheCodec(t *testing.T) {
	rdb := redistest.Start(t).Client(t)
	_, err := cache.New[int64](rdb, "users", codec.JSON[struct{ E error }]{}, nil)
	if err == nil || !strings.Contains(err.Error(), "cache users: json: field E of Go type") {
		t.Errorf("New with a type that cannot be decoded: %v", err)
	}
	_, err = cache.New[int64](rdb, "users",
		codec.Wrap(codec.Codec[error](codec.JSON[error]{}), upper{}), nil)
	if err == nil {
		t.Error("New accepts a type that cannot be decoded, behind a wrapper")
	}
	_, err = cache.New[int64](rdb, "users", codec.Codec[string](setter{}), nil)
	if err == nil || !strings.Contains(err.Error(), "SetField") {
		t.Errorf("a codec with SetField: %v", err)
	}
}

// In a rolling deploy, processes with an old and a new struct change fields of one record. Neither
// loses the other's changes.
func TestRollingDeployOfAStruct(t *testing.T) {
	type old struct {
		Name string `json:"name" msgpack:"name"`
		Age  int    `json:"age" msgpack:"age"`
	}
	type newer struct {
		Name  string         `json:"name" msgpack:"name"`
		Age   int            `json:"age" msgpack:"age"`
		Extra map[string]int `json:"extra" msgpack:"extra"`
	}
	deploy := func(t *testing.T, b *redistest.Backend, o codec.Codec[old], n codec.Codec[newer]) {
		name := b.Name()
		before := mustNew[int64](t, b.Client, name, o, nil)
		after := mustNew[int64](t, b.Client, name, n, nil)
		must(t, after.Set(ctx(t), 1, newer{"ann", 31, map[string]int{"a": 1}}))
		for i := range 20 {
			must(t, before.UpdateField(ctx(t), 1, "age", i))
			must(t, after.UpdateField(ctx(t), 1, "extra.b", i))
		}
		got, err := after.Get(ctx(t), 1)
		want, _ := json.Marshal(newer{"ann", 19, map[string]int{"a": 1, "b": 19}})
		if have, _ := json.Marshal(got); err != nil || !bytes.Equal(have, want) {
			t.Errorf("got %s, %v, want %s", have, err, want)
		}
	}
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		t.Run("JSON", func(t *testing.T) { deploy(t, b, codec.JSON[old]{}, codec.JSON[newer]{}) })
		t.Run("MsgPack", func(t *testing.T) {
			deploy(t, b, codec.MsgPack[old]{}, codec.MsgPack[newer]{})
		})
		t.Run("wrapped", func(t *testing.T) {
			deploy(t, b, codec.Wrap(codec.Codec[old](codec.JSON[old]{}), upper{}),
				codec.Wrap(codec.Codec[newer](codec.JSON[newer]{}), upper{}))
		})
	})
}
