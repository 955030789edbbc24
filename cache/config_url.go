package cache

import (
	"crypto/tls"
	"net"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/internal/env"
)

// redisURL is REDIS_URL. The three parsers of go-redis read it. Their errors quote the URL, so they
// are never shown. Nor is the name of a parameter, which may be a part of a password.
type redisURL struct {
	config Config
	said   map[string]bool // the fields of Config that it sets, also to zero
}

// takesURL is the only error of a redisURL.
const takesURL = env.Takes("a URL such as rediss://user:password@host:6379/0, " +
	"redis://host1:6379,host2:6379 or unix:///run/redis.sock?db=0. In a password, special " +
	"characters are percent-encoded, such as %23 for #. After ? it takes go-redis' parameters")

// EnvDecode implements envconfig.Decoder.
func (u *redisURL) EnvDecode(s string) error {
	addrs, parsed, ok := splitURL(strings.TrimSpace(s))
	if !ok {
		return takesURL
	}
	options, ok := parseURL(parsed, len(addrs))
	if !ok || !u.set(parsed, addrs, options) {
		return takesURL
	}
	return nil
}

// splitURL returns the addresses of a URL, with ports, and the URL with only the first address. A
// unix socket has no addresses.
func splitURL(s string) (addrs []string, u *url.URL, ok bool) {
	scheme, rest, ok := strings.Cut(s, "://")
	if scheme = strings.ToLower(scheme); scheme == "valkey" || scheme == "valkeys" {
		scheme = "redis" + strings.TrimPrefix(scheme, "valkey")
	}
	// A bare # in a password would end the URL there.
	if !ok || !slices.Contains([]string{"redis", "rediss", "unix"}, scheme) ||
		strings.Contains(rest, "#") {
		return nil, nil, false
	}
	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	at := strings.LastIndex(authority, "@") + 1
	hosts := strings.Split(strings.Trim(authority[at:], ", "), ",")
	u, err := url.Parse(scheme + "://" + authority[:at] + strings.TrimSpace(hosts[0]) + tail)
	if err != nil {
		return nil, nil, false
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return nil, nil, false
	}
	if scheme == "unix" {
		return nil, u, u.Host == "" && strings.HasPrefix(u.Path, "/")
	}
	hosts = append(hosts, query["addr"]...)
	query.Del("addr")
	u.RawQuery = query.Encode()
	for i, host := range hosts {
		h := url.URL{Host: strings.TrimSpace(host)}
		if h.Port() == "" {
			hosts[i] = net.JoinHostPort(h.Hostname(), "6379")
		}
	}
	var checked env.Addrs
	err = checked.EnvDecode(strings.Join(hosts, ","))
	return checked, u, err == nil && len(checked) == len(hosts)
}

// parseURL returns the options that go-redis reads in a URL.
func parseURL(u *url.URL, addrs int) (o *redis.UniversalOptions, ok bool) {
	query := u.Query()
	var skip env.Bool // read here, since only two of the parsers know it
	if query.Has("skip_verify") &&
		(skip.EnvDecode(query.Get("skip_verify")) != nil || u.Scheme != "rediss") {
		return nil, false
	}
	query.Del("skip_verify")
	bare := *u
	bare.RawQuery = query.Encode()
	var read any
	var err error
	switch {
	case query.Get("master_name") != "":
		var f *redis.FailoverOptions
		f, err = redis.ParseFailoverURL(bare.String())
		read, ok = f, err == nil && !f.UseDisconnectedReplicas // that would have no effect
	case addrs > 1:
		// The parser for clusters ignores a path. A cluster has database 0 only.
		read, err = redis.ParseClusterURL(bare.String())
		ok = err == nil && slices.Contains([]string{"", "/", "/0"}, u.Path)
	default:
		read, err = redis.ParseURL(bare.String())
		ok = err == nil
	}
	if !ok {
		return nil, false
	}
	o = universal(read)
	o.TLSConfig = nil // it may hold the name of the first host for all hosts
	if skip {
		o.TLSConfig = &tls.Config{InsecureSkipVerify: true}
	}
	return o, true
}

// universal copies the fields that UniversalOptions shares with other options of go-redis.
func universal(options any) *redis.UniversalOptions {
	from, o := reflect.ValueOf(options).Elem(), &redis.UniversalOptions{}
	for f, to := range reflect.ValueOf(o).Elem().Fields() {
		if v := from.FieldByName(f.Name); v.IsValid() && v.Type() == f.Type {
			to.Set(v)
		}
	}
	if f, ok := options.(*redis.FailoverOptions); ok {
		o.ReadOnly = f.ReplicaOnly
	}
	return o
}

// set moves the options that Config has fields for into a Config, and keeps the rest in more.
func (u *redisURL) set(parsed *url.URL, addrs []string, o *redis.UniversalOptions) (ok bool) {
	c := Config{
		MasterName: o.MasterName, DB: o.DB, Username: o.Username, Password: NewSecret(o.Password),
		SentinelUsername: o.SentinelUsername, SentinelPassword: NewSecret(o.SentinelPassword),
		TLS: parsed.Scheme == "rediss", ClientName: o.ClientName, PoolSize: o.PoolSize,
		DialTimeout: o.DialTimeout, ReadTimeout: o.ReadTimeout,
	}
	switch {
	case parsed.Scheme == "unix":
		c.Host = parsed.Path
	case len(addrs) == 1 && c.MasterName == "":
		host, port, _ := net.SplitHostPort(addrs[0])
		c.Host = host
		c.Port, _ = strconv.Atoi(port) // splitURL has checked both
	default:
		c.Addrs = addrs
	}
	switch {
	case o.RouteByLatency:
		c.ReadFrom = ReadNearest
	case o.ReadOnly || o.RouteRandomly:
		c.ReadFrom = ReadReplica
	}
	u.said = map[string]bool{"Host": true, "Port": true, "Addrs": true, "MasterName": true,
		"TLS": true, "DB": parsed.Scheme != "unix" && len(parsed.Path) > 1 ||
			parsed.Query().Has("db")}
	for f, v := range reflect.ValueOf(c).Fields() {
		u.said[f.Name] = u.said[f.Name] || !v.IsZero()
	}
	more := *o
	more.Addrs, more.MasterName, more.DB, more.Username, more.Password = nil, "", 0, "", ""
	more.SentinelUsername, more.SentinelPassword, more.ClientName = "", "", ""
	more.PoolSize, more.DialTimeout, more.ReadTimeout = 0, 0, 0
	more.RouteByLatency, more.ReadOnly, more.RouteRandomly = false, false, false
	if !reflect.ValueOf(more).IsZero() {
		c.more = &more
	}
	u.config = c
	return sane(o)
}

// sane refuses numbers that make go-redis panic or allocate without limit.
func sane(o *redis.UniversalOptions) bool {
	for _, v := range reflect.ValueOf(*o).Fields() {
		if n, ok := v.Interface().(int); ok && (n < -1 || n > 1<<20) {
			return false
		}
	}
	return o.DB >= 0 && o.PoolSize >= 0 && o.PoolSize <= env.MaxPoolSize && o.DialTimeout >= 0
}
