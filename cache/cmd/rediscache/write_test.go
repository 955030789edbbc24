package main

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/codec/compress"
	"github.com/activettl/rediscache/codec/seal"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// terms returns the terms of a record: the type of its key, the elements of a list after the value,
// and the remaining TTL.
func (p place) terms(t *testing.T, key string) (string, time.Duration) {
	t.Helper()
	kind := p.client.Type(t.Context(), key).Val()
	rest := ""
	if kind == "list" {
		rest = fmt.Sprint(p.client.LRange(t.Context(), key, 1, -1).Val())
	}
	return kind + rest, p.client.PTTL(t.Context(), key).Val()
}

func TestSetKeepsTerms(t *testing.T) {
	each(t, func(t *testing.T, p place) {
		name, _ := p.name(t)
		aged := p.records(t, name, ttl.Active(time.Hour, ttl.MaxAge(2*time.Hour)))
		active := p.records(t, name, ttl.Active(time.Hour))
		must(t, active.Set(t.Context(), "plain", []byte("old")))
		must(t, active.Set(t.Context(), "own", []byte("old"), cache.WithTTL(time.Minute)))
		must(t, aged.Set(t.Context(), "aged", []byte("old")))
		// a later version may add elements
		must(t, p.client.RPush(t.Context(), name+":aged", "later").Err())
		for _, key := range []string{"plain", "own", "aged"} {
			// a while after its last use
			must(t, p.client.PExpire(t.Context(), name+":"+key, 40*time.Second).Err())
			before, left := p.terms(t, name+":"+key)
			p.want(t, "", "set", name, key, "new", "-yes")
			after, now := p.terms(t, name+":"+key)
			if before != after || now > left || now <= 0 {
				t.Errorf("%s: %s with %v left became %s with %v", key, before, left, after, now)
			}
			if v, err := active.Peek(t.Context(), key); string(v) != "new" {
				t.Errorf("%s is %q, %v", key, v, err)
			}
			p.want(t, fmt.Sprintf(`{"cache":%q,"key":%q,"created":false,"bytes":5}`+"\n", name,
				key),
				"set", name, key, "newer", "-yes", "-json", "-ttl", "90")
			if kind, left := p.terms(t, name+":"+key); kind != "list[90000 0]" ||
				left < time.Minute {
				t.Errorf("%s with -ttl: %s, %v", key, kind, left)
			}
		}
	})
}

func TestSetCreates(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	p.refuses(t, exitUsage, "rediscache set "+name+" k: there is no such record; a new one "+
		"needs -ttl, -policy-ttl or REDIS_DEFAULT_TTL", "set", name, "k", "secret")
	tests := []struct {
		args []string
		kind string
		most time.Duration
	}{
		{[]string{"-ttl", "1m"}, "list[60000 0]", time.Minute},
		{[]string{"-ttl", "1m", "-fixed"}, "string", time.Minute},
		{[]string{"-policy-ttl", "2h"}, "string", 2 * time.Hour},
		{[]string{"-policy-ttl", "2h", "-fixed"}, "string", 2 * time.Hour},
	}
	for i, tt := range tests {
		key := fmt.Sprint(i)
		got := p.pipe(t, "from\nstdin", append([]string{"set", name, key, "-", "-json"},
			tt.args...)...)
		want := fmt.Sprintf(`{"cache":%q,"key":%q,"created":true,"bytes":10}`+"\n", name, key)
		if got != (result{want, "", 0}) {
			t.Errorf("%q: %+v", tt.args, got)
		}
		kind, left := p.terms(t, name+":"+key)
		if kind != tt.kind || left > tt.most || left < tt.most/2 {
			t.Errorf("%q: %s, %v", tt.args, kind, left)
		}
		p.want(t, "from\nstdin", "get", name, key, "-raw")
	}
	if got := p.with("REDIS_DEFAULT_TTL", "60").run(t, "set", name, "env", "x"); got.code != 0 {
		t.Errorf("with REDIS_DEFAULT_TTL: %+v", got)
	}
	for _, bad := range []string{"0", "-1", "secret", "1us", "99999999999999999999"} {
		p.refuses(t, exitUsage, "rediscache set: the flag -ttl does not take this value", "set",
			name,
			"k", "x", "-ttl", bad)
	}
}

// set refuses a value that the readers of a record could not read, and keeps the layers.
func TestSetKeepsForm(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	json := codec.JSON[person]{}
	every := &compress.Options{Min: 1, Framed: true}
	tests := []struct {
		name   string
		codec  codec.Codec[person]
		value  string
		flags  []string
		refuse string
	}{
		{"JSON", json, `{"name":"Bob","age":5}`, nil, ""},
		{"text for JSON", json, "secret", nil, "the record holds a JSON object or list, and the " +
			"value is text; -raw writes the bytes as they are"},
		{"a number for an object", json, "5", nil, "the record holds a JSON object or list, and " +
			"the value is a single JSON value; -raw writes the bytes as they are"},
		{"JSON for MessagePack", codec.MsgPack[person]{}, `{"name":"Bob"}`, nil, "the record " +
			"holds MessagePack, and the value is a JSON object or list; -raw writes the bytes " +
			"as they are"},
		{"compressed", compress.Zstd(json, every), `{"name":"Bob","age":5}`, nil, ""},
		{"migrated", codec.Migrate(codec.Version(3, codec.Codec[person](json))),
			`{"name":"Bob","age":5}`, nil, ""},
		{"sealed", seal.New(compress.S2(json, nil), keyring(t, 5), nil), `{"name":"Bob","age":5}`,
			[]string{"-key-file", keyFile(t, 5)}, ""},
		{"sealed without a key", seal.New(json, keyring(t, 5), nil), `{"name":"Bob","age":5}`, nil,
			"the value is sealed: it needs key 5, if seal.Keys has made its AEAD; -key-file " +
				"names a file with the key, and -raw prints the bytes"},
	}
	for i, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			key := fmt.Sprint(i)
			users, err := cache.New[string](p.client, name, tt.codec, nil)
			must(t, err)
			defer users.Close()
			must(t, users.Set(t.Context(), key, ann))
			args := append([]string{"set", name, key, tt.value, "-yes"}, tt.flags...)
			if tt.refuse != "" {
				p.refuses(t, exitFailure, "rediscache set "+name+" "+key+": "+tt.refuse, args...)
				if got, err := users.Peek(t.Context(), key); got != ann {
					t.Errorf("it holds %v, %v", got, err)
				}
				return
			}
			p.want(t, "", args...)
			if got, err := users.Peek(t.Context(), key); got != (person{"Bob", 5}) {
				t.Errorf("it holds %v, %v", got, err)
			}
			p.want(t, "", append([]string{"field", name, key, "age=6"}, tt.flags...)...)
			if got, err := users.Peek(t.Context(), key); got != (person{"Bob", 6}) {
				t.Errorf("field: it holds %v, %v", got, err)
			}
		})
	}
	p.want(t, "", "set", name, "1", "raw", "-raw", "-yes")
	p.want(t, "raw", "get", name, "1", "-raw")
}

func TestField(t *testing.T) {
	const stored = `{"name":"Ann","age":31,"tags":["a","b"],"to":{"x.y":1},"no":null,"ok":true}`
	tests := []struct {
		args []string
		want string // "" if the record does not change
		code int
		line string
	}{
		{[]string{"age=32"}, strings.Replace(stored, "31", "32", 1), 0, ""},
		{[]string{"name=12 Elm St", "ok=false"}, strings.NewReplacer(`"Ann"`, `"12 Elm St"`,
			"true", "false").Replace(stored), 0, ""},
		{[]string{"tags[1]=é=", `to["x.y"]=18446744073709551615`}, strings.NewReplacer(`"b"`,
			`"é="`, ":1}", ":18446744073709551615}").Replace(stored), 0, ""},
		{[]string{"no=[1,2.5]"}, strings.Replace(stored, "null", "[1,2.5]", 1), 0, ""},
		{[]string{"age=null"}, strings.Replace(stored, "31", "null", 1), 0, ""},
		{[]string{"age=secret"}, "", exitFailure, ` k: the field "age" holds a number, and the ` +
			"value is a text; -force sets it anyway"},
		{[]string{"ok=1"}, "", exitFailure,
			` k: the field "ok" holds true or false, and the value ` +
				"is a number; -force sets it anyway"},
		{[]string{"tags[0]={}"}, "", exitFailure, ` k: the field "tags[0]" holds a text, and the ` +
			"value is an object; -force sets it anyway"},
		{[]string{"aeg=32"}, "", exitFailure, ` k: there is no field "aeg"; -force makes one`},
		{[]string{"to.z=1"}, "", exitFailure, ` k: there is no field "to.z"; -force makes one`},
		{[]string{"age.z=1"}, "", exitFailure, ` k: json: no field "age.z"`},
		{[]string{"tags[2]=x"}, "", exitFailure, ` k: json: no field "tags[2]"`},
		{[]string{"to=1", "-force"}, strings.Replace(stored, `{"x.y":1}`, "1", 1), 0, ""},
		{[]string{"-force", "new=x"}, strings.TrimSuffix(stored, "}") + `,"new":"x"}`, 0, ""},
		{[]string{"secret"}, "", exitUsage, ": want path=value to set a field"},
		{[]string{"age=1", "age=2"}, "", exitUsage, `: the path "age" is given twice`},
		{[]string{"age=1e999"}, "", exitUsage,
			`: the value for "age" is a number that cannot ` +
				"be stored exactly"},
	}
	each(t, func(t *testing.T, p place) {
		name, _ := p.name(t)
		for _, tt := range tests {
			key := name + ":k"
			must(t, p.client.Del(t.Context(), key).Err())
			must(t, p.client.RPush(t.Context(), key, stored, 60000, 0, "later").Err())
			must(t, p.client.PExpire(t.Context(), key, 30*time.Second).Err())
			args := append([]string{"field", name, "k"}, tt.args...)
			if tt.want == "" {
				tt.want = stored
				line := "rediscache field" + strings.TrimPrefix(" "+name+tt.line, " "+name+":")
				if strings.HasPrefix(tt.line, ":") {
					line = "rediscache field" + tt.line
				}
				p.refuses(t, tt.code, line, args...)
			} else {
				p.want(t, "", args...)
			}
			if got := p.client.LIndex(t.Context(), key, 0).Val(); got != tt.want {
				t.Errorf("%q: %s\nwant %s", tt.args, got, tt.want)
			}
			if kind, left := p.terms(t, key); kind != "list[60000 0 later]" ||
				left > 30*time.Second {
				t.Errorf("%q: %s, %v", tt.args, kind, left)
			}
		}
		p.refuses(t, exitNotFound, "rediscache field "+name+" no: record not found", "field", name,
			"no", "a=1")
		must(t, p.client.Set(t.Context(), name+":text", "secret", time.Minute).Err())
		p.refuses(t, exitFailure, "rediscache field "+name+" text: the value is text; only "+
			"JSON and MessagePack have fields", "field", name, "text", "a=1")
	})
}

// Changes that other programs make at the same time are not lost.
func TestFieldLosesNothing(t *testing.T) {
	p := at(t, redistest.Standalone(t))
	name, _ := p.name(t)
	counters, err := cache.New[string](p.client, name, codec.JSON[map[string]int]{}, nil)
	must(t, err)
	defer counters.Close()
	must(t, counters.Set(t.Context(), "k", map[string]int{"others": 0, "ours": 0}))
	ctx, stop := context.WithCancel(t.Context())
	done, n := make(chan error), 0
	go func() {
		for ctx.Err() == nil {
			_, err := counters.Modify(t.Context(), "k", func(m map[string]int) (map[string]int,
				error) {
				m["others"]++
				return m, nil
			})
			if err != nil {
				done <- err
				return
			}
			n++
		}
		done <- nil
	}()
	for i := range 5 {
		p.want(t, "", "field", name, "k", fmt.Sprintf("ours=%d", i))
	}
	stop()
	must(t, <-done)
	got, err := counters.Peek(t.Context(), "k")
	if err != nil || got["ours"] != 4 || got["others"] != n {
		t.Errorf("%v, %v after %d changes of others", got, err, n)
	}
}
