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

Compares the codecs JSON, MsgPack and Proto on generated user profiles, sessions,
products and feeds of posts, and says which one suits each.

  -data file.json     compare them on the records of this file first: tweets,
                      GitHub events, or any array of JSON objects
  -compress           and each codec with compression: S2 and Zstandard
  -html report.html   write a page with charts too
  -json report.json   write the figures as JSON too; - writes them to stdout in
                      place of the table
  -rounds n           how often each codec has its turn; the default is 40, and
                      more take longer and say more
  -quick              five rounds, for a machine that checks whether it works

A path is seen from the folder benchmarks, where go -C goes first.

It runs on a Redis of its own inside this process, or on a real one where
REDIS_URL, REDIS_HOST or REDIS_ADDRS is set: then it shows the memory in Redis
too, cache.FromEnv reads the other variables (REDIS_PORT, REDIS_PASSWORD, ...),
and what it wrote there is removed at the end.

Exit codes: 0 all was measured, 1 a codec lost data or the run failed, 2 bad flags.
`

const (
	exitFailed = 1
	exitUsage  = 2
)

const quickRounds = 5

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	logging.Disable()              // go-redis would log each of its attempts to connect
	context.AfterFunc(ctx, stop)   // a second Ctrl-C ends the process at once
	signal.Ignore(syscall.SIGPIPE) // "… | head" must not keep the records from being removed
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// request is what the flags ask for.
type request struct {
	data, html, json string
	rounds           int
	compress         bool
}

// run is main without the process, and returns the exit code.
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
	flags.SetOutput(io.Discard) // what flag prints is not what this program says
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

// show compares and writes what was asked for, also where a codec failed.
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
