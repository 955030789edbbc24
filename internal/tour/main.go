// Command tour shows what the library does. Each of its five scenes calls a cache, prints what it
// sees, and checks it. The scenes are in scenes.go, to be read.
//
//	go run ./internal/tour                        on a server inside this process
//	REDIS_HOST=localhost go run ./internal/tour   on a real server
//	go run ./internal/tour -data file.json        with the objects of a JSON file as records
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/redis/go-redis/v9/logging"
)

const usage = `usage: go run ./internal/tour [-data file.json]

Shows what the cache does in five scenes, and checks each of them.

  -data file.json   Use the objects of this file as records, the first 1000 of
                    them. The file holds a JSON array of objects, or an object
                    with one such array.

The tour runs on a Redis inside this process. If REDIS_URL, REDIS_HOST or
REDIS_ADDRS is set, it runs on that server, as cache.FromEnv reads the variables.
It removes what it wrote. The TTLs are always the tour's.

Exit codes: 0 all checks passed, 1 a check or the server failed, 2 wrong arguments
or a wrong file.
`

const (
	exitFailed = 1
	exitUsage  = 2

	timeout = time.Minute // of the whole tour
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	logging.Disable()              // go-redis logs each failed dial; the tour prints one error
	context.AfterFunc(ctx, stop)   // a second Ctrl-C ends the process at once
	signal.Ignore(syscall.SIGPIPE) // after "tour | head" the tour still removes its records
	code := run(ctx, openServer, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(code)
}

// run is main without the process. It returns the exit code.
func run(ctx context.Context, open opener, args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("tour", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	path := flags.String("data", "", "")
	err := flags.Parse(args)
	if errors.Is(err, flag.ErrHelp) {
		fmt.Fprint(stdout, usage)
		return 0
	}
	if err == nil && flags.NArg() > 0 {
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	}
	if err != nil {
		fmt.Fprintf(stderr, "tour: %v\n\n%s", err, usage)
		return exitUsage
	}
	records, err := readRecords(*path)
	if err != nil {
		fmt.Fprintf(stderr, "tour: %v\n", err)
		return exitUsage
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	if err := play(ctx, open, stdout, records); err != nil {
		fmt.Fprintf(stderr, "tour: %s\n", strings.ReplaceAll(err.Error(), "\n", "; "))
		return exitFailed
	}
	return 0
}
