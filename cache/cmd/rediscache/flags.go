package main

import (
	"bufio"
	"context"
	"errors"
	"flag"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/wire"
)

// session is one run of the tool: the common flags and the connection.
type session struct {
	command string
	subject string // the cache, and the key, that an error is about

	url      string
	flagOf   map[string]string // the flags that have replaced variables
	json     bool
	yes      bool
	progress bool
	printing bool // to a terminal, where a line of progress would disturb

	in     *os.File
	out    *bufio.Writer
	stderr *os.File

	config cache.Config
	rdb    redis.UniversalClient // nil until connect
	wire   *wire.Client
}

// action is what a command does, with the flags of that command.
type action interface {
	flags(*flag.FlagSet)
	run(ctx context.Context, s *session, args []string) error
}

// flagSet returns the flags of a command: its own and the common ones.
func (s *session) flagSet(c *command, act action) *flag.FlagSet {
	fs := flag.NewFlagSet(c.name, flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	act.flags(fs)
	text(fs, &s.url, "url", "`URL` of Redis, such as redis://host:6379, or rediss:// for TLS")
	fs.Func("namespace", "the `namespace` before NAME; replaces the environment",
		func(text string) error {
			s.set("REDIS_NAMESPACE", "-namespace", text)
			return nil
		})
	fs.BoolVar(&s.json, "json", false, "print JSON, for programs")
	fs.BoolVar(&s.yes, "yes", false, "do not ask")
	fs.BoolVar(&s.progress, "progress", false,
		"show progress on stderr, even if it is not a terminal")
	return fs
}

// text defines a flag that takes a text. It refuses an empty text, which may come from an unset
// variable of the shell: the tool must not use the environment instead.
func text(fs *flag.FlagSet, to *string, name, usage string) {
	fs.Func(name, usage, func(text string) error {
		if strings.TrimSpace(text) == "" {
			return errors.New("empty")
		}
		*to = text
		return nil
	})
}

// parse reads the flags and returns the other arguments. Flags may stand before, between and after
// them. Two hyphens end the flags.
func (s *session) parse(c *command, act action, args []string) (positional []string, err error) {
	fs := s.flagSet(c, act)
	behind := []string(nil)
	for i, arg := range args {
		if arg == "--" {
			args, behind = args[:i], args[i+1:]
			break
		}
	}
	for {
		if err := fs.Parse(args); err != nil {
			return nil, s.refuse(c, fs, err)
		}
		if fs.NArg() == 0 {
			break
		}
		positional = append(positional, fs.Arg(0))
		args = fs.Args()[1:]
	}
	positional = append(positional, behind...)
	if n := len(positional); n < c.least || c.most >= 0 && n > c.most {
		return nil, usage("want: rediscache %s", strings.TrimSpace(c.name+" "+c.args))
	}
	return positional, nil
}

// refuse returns the error of flags that cannot be read. It shows no argument, because an argument
// may be a part of a value.
func (s *session) refuse(c *command, fs *flag.FlagSet, err error) error {
	switch text := err.Error(); {
	case err == flag.ErrHelp:
		if err := s.write(c.help(fs)); err != nil {
			return err
		}
		return &failure{code: exitOK}
	case strings.HasPrefix(text, "flag provided but not defined"):
		return usage(
			`there is no such flag; "rediscache help %s" lists the flags, and -- ends them`, c.name)
	case strings.HasPrefix(text, "flag needs an argument"):
		return usage("the flag %s needs a value",
			strings.TrimPrefix(text, "flag needs an argument: "))
	default:
		return usage("the flag %s does not take this value", flagIn(text))
	}
}

// flagIn returns the name of the flag in an error of package flag, such as
// invalid value "secret" for flag -top: parse error. The value itself may look like the rest.
func flagIn(text string) string {
	text = strings.TrimPrefix(strings.TrimPrefix(text, "invalid "), "boolean ")
	text = strings.TrimPrefix(text, "value ")
	if value, err := strconv.QuotedPrefix(text); err == nil {
		text = text[len(value):]
	}
	name, _, _ := strings.Cut(text, ":")
	return name[strings.LastIndex(name, " ")+1:]
}

// commandOf removes the name of the command from the arguments. Flags may stand before it.
func commandOf(args []string) (rest []string, name string) {
	var valued map[string]bool
	for i := 0; i < len(args); i++ {
		arg := args[i]
		if arg == "" || arg[0] != '-' {
			return slices.Delete(slices.Clone(args), i, i+1), arg
		}
		if valued == nil {
			valued = valuedFlags()
		}
		if valued[strings.TrimLeft(arg, "-")] {
			i++
		}
	}
	return nil, ""
}

// valuedFlags tells which flags of the commands are followed by a value.
func valuedFlags() map[string]bool {
	valued := map[string]bool{}
	for _, c := range commands() {
		new(session).flagSet(c, c.make()).VisitAll(func(f *flag.Flag) {
			b, ok := f.Value.(interface{ IsBoolFlag() bool })
			valued[f.Name] = !ok || !b.IsBoolFlag()
		})
	}
	return valued
}

// noFlags is for commands that have only the common flags.
type noFlags struct{}

func (noFlags) flags(*flag.FlagSet) {}

// write writes text to stdout.
func (s *session) write(text string) error {
	_, _ = s.out.WriteString(text)
	return s.flush()
}

// flush writes what is buffered.
func (s *session) flush() error {
	if s.out.Flush() != nil {
		return fail("cannot write to stdout")
	}
	return nil
}
