package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9/logging"

	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/terminal"
)

func main() { os.Exit(start(os.Args[1:])) }

// patience is the time that an interrupted command may take to end properly. A sweep, for example,
// gives back its lease.
const patience = 2 * time.Second

// start runs a command line until it ends or is interrupted, and returns the exit code.
func start(args []string) int {
	logging.Disable() // go-redis writes to stderr
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	s := &session{in: os.Stdin, out: bufio.NewWriter(os.Stdout), stderr: os.Stderr}
	ended := make(chan error, 1)
	go func() { ended <- s.do(ctx, args) }()
	select {
	case err := <-ended:
		return s.report(err)
	case <-ctx.Done():
	}
	stop() // another signal ends the process at once
	select {
	case err := <-ended:
		return s.report(err)
	case <-time.After(patience): // the command still uses the session
		fmt.Fprintln(os.Stderr, "rediscache: interrupted; a server does not answer")
		return exitInterrupted
	}
}

// do runs a command line.
func (s *session) do(ctx context.Context, args []string) error {
	defer s.close()
	if len(args) == 0 {
		return s.write(overview())
	}
	switch name := args[0]; name {
	case "help", "-h", "-help", "--help":
		return s.help(args[1:])
	case "-version", "--version", "version":
		return s.write(version())
	}
	args, name := commandOf(args)
	c := find(name)
	switch {
	case name == "":
		return usage(`want: rediscache COMMAND; "rediscache help" lists the commands`)
	case c == nil:
		return usage(`there is no such command; "rediscache help" lists them`)
	}
	s.command = c.name
	act := c.make()
	positional, err := s.parse(c, act, args)
	if err != nil {
		return err
	}
	err = act.run(ctx, s, positional)
	_, said := errors.AsType[*failure](err)
	switch {
	case err == nil:
		return s.flush()
	case said || ctx.Err() == nil:
		return err
	case errors.Is(err, cache.ErrUnknownOutcome):
		return interrupted("it is not known whether the record was written")
	}
	return errInterrupted
}

// report writes the error of a command as one line, and returns the exit code.
func (s *session) report(err error) int {
	if err == nil {
		return exitOK
	}
	if c := code(err); c != exitOK { // exitOK is that of -h
		_ = s.flush() // prints what was found before the error
		words := []string{"rediscache"}
		for _, word := range []string{s.command, s.subject} {
			if word != "" {
				words = append(words, word)
			}
		}
		line := strings.Join(words, " ") + ": " + s.explain(err)
		fmt.Fprintln(s.stderr, terminal.Line(line))
		return c
	}
	return exitOK
}
