package cache_test

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/codec"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// Commands and round trips per operation are part of the contract.
func TestCommandsOnTheWire(t *testing.T) {
	ids := make([]int64, 100)
	records := map[int64]User{}
	for i := range ids {
		ids[i] = int64(i)
		records[ids[i]] = ann
	}
	type ops []struct {
		name  string
		do    func(u users) error
		want  map[string]int
		trips int // on one server
	}
	get := func(u users) error { _, err := u.Get(ctx(u.t), 1); return err }
	peek := func(u users) error { _, err := u.Peek(ctx(u.t), 1); return err }
	common := ops{
		{"Set", func(u users) error {
			return u.Set(ctx(u.t), 1, ann)
		}, map[string]int{"set": 1}, 1},
		{"Peek", peek, map[string]int{"get": 1}, 1},
		{"Update", func(u users) error {
			return u.Update(ctx(u.t), 1, bob)
		}, map[string]int{"evalsha": 1}, 1},
		{"UpdateField", func(u users) error {
			return u.UpdateField(ctx(u.t), 1, "age", 5)
		}, map[string]int{"getex": 1, "evalsha": 1}, 2},
		{"Modify", func(u users) error {
			_, err := u.Modify(ctx(u.t), 1, func(v User) (User, error) { v.Age++; return v, nil })
			return err
		}, map[string]int{"getex": 1, "evalsha": 1}, 2},
		{"Touch", func(u users) error {
			return u.Touch(ctx(u.t), 1)
		}, map[string]int{"evalsha": 1}, 1},
		{"Inspect", func(u users) error {
			_, err := u.Inspect(ctx(u.t), 1)
			return err
		}, map[string]int{"evalsha": 1}, 1},
		{"Delete", func(u users) error {
			return u.Delete(ctx(u.t), 1)
		}, map[string]int{"unlink": 1}, 1},
		{"SetMany", func(u users) error {
			return u.SetMany(ctx(u.t), records)
		}, map[string]int{"set": 100}, 1},
		{"Len", func(u users) error {
			_, err := u.Len(ctx(u.t))
			return err
		}, map[string]int{"scan": 1, "type": 100}, 2},
		{"DeleteMany", func(u users) error {
			_, err := u.DeleteMany(ctx(u.t), ids)
			return err
		}, map[string]int{"unlink": 100}, 1},
	}
	own := ops{
		{"Set own", func(u users) error {
			return u.Set(ctx(u.t), 1, ann, cache.WithTTL(2*hour))
		}, map[string]int{"evalsha": 1}, 1},
		{"Get own", get, map[string]int{"evalsha": 1}, 1},
		{"Peek own", peek, map[string]int{"evalsha": 1}, 1},
		{"UpdateField own", func(u users) error {
			return u.UpdateField(ctx(u.t), 1, "age", 5)
		}, map[string]int{"evalsha": 2}, 2},
		{"SetMany own", func(u users) error {
			return u.SetMany(ctx(u.t), records, cache.WithTTL(2*hour))
		}, map[string]int{"evalsha": 100}, 1},
		{"GetMany own", func(u users) error {
			_, err := u.GetMany(ctx(u.t), ids)
			return err
		}, map[string]int{"evalsha": 100}, 1},
	}
	getMany := func(u users) error { _, err := u.GetMany(ctx(u.t), ids); return err }
	tables := []struct {
		name string
		o    *cache.Options
		ops  ops
	}{
		{"active", active(), append(ops{
			{"Get", get, map[string]int{"getex": 1}, 1},
			{"GetMany", getMany, map[string]int{"getex": 100}, 1},
		}, append(common, own...)...)},
		{"fixed", fixed(), append(ops{
			{"Get", get, map[string]int{"get": 1}, 1},
			{"GetMany", getMany, map[string]int{"get": 100}, 1},
			{"Set own", func(u users) error {
				return u.Set(ctx(u.t), 1, ann, cache.WithTTL(2*hour))
			}, map[string]int{"set": 1}, 1},
		}, common...)},
		{"active with max age", active(ttl.MaxAge(24 * hour)), ops{
			{"Set", func(u users) error {
				return u.Set(ctx(u.t), 1, ann)
			}, map[string]int{"evalsha": 1}, 1},
			{"Get", get, map[string]int{"evalsha": 1}, 1},
			{"GetMany", getMany, map[string]int{"evalsha": 100}, 1},
		}},
	}
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		warm := newUsers(t, b, active()) // so that every node knows the scripts
		for id := range int64(40) {
			warm.set(id, ann, cache.WithTTL(hour))
			_, _ = warm.Get(ctx(t), id)
			_ = warm.Update(ctx(t), id, ann)
			_ = warm.UpdateField(ctx(t), id, "age", 1)
			_ = warm.Touch(ctx(t), id)
			_, _ = warm.Inspect(ctx(t), id)
		}
		aged := usersNamed(t, b, warm.Name(), active(ttl.MaxAge(24*hour)))
		for id := range int64(200) {
			_, _ = aged.Get(ctx(t), id)
		}
		wire := redistest.Wire(t, b.Client)
		for _, table := range tables {
			t.Run(table.name, func(t *testing.T) {
				u := newUsers(t, b, table.o)
				must(t, u.SetMany(ctx(t), records))
				must(t, getMany(u)) // now the cache knows the sizes of its records
				for _, op := range table.ops {
					wire.Reset()
					if err := op.do(u); err != nil {
						t.Fatalf("%s: %v", op.name, err)
					}
					got, trips := wire.Commands(), wire.RoundTrips()
					want, wantTrips := maps.Clone(op.want), op.trips
					if b.Kind == "cluster" { // each of the three primaries gets a SCAN
						if n := want["scan"]; n > 0 {
							want["scan"], wantTrips = 3*n, 3*wantTrips
						}
						for _, n := range want {
							if n == 100 && want["scan"] == 0 {
								wantTrips = 3
							}
						}
						if want["type"] > 0 { // the keys of a page are on one node
							wantTrips = 6
						}
					}
					if !maps.Equal(got, want) || trips != wantTrips {
						t.Errorf("%s sends %v in %d round trips, want %v in %d", op.name, got,
							trips, want, wantTrips)
					}
					if op.name == "Delete" {
						u.set(1, ann)
					}
				}
			})
		}
	})
}

// The first record with its own terms that a cache meets costs two commands.
func TestCommandsOnFirstMeeting(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		newUsers(t, b, active()).set(1, ann, cache.WithTTL(hour)) // now the server knows the script
		writer := newUsers(t, b, active())
		writer.set(1, ann, cache.WithTTL(hour))
		if _, err := writer.Get(ctx(t), 1); err != nil {
			t.Fatal(err)
		}
		reader := usersNamed(t, b, writer.Name(), active())
		wire := redistest.Wire(t, b.Client)
		for _, want := range []map[string]int{{"getex": 1, "evalsha": 1}, {"evalsha": 1},
			{"evalsha": 1}} {
			wire.Reset()
			if _, err := reader.Get(ctx(t), 1); err != nil {
				t.Fatal(err)
			}
			if got := wire.Commands(); !maps.Equal(got, want) {
				t.Errorf("Get sends %v, want %v", got, want)
			}
		}
	})
}

// The server counts the commands that the client sends.
func TestCommandsOnTheServer(t *testing.T) {
	rdb := redistest.Standalone(t).Client(t)
	u := mustNew[int64](t, rdb, redistest.UniqueName(t), jsonUsers, active())
	must(t, u.Set(ctx(t), 1, ann))
	got := redistest.Commands(t, rdb, func() {
		for range 10 {
			if _, err := u.Get(ctx(t), 1); err != nil {
				t.Error(err)
			}
		}
		must(t, u.Set(ctx(t), 1, ann))
		if _, err := u.Peek(ctx(t), 1); err != nil {
			t.Error(err)
		}
		must(t, u.Delete(ctx(t), 1))
	})
	if want := map[string]int{"getex": 10, "set": 1, "get": 1, "unlink": 1}; !maps.Equal(got,
		want) {
		t.Errorf("the server counted %v, want %v", got, want)
	}
}

// A record under the policy takes no more memory than a raw SET of its bytes.
func TestMemory(t *testing.T) {
	rdb := redistest.Standalone(t).Client(t)
	name := redistest.UniqueName(t)
	u := mustNew[string](t, rdb, name, jsonUsers, active())
	must(t, u.Set(ctx(t), "aaaa", ann))
	data, err := jsonUsers.Encode(ann)
	must(t, err)
	must(t, rdb.Set(ctx(t), name+":bbbb", data, hour).Err())
	ours, raw := rdb.MemoryUsage(ctx(t), name+":aaaa").Val(),
		rdb.MemoryUsage(ctx(t), name+":bbbb").Val()
	if ours != raw || raw == 0 {
		t.Errorf("a record takes %d bytes, raw SET PX takes %d", ours, raw)
	}
}

// A server that restarts or is flushed forgets its scripts. The cache sends them again.
func TestServerForgetsScripts(t *testing.T) {
	redistest.Each(t, func(t *testing.T, b *redistest.Backend) {
		u := newUsers(t, b, active())
		forget := func() { must(t, b.Client.ScriptFlush(ctx(t)).Err()) }
		forget()
		records := anns(50)
		must(t, u.SetMany(ctx(t), records, cache.WithTTL(2*hour)))
		forget()
		if got, err := u.GetMany(ctx(t), []int64{1, 2, 3}); len(got) != 3 || err != nil {
			t.Errorf("GetMany gives %v, %v", got, err)
		}
		for _, do := range []func() error{
			func() error { _, err := u.Get(ctx(t), 1); return err },
			func() error { return u.Update(ctx(t), 1, bob) },
			func() error { return u.UpdateField(ctx(t), 1, "age", 1) },
			func() error { return u.Touch(ctx(t), 1) },
			func() error { _, err := u.Inspect(ctx(t), 1); return err },
			func() error { return u.Set(ctx(t), 1, ann, cache.WithTTL(hour)) },
		} {
			forget()
			must(t, do())
		}
	})
}

// A large batch is cut into chunks, so that neither side holds all of it.
func TestChunks(t *testing.T) {
	rdb := redistest.Standalone(t).Client(t)
	name := redistest.UniqueName(t)
	redistest.CheckKeys(t, redistest.Standalone(t).Client(t), name)
	u := mustNew[int64](t, rdb, name, codec.String{}, nil)
	wire := redistest.Wire(t, rdb)
	few, many := map[int64]string{}, map[int64]string{}
	for id := range int64(20) {
		few[id] = strings.Repeat("x", 1<<20)
	}
	for id := range int64(2500) {
		many[id] = "x"
	}
	must(t, u.SetMany(ctx(t), few))
	if n := wire.RoundTrips(); n != 3 { // of at most 8 MiB
		t.Errorf("SetMany of 20 MiB takes %d round trips, want 3", n)
	}
	ids := slices.Collect(maps.Keys(many))
	for op, do := range map[string]func() error{
		"SetMany":    func() error { return u.SetMany(ctx(t), many) },
		"GetMany":    func() error { _, err := u.GetMany(ctx(t), ids); return err },
		"DeleteMany": func() error { _, err := u.DeleteMany(ctx(t), ids); return err },
	} {
		if op == "GetMany" {
			must(t, u.SetMany(ctx(t), many))
			must(t, do()) // now the cache knows the sizes of its records
		}
		wire.Reset()
		must(t, do())
		if n := wire.RoundTrips(); n != 3 { // of at most 1000 records
			t.Errorf("%s of 2500 records takes %d round trips, want 3", op, n)
		}
	}
}
