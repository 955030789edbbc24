// Command tour shows what the library does, in seconds: each step calls the cache, prints what it
// sees, and checks it.
//
//	go run ./internal/tour                        on a server inside this process
//	REDIS_HOST=localhost go run ./internal/tour   on yours
//
// It is meant to be read as well: tour.go makes the caches, steps.go has the calls that most
// programs need.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9/logging"
)

const usage = `usage: go run ./internal/tour

Shows what a typed Redis cache with an active TTL does, and checks that it is so.

It runs on a Redis of its own inside this process, or on a real one where
REDIS_URL, REDIS_HOST or REDIS_ADDRS is set. Then cache.FromEnv reads the other
variables too (REDIS_PORT, REDIS_PASSWORD, REDIS_TLS, ...), and the tour removes
what it wrote. The TTLs are the tour's own, so REDIS_DEFAULT_TTL and REDIS_ACTIVE_TTL
change nothing.

Exit codes: 0 all is as it says, 1 something is not, 2 bad flags.
`

const (
	exitFailed = 1
	exitUsage  = 2
)

// timeout bounds the whole tour; cleanupTimeout bounds what comes after it.
const (
	timeout        = time.Minute
	cleanupTimeout = 5 * time.Second
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	// go-redis would log each of its attempts to connect; the tour says once what is wrong
	logging.Disable()
	context.AfterFunc(ctx, stop)   // a second Ctrl-C ends the process at once
	signal.Ignore(syscall.SIGPIPE) // "tour | head" must not keep the tour from removing its records
	code := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process, and returns the exit code.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	return runOn(ctx, openServer, args, stdout, stderr)
}

// runOn is run on a server that may be another one than the environment names.
func runOn(ctx context.Context, open opener, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("tour", flag.ContinueOnError)
	flags.SetOutput(io.Discard) // what flag prints is not what this program says
	err := flags.Parse(args)
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, usage)
		return 0
	case err != nil:
		fmt.Fprintf(stderr, "tour: %s\n\n%s", oneLine(err), usage)
		return exitUsage
	}

	limited, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	err = onServer(limited, open, stdout, showSteps)
	switch {
	case err == nil:
		return 0
	case ctx.Err() != nil:
		fmt.Fprintf(stderr, "tour: stopped: %s\n", oneLine(err))
	case limited.Err() != nil:
		fmt.Fprintf(stderr, "tour: not done within %v: %s\n", timeout, oneLine(err))
	default:
		fmt.Fprintf(stderr, "tour: %s\n", oneLine(err))
	}
	return exitFailed
}
