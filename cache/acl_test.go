package cache_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
	"github.com/activettl/rediscache/sweep"
	"github.com/activettl/rediscache/ttl"
)

// aclLines reads the table of ACL lines in SECURITY.md: the rules for each use of a cache named
// users.
func aclLines(t *testing.T) map[string][]string {
	t.Helper()
	text, err := os.ReadFile("../.github/SECURITY.md")
	must(t, err)
	lines := map[string][]string{}
	for line := range strings.Lines(string(text)) {
		if use, rules, ok := strings.Cut(line, " | `ACL SETUSER app on >… "); ok {
			rules, _, _ = strings.Cut(strings.ReplaceAll(rules, `\|`, "|"), "`")
			lines[strings.TrimPrefix(use, "| ")] = strings.Fields(rules)
		}
	}
	return lines
}

// usage is a way to use a cache, which needs certain permissions.
type usage struct {
	o  *cache.Options
	db int
	do func(s *site) []error

	// Without these permissions an operation does less but returns no error. The server's ACL LOG
	// names them.
	quiet []string
}

var usages = map[string]usage{
	"Active": {o: active(), do: func(s *site) []error {
		return s.operate()
	}},
	"Active, `Options.AutoPipeline`": {o: autoPipelined(), do: func(s *site) []error {
		return s.operate()
	}},
	"Active, `ttl.Tolerance`": {o: active(ttl.Tolerance(time.Minute)), do: func(s *site) []error {
		return s.operate()
	}},
	"Active, `ttl.MaxAge`": {o: active(ttl.MaxAge(24 * hour)), do: func(s *site) []error {
		return s.operate()
	}},
	"Active, `cache.WithTTL`":       {o: active(), do: (*site).ownTerms},
	"Fixed":                         {o: fixed(), do: func(s *site) []error { return s.operate() }},
	"`All`, `Keys`, `Len`, `Clear`": {o: active(), do: (*site).walk},
	"`Sweep`, Active":               {o: active(), do: func(s *site) []error { return s.sweep() }},
	"`Sweep`, Active, with a `Progress`": {o: active(), quiet: []string{"+dbsize"},
		do: func(s *site) []error {
			return s.sweep(sweep.OnProgress(func(sweep.Progress) {}))
		}},
	"Fixed, `TrackAccess` and `Sweep`": {o: &cache.Options{TTL: fixed().TTL, TrackAccess: true},
		do: (*site).tracked, quiet: []string{"+zrangebyscore"}},
	"Active, in database 1": {o: active(), db: 1, do: func(s *site) []error { return s.operate() }},
}

// site is a server with two users: admin may do everything, app may not.
type site struct {
	t     *testing.T
	admin *redis.Client
	given *cache.Cache[string, User] // the admin's
	users *cache.Cache[string, User] // the user's
}

// put writes a record that was last used half an hour ago.
func (s *site) put(key string, opts ...cache.SetOption) {
	s.t.Helper()
	must(s.t, s.given.Set(ctx(s.t), key, ann, opts...))
	must(s.t, s.admin.PExpire(ctx(s.t), "users:"+key, hour/2).Err())
}

// operate runs every operation on single records. The record was written with opts.
func (s *site) operate(opts ...cache.SetOption) (errs []error) {
	s.t.Helper()
	for _, do := range single(s.users, ann) {
		s.put("a", opts...)
		if err := s.after(do(ctx(s.t), "a")); !errors.Is(err, cache.ErrExists) { // Add returns it
			errs = append(errs, err)
		}
	}
	must(s.t, s.admin.Unlink(ctx(s.t), "users:new").Err())
	errs = append(errs, s.after(s.users.Add(ctx(s.t), "new", ann)))
	errs = append(errs, s.after(s.users.Set(ctx(s.t), "new", ann)))
	return append(errs, s.several([]string{"GetMany", "SetMany", "DeleteMany"}, opts...)...)
}

func (s *site) several(names []string, opts ...cache.SetOption) (errs []error) {
	s.t.Helper()
	all := several(s.users, ann)
	for _, name := range names {
		s.put("a", opts...)
		errs = append(errs, s.after(all[name](ctx(s.t))))
	}
	return errs
}

func (s *site) walk() []error { return s.several([]string{"All", "Keys", "Len", "Clear"}) }

// ownTerms operates on records with and without their own terms, and overwrites one kind with the
// other.
func (s *site) ownTerms() []error {
	s.t.Helper()
	errs := s.operate()
	for _, opts := range [][]cache.SetOption{nil, {cache.WithTTL(2 * hour)}} {
		s.put("a", opts...)
		errs = append(errs, s.after(s.users.Set(ctx(s.t), "a", ann, cache.WithTTL(hour))))
	}
	return append(errs, s.operate(cache.WithTTL(hour))...)
}

// sweep makes a pass that finds a record to remove.
func (s *site) sweep(opts ...sweep.Option) []error {
	s.t.Helper()
	s.put("a")
	_, err := s.users.Sweep(ctx(s.t), hour/4, opts...)
	return []error{s.after(err)}
}

// tracked makes a pass with an index. It finds an idle record, a record that is not in the index,
// and an index entry without a record.
func (s *site) tracked() []error {
	s.t.Helper()
	errs := s.operate()
	for _, key := range []string{"idle", "dead"} {
		errs = append(errs, s.after(s.users.Set(ctx(s.t), key, ann)))
	}
	s.put("unknown")
	must(s.t, s.admin.Unlink(ctx(s.t), "users:dead").Err())
	for _, shard := range s.admin.Keys(ctx(s.t), "users!seen:*").Val() {
		must(s.t, s.admin.ZAddXX(ctx(s.t), shard, redis.Z{Member: "idle"}).Err()) // in 1970
	}
	_, err := s.users.Sweep(ctx(s.t), hour/4)
	return append(errs, s.after(err))
}

// after checks that an operation left no key without a TTL, and returns the operation's error.
func (s *site) after(err error) error {
	s.t.Helper()
	for _, key := range s.admin.Keys(ctx(s.t), "*").Val() {
		if s.admin.PTTL(ctx(s.t), key).Val() == -1 {
			s.t.Errorf("key %q has no TTL, after the error %v", key, err)
			must(s.t, s.admin.Unlink(ctx(s.t), key).Err())
		}
	}
	return err
}

// Each line of SECURITY.md is sufficient for its use. Without any one of its permissions, part of
// the use is refused.
func TestACL(t *testing.T) {
	lines := aclLines(t)
	for use, rules := range lines {
		u, ok := usages[use]
		if strings.HasPrefix(use, "on a cluster") {
			continue // see TestACLOfCluster
		}
		if !ok {
			t.Errorf("SECURITY.md has a line for %q, which no test uses", use)
			continue
		}
		t.Run(use, func(t *testing.T) {
			t.Parallel() // with the other uses: each has its own server
			admin := redistest.Start(t).Client(t, func(o *redis.UniversalOptions) { o.DB = u.db })
			takeApart(t, rules, u.quiet, func(rules []string) ([]error, []string) {
				return u.under(t, admin, rules), aclLog(t, admin)
			})
		})
	}
	for use := range usages {
		if lines[use] == nil {
			t.Errorf("SECURITY.md has no line for %q", use)
		}
	}
}

// takeApart checks that the rules are sufficient and that each is necessary. Without a rule, under
// must return an error. Without a quiet rule, the rule must be in missed instead. under runs the
// use, and returns its errors and the rules that ACL LOG names.
func takeApart(
	t *testing.T, rules, quiet []string,
	under func(rules []string) (errs []error, missed []string),
) {
	t.Helper()
	errs, _ := under(rules)
	if err := errors.Join(errs...); err != nil {
		t.Errorf("with all rules of the line: %v", err)
	}
	for i, rule := range rules {
		errs, missed := under(slices.Delete(slices.Clone(rules), i, i+1))
		isQuiet := slices.Contains(quiet, rule)
		if refused := slices.ContainsFunc(errs, denied); refused == isQuiet {
			t.Errorf("without %s: refused is %v, want %v: %v", rule, refused, !isQuiet, errs)
		}
		if isQuiet && !slices.Contains(missed, rule) {
			t.Errorf("without %s: ACL LOG does not name it", rule)
		}
	}
}

// allow gives user app these rules and removes all others.
func allow(t *testing.T, admin *redis.Client, rules []string) {
	t.Helper()
	must(t,
		admin.ACLSetUser(ctx(t), "app",
			slices.Concat([]string{"reset", "on", ">secret"}, rules)...).Err())
	must(t, admin.ACLLogReset(ctx(t)).Err())
}

// asApp makes a client log in as user app.
func asApp(o *redis.UniversalOptions) { o.Username, o.Password = "app", "secret" }

// under runs the usage as a user with these rules, and returns the errors.
func (u usage) under(t *testing.T, admin *redis.Client, rules []string) []error {
	t.Helper()
	must(t, admin.FlushAll(ctx(t)).Err())
	must(t, admin.ScriptFlush(ctx(t)).Err()) // so that EVAL is needed
	allow(t, admin, rules)
	// Like a program's client: it lacks the permission for CLIENT SETINFO, and works without it.
	rdb := redis.NewClient(&redis.Options{Addr: admin.Options().Addr, Username: "app",
		Password: "secret", DB: u.db})
	defer rdb.Close()
	s := &site{
		t: t, admin: admin,
		given: mustNew[string](t, admin, "users", jsonUsers, &cache.Options{TTL: u.o.TTL}),
		users: mustNew[string](t, rdb, "users", jsonUsers, u.o),
	}
	return u.do(s)
}

// denials are texts of errors about a missing permission. A client that may not send ASKING in a
// pipeline gets MOVED.
var denials = []string{
	"NOPERM",                              // of a command, and in a script of Redis 6.2
	"The user executing the script can't", // in a script of Redis 7.0 and 7.2
	"ACL failure in script",               // in a script of Redis 7.4 and later, and of Valkey
	": MOVED ",
}

// denied reports whether Redis returned err because a permission is missing.
func denied(err error) bool {
	text := fmt.Sprint(err)
	return slices.ContainsFunc(denials, func(part string) bool {
		return strings.Contains(text, part)
	})
}

// aclLog returns the rules that the ACL LOG names as missing.
func aclLog(t *testing.T, admin *redis.Client) (rules []string) {
	t.Helper()
	entries, err := admin.ACLLog(ctx(t), 100).Result()
	must(t, err)
	for _, e := range entries {
		rules = append(rules, "+"+e.Object)
	}
	return rules
}
