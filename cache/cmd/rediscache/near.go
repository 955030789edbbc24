package main

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/terminal"
	"github.com/activettl/rediscache/internal/names"
	"github.com/activettl/rediscache/internal/wire"
)

// near lists the processes that keep copies.
type near struct{ noFlags }

// connection is a connection on which a server reports writes.
type connection struct {
	Server string `json:"server"`
	ID     int64  `json:"id"`
	Addr   string `json:"addr"`
	Name   string `json:"name"`
	Age    int64  `json:"ageSeconds"`
	Idle   int64  `json:"idleSeconds"`
}

// channel is a channel on which a process checks that it receives these reports.
type channel struct {
	Server    string `json:"server"`
	Cache     string `json:"cache"`
	Channel   string `json:"channel"`
	Listeners int64  `json:"listeners"`
}

func (near) run(ctx context.Context, s *session, args []string) error {
	var only string
	if len(args) == 1 {
		t, err := s.open(ctx, args[0], false)
		if err != nil {
			return err
		}
		only = t.names.String()
	} else if err := s.connect(ctx); err != nil {
		return err
	}
	servers, _, err := s.wire.Servers(ctx)
	if err != nil {
		return err
	}
	found := 0
	for _, server := range servers {
		if only == "" {
			conns, err := s.connections(ctx, server)
			if err != nil {
				return err
			}
			found += len(conns)
			s.listConnections(conns)
		}
		channels, err := s.channels(ctx, server, only)
		if err != nil {
			return err
		}
		found += len(channels)
		s.listChannels(channels)
	}
	switch {
	case found > 0:
		return nil
	case only != "":
		return missing("no channel has this name; copies of the cache may belong to the channel " +
			`of another cache of the same client: "rediscache near" without NAME lists all`)
	}
	return missing("no process keeps copies in memory")
}

// ask1 sends one command to a server.
func ask1[C redis.Cmder](ctx context.Context, server wire.Server, cmd C) (C, error) {
	server.Send(ctx, []redis.Cmder{cmd})
	return cmd, wire.Err(cmd)
}

func addressOf(server wire.Server) string { return server.Options().Addr }

// connections returns those that track keys. All of them are subscribed to a channel. So it asks
// for subscribed connections only: a server may have thousands of others.
func (s *session) connections(ctx context.Context, server wire.Server) ([]connection, error) {
	cmd, err := ask1(ctx, server, redis.NewStringCmd(ctx, "client", "list", "type", "pubsub"))
	if err != nil {
		return nil, err
	}
	var all []connection
	for line := range strings.Lines(cmd.Val()) {
		fields := map[string]string{}
		for pair := range strings.FieldsSeq(line) {
			name, value, _ := strings.Cut(pair, "=")
			fields[name] = value
		}
		if !strings.Contains(fields["flags"], "t") {
			continue
		}
		number := func(name string) int64 {
			n, _ := strconv.ParseInt(fields[name], 10, 64)
			return n
		}
		all = append(all, connection{addressOf(server), number("id"), fields["addr"],
			fields["name"], number("age"), number("idle")})
	}
	return all, nil
}

// channels returns the channels of copies in memory, of one cache or of all.
func (s *session) channels(
	ctx context.Context, server wire.Server, only string,
) (all []channel, err error) {
	list, count := "channels", "numsub"
	if s.wire.Clustered() {
		list, count = "shardchannels", "shardnumsub"
	}
	cmd, err := ask1(ctx, server, redis.NewStringSliceCmd(ctx, "pubsub", list, names.Canaries))
	if err != nil {
		return nil, err
	}
	for _, name := range cmd.Val() {
		full, record, ok := names.Of(name)
		if !ok || record || only != "" && full != only {
			continue
		}
		n, err := ask1(ctx, server, redis.NewMapStringIntCmd(ctx, "pubsub", count, name))
		if err != nil {
			return nil, err
		}
		all = append(all, channel{addressOf(server), full, name, n.Val()[name]})
	}
	return all, nil
}

func (s *session) listConnections(all []connection) {
	for _, c := range all {
		if s.json {
			s.line(c)
			continue
		}
		name := ""
		if c.Name != "" {
			name = " " + terminal.Line(c.Name)
		}
		fmt.Fprintf(s.out, "%s: connection %d of %s%s, open for %d s, silent for %d s\n", c.Server,
			c.ID, terminal.Line(c.Addr), name, c.Age, c.Idle)
	}
}

func (s *session) listChannels(all []channel) {
	for _, c := range all {
		if s.json {
			s.line(c)
			continue
		}
		fmt.Fprintf(s.out, "%s: cache %s, channel %s, %s\n", c.Server, c.Cache,
			terminal.Line(c.Channel), terminal.Count(int(c.Listeners), "listener"))
	}
}
