package main

import (
	"flag"
	"fmt"
	"runtime/debug"
	"strings"
)

const intro = `rediscache shows and repairs the caches of package rediscache. It renews no
record.

  rediscache COMMAND [flags] [arguments]

`

const outro = `
NAME is the name of a cache: users, or shop/prod/users with its namespace.

The environment says where Redis is, as for programs that call cache.FromEnv:
REDIS_URL, or REDIS_HOST, REDIS_PORT, REDIS_ADDRS and so on. -url URL replaces
these. If the URL has no user or password, REDIS_USERNAME and REDIS_PASSWORD
still count. Put a password into the environment, since every user of the
machine can see arguments. For a cluster, set REDIS_ADDRS or give a URL with two
of its nodes.

Every command has the flags -url, -namespace, -json, -yes and -progress.
"rediscache help COMMAND" explains a command. "rediscache -version" prints the
version.

Exit codes:
  0    done
  1    failed
  2    wrong arguments or environment
  3    no such cache or key; for near, no process, or no channel of that name
  130  interrupted
`

// overview is the help of the tool.
func overview() string {
	var b strings.Builder
	b.WriteString(intro)
	width := 0
	for _, c := range commands() {
		width = max(width, len(c.name))
	}
	for _, c := range commands() {
		fmt.Fprintf(&b, "  %-*s  %s\n", width, c.name, c.summary)
		fmt.Fprintf(&b, "  %-*s      %s\n", width, "", c.examples[0])
	}
	b.WriteString(outro)
	return b.String()
}

// help prints the help of a command, or the overview.
func (s *session) help(args []string) error {
	if len(args) == 0 {
		return s.write(overview())
	}
	c := find(args[0])
	if c == nil {
		return usage(`there is no such command; "rediscache help" lists them`)
	}
	return s.write(c.help(s.flagSet(c, c.make())))
}

func (c *command) help(fs *flag.FlagSet) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s\n\n", strings.TrimSpace("rediscache "+c.name+" "+c.args))
	fmt.Fprintf(&b, "%s%s.\n\n%s\n\nExamples:\n\n", strings.ToUpper(c.summary[:1]), c.summary[1:],
		strings.TrimSpace(c.about))
	for _, example := range c.examples {
		fmt.Fprintf(&b, "  %s\n", example)
	}
	b.WriteString("\nFlags:\n\n")
	fs.VisitAll(func(f *flag.Flag) {
		kind, text := flag.UnquoteUsage(f)
		fmt.Fprintf(&b, "  %s\n      %s\n", strings.TrimSpace("-"+f.Name+" "+kind), text)
	})
	return b.String()
}

// version returns the version of the module, its revision and that of Go.
func version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "rediscache (unknown version)\n"
	}
	revision := ""
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			revision = " " + setting.Value
		}
	}
	return fmt.Sprintf("rediscache %s%s %s\n", info.Main.Version, revision, info.GoVersion)
}
