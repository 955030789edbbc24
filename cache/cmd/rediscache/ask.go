package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

// ask asks on the terminal whether to go on. It returns an error if the answer is not yes.
func (s *session) ask(ctx context.Context, format string, args ...any) error {
	if s.yes {
		return nil
	}
	if err := s.canAsk(); err != nil {
		return err
	}
	fmt.Fprintf(s.stderr, format+" [y/N] ", args...)
	answer, err := wait(ctx, func() (string,
		error) {
		return bufio.NewReader(s.in).ReadString('\n')
	})
	if err != nil {
		fmt.Fprintln(s.stderr) // ends the line of the question
	}
	if ctx.Err() != nil {
		return errInterrupted
	}
	switch strings.ToLower(strings.TrimSpace(answer)) {
	case "y", "yes":
		return nil
	}
	return fail("not done: the answer was not yes")
}

// canAsk returns an error if stdin is not a terminal, so that nobody can answer.
func (s *session) canAsk() error {
	if !s.yes && !isTerminal(s.in) {
		return fail("not done: the command asks first, and stdin is not a terminal; " +
			"-yes skips the question")
	}
	return nil
}

// isTerminal reports whether a file is a terminal or another character device, except the null
// device.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// readAll reads stdin to its end, unless ctx ends before.
func (s *session) readAll(ctx context.Context) ([]byte, error) {
	data, err := wait(ctx, func() ([]byte, error) {
		return io.ReadAll(io.LimitReader(s.in, maxValueBytes+1))
	})
	switch {
	case ctx.Err() != nil:
		return nil, errInterrupted
	case err != nil:
		return nil, fail("cannot read stdin")
	case len(data) > maxValueBytes:
		return nil, fail("the value is larger than 512 MiB")
	}
	return data, nil
}

// wait returns the result of read, or an error if ctx ends before.
func wait[T any](ctx context.Context, read func() (T, error)) (v T, err error) {
	done := make(chan struct{})
	var got T
	var failed error
	go func() {
		defer close(done)
		got, failed = read()
	}()
	select {
	case <-done:
		return got, failed
	case <-ctx.Done():
		return v, ctx.Err()
	}
}
