package main

import (
	"cmp"
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"

	"github.com/redis/go-redis/v9/logging"

	"github.com/activettl/rediscache/benchmarks/compare"
	"github.com/activettl/rediscache/cache"
)

const usage = `usage: go -C benchmarks run . [flags]

Compares the codecs JSON, MsgPack and Proto on generated records: user profiles,
sessions, products and feeds of posts. Prints a table for each and recommends a
codec.

  -data file.json     also compare them on the records of this file: tweets,
                      GitHub events, or any array of JSON objects
  -compress           also compare each codec with compression: S2 and Zstandard
  -html report.html   also write a page with charts
  -json report.json   also write the figures as JSON; with -json - they go to
                      stdout instead of the table
  -rounds n           turns of each codec; the default is 40; more take longer
                      and make the figures more reliable
  -quick              the same as -rounds 5, for a check that all works

go -C changes the directory, so relative paths start in the folder benchmarks.

The server is an embedded miniredis. To use a real server, set REDIS_URL,
REDIS_HOST or REDIS_ADDRS. cache.FromEnv then reads the other variables, such as
REDIS_PORT and REDIS_PASSWORD. The report then has the memory in Redis too. The
records have a TTL, and the command deletes them at the end.

Exit codes: 0 all codecs were measured; 1 a codec lost data, or the run failed;
2 a flag is wrong.
`

const (
	exitFailed = 1
	exitUsage  = 2
)

const quickRounds = 5

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	logging.Disable()              // go-redis would log each failed attempt to connect
	context.AfterFunc(ctx, stop)   // a second Ctrl-C ends the process at once
	signal.Ignore(syscall.SIGPIPE) // with "… | head", the records must still be deleted
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// request has the values of the flags.
type request struct {
	data, html, json string
	rounds           int
	compress         bool
}

// run is main for tests: it returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	req, err := parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "benchmarks: %v\n\n%s", err, usage)
		return exitUsage
	}
	if err := show(ctx, req, stdout, stderr); err != nil {
		if ctx.Err() != nil {
			err = fmt.Errorf("stopped: %w", err)
		}
		fmt.Fprintf(stderr, "benchmarks: %s\n",
			strings.ReplaceAll(err.Error(), "\n", "\nbenchmarks: "))
		return exitFailed
	}
	return 0
}

func parse(args []string) (req request, err error) {
	flags := flag.NewFlagSet("benchmarks", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // run prints errors and the usage
	for name, to := range map[string]*string{"data": &req.data, "html": &req.html,
		"json": &req.json} {
		flags.Func(name, "", func(path string) error {
			if *to = path; path == "" {
				return errors.New("no file is named")
			}
			return nil
		})
	}
	quick := flags.Bool("quick", false, "")
	flags.BoolVar(&req.compress, "compress", false, "")
	flags.IntVar(&req.rounds, "rounds", compare.DefaultRounds, "")
	if err := flags.Parse(args); err != nil {
		return req, err
	}
	given := map[string]bool{}
	flags.Visit(func(f *flag.Flag) { given[f.Name] = true })
	switch {
	case flags.NArg() > 0:
		return req, fmt.Errorf("unexpected argument %q", flags.Arg(0))
	case req.rounds < 1:
		return req, errors.New("-rounds takes a number from 1")
	case *quick && given["rounds"]:
		return req, errors.New("-quick and -rounds exclude each other")
	case *quick:
		req.rounds = quickRounds
	}
	return req, nil
}

// show compares the codecs and writes the report, also if a codec failed.
func show(ctx context.Context, req request, stdout, stderr io.Writer) error {
	options := &compare.Options{Rounds: req.rounds}
	if cmp.Or(os.Getenv("REDIS_URL"), os.Getenv("REDIS_HOST"), os.Getenv("REDIS_ADDRS")) != "" {
		cfg, err := cache.FromEnv()
		if err != nil {
			return err
		}
		rdb := cfg.Client()
		defer rdb.Close()
		options.Client = rdb
	}
	groups, err := builtIn()
	if err != nil {
		return err
	}
	if req.data != "" {
		own, err := load(req.data)
		if err != nil {
			return err
		}
		groups = append([]compare.Group{own}, groups...)
	}
	if req.compress {
		for i := range groups {
			groups[i] = groups[i].Compressed()
		}
	}
	var done func()
	options.Progress, done = progress(stderr)
	report, failed := compare.Run(ctx, groups, options)
	done()
	if report == nil {
		return failed
	}
	errs := []error{failed}
	if req.html != "" {
		errs = append(errs, writeFile(req.html, report.WriteHTML))
	}
	if req.json != "" && req.json != "-" {
		errs = append(errs, writeFile(req.json, report.WriteJSON))
	}
	if req.json == "-" {
		errs = append(errs, report.WriteJSON(stdout))
	} else {
		errs = append(errs, report.WriteTable(stdout))
	}
	return errors.Join(errs...)
}

func writeFile(path string, write func(io.Writer) error) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	return errors.Join(write(f), f.Close())
}
