package faults

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/ttl"
)

// policies are both kinds. Under Active a read also writes.
var policies = map[string]ttl.Policy{"active": ttl.Active(5 * time.Minute),
	"fixed": ttl.Fixed(5 * time.Minute)}

// during is how long a refusal lasts.
const during = time.Second

// refusal is a way in which a server answers but refuses commands, until heal.
type refusal struct {
	name         string
	refuse, heal []any // commands
	sees         []string
}

var refusals = []refusal{
	{"out of memory", []any{"config", "set", "maxmemory", "1"},
		[]any{"config", "set", "maxmemory", "0"}, []string{"OOM"}},
	{"no scripts by ACL", []any{"acl", "setuser", "default", "-eval", "-evalsha"},
		[]any{"acl", "setuser", "default", "+@all"}, []string{"NOPERM"}},
	{"no writes by ACL", []any{"acl", "setuser", "default", "-@write"},
		[]any{"acl", "setuser", "default", "+@all"}, []string{"NOPERM", "ERR"}},
	{"a replica", []any{"replicaof", "127.0.0.1", "1"}, []any{"replicaof", "no", "one"},
		[]string{"READONLY"}},
}

// The server refuses for a while, under load.
func TestRefusals(t *testing.T) {
	t.Parallel()
	for _, tt := range refusals {
		for name, policy := range policies {
			t.Run(tt.name+" "+name, func(t *testing.T) {
				t.Parallel()
				s := redistest.Start(t)
				admin := s.Client(t)
				do := func(args []any) {
					t.Helper()
					if err := admin.Do(t.Context(), args...).Err(); err != nil {
						t.Error(err)
					}
				}
				core := name == "active" && tt.name == "out of memory"
				// A caller may wait until a lease ends that could not be given back.
				scenario{rdb: s.Client(t), limit: patient, policy: policy, sees: tt.sees,
					core: core, fault: func(l *load) {
						l.ledger.refuse()
						do(tt.refuse)
						time.Sleep(during)
						do(tt.heal)
						l.ledger.refuse()
					}}.run(t)
			})
		}
	}
}

// Under Active, a refusal makes the operations fail that the README names. The record and its TTL
// do not change.
func TestRefused(t *testing.T) {
	t.Parallel()
	everyWrite := []string{
		"Get", "GetMany", "Set", "SetMany", "Add", "Update", "UpdateField", "UpdateFields",
		"Modify", "Upsert", "Touch",
		"Delete", "DeleteMany", "Clear", "Sweep",
	}
	refused := map[string][]string{
		"out of memory": {"Set", "SetMany", "Add", "Update", "UpdateField", "UpdateFields",
			"Modify", "Upsert"},
		"no scripts by ACL": {"Add", "Update", "UpdateField", "UpdateFields", "Modify", "Upsert",
			"Touch", "Inspect"},
		"no writes by ACL": everyWrite,
		"a replica":        everyWrite,
	}
	for _, tt := range refusals {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t)
			rdb, admin := s.Client(t), s.Client(t)
			c := newCache(t, rdb, nil)
			if err := c.Set(t.Context(), "k", newValue("k", 1, 0)); err != nil {
				t.Fatal(err)
			}
			key := c.Name() + ":k"
			if err := admin.PExpire(t.Context(), key, time.Minute).Err(); err != nil {
				t.Fatal(err)
			}
			if err := admin.Do(t.Context(), tt.refuse...).Err(); err != nil {
				t.Fatal(err)
			}
			all := operationsOf(c)
			for _, op := range refused[tt.name] {
				if kind := kindOf(all[op](t.Context())); !slices.Contains(tt.sees, kind) {
					t.Errorf("%s fails by %q, want one of %q", op, kind, tt.sees)
				}
			}
			if got := admin.PTTL(t.Context(), key).Val(); got > time.Minute {
				t.Errorf("what was refused gave the record %v", got)
			}
			if v, err := c.Peek(t.Context(), "k"); err != nil || v.Version != 1 {
				t.Errorf("Peek reads version %d, %v", v.Version, err)
			}
			for _, op := range []string{"Len", "Keys", "All"} {
				if err := all[op](t.Context()); err != nil {
					t.Errorf("%s: %v", op, err)
				}
			}
			if tt.name == "out of memory" {
				for _, op := range []string{"Get", "GetMany", "Touch", "Delete"} {
					if err := all[op](t.Context()); err != nil {
						t.Errorf("%s: %v", op, err)
					}
				}
			}
		})
	}
}

// Memory runs out, and Redis evicts records. An evicted record is a miss and causes no error.
func TestEviction(t *testing.T) {
	t.Parallel()
	for _, how := range []string{
		"allkeys-lru", "allkeys-lfu", "allkeys-random", "volatile-lru", "volatile-lfu",
		"volatile-random", "volatile-ttl",
	} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t, "--maxmemory-policy", how, "--maxmemory", "4mb")
			admin := s.Client(t)
			scenario{rdb: s.Client(t), limit: patient, mayMiss: true, fault: func(*load) {
				junk, n := redistest.UniqueName(t), 0
				evicts := func() bool {
					return admin.InfoMap(t.Context(), "stats").Item("Stats", "evicted_keys") != "0"
				}
				for begun := time.Now(); time.Since(begun) < during || !evicts(); {
					if time.Since(begun) > time.Minute {
						t.Error("nothing is evicted")
						return
					}
					_, err := admin.Pipelined(t.Context(), func(p redis.Pipeliner) error {
						for range 20 {
							n++
							p.Set(t.Context(), fmt.Sprint(junk, n), strings.Repeat("x", 5_000),
								time.Minute)
						}
						return nil
					})
					if err != nil {
						t.Error(err)
					}
					time.Sleep(5 * time.Millisecond)
				}
			}}.run(t)
		})
	}
}

// The disk is full, so Redis cannot write its AOF and refuses writes.
func TestDiskFull(t *testing.T) {
	t.Parallel()
	for name, policy := range policies {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Start(t, "--appendonly", "yes")
			admin := s.Client(t)
			writes := func(status string) {
				t.Helper()
				until(t, "the AOF is "+status, func(ctx context.Context) bool {
					return admin.InfoMap(ctx, "persistence").Item("Persistence",
						"aof_last_write_status") == status
				})
			}
			sees := []string{"MISCONF"}
			scenario{rdb: s.Client(t), limit: patient, policy: policy, sees: sees,
				fault: func(l *load) {
					l.ledger.refuse()
					s.FillDisk(t)
					writes("err")
					time.Sleep(during)
					s.FreeDisk(t)
					writes("ok")
					l.ledger.refuse()
				}}.run(t)
		})
	}
}
