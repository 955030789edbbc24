package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
)

// ask asks on the terminal whether to go on. An error says that it is not to be done.
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
		fmt.Fprintln(s.stderr) // behind the question
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

// canAsk says whether there is someone to ask.
func (s *session) canAsk() error {
	if !s.yes && !isTerminal(s.in) {
		return fail("not done: it asks first, and stdin is no terminal; " +
			"-yes does it without asking")
	}
	return nil
}

// isTerminal reports whether a file is a terminal, or another device of characters but the null
// device.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}

// readAll reads stdin to its end, and no longer than ctx lasts.
func (s *session) readAll(ctx context.Context) ([]byte, error) {
	data, err := wait(ctx, func() ([]byte, error) {
		return io.ReadAll(io.LimitReader(s.in, maxValueBytes+1))
	})
	switch {
	case ctx.Err() != nil:
		return nil, errInterrupted
	case err != nil:
		return nil, fail("stdin cannot be read")
	case len(data) > maxValueBytes:
		return nil, fail("the value has more than 512 MiB")
	}
	return data, nil
}

// wait returns what read returns, or an error when ctx ends before.
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
