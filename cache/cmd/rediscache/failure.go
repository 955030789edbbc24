package main

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/activettl/rediscache/cache"
)

// The exit codes.
const (
	exitOK          = 0
	exitFailure     = 1
	exitUsage       = 2
	exitNotFound    = 3
	exitInterrupted = 130
)

// failure is an error with an exit code.
type failure struct {
	code int
	text string
}

// Error implements error.
func (f *failure) Error() string { return f.text }

func fail(format string, args ...any) error {
	return &failure{exitFailure, fmt.Sprintf(format, args...)}
}

func usage(format string, args ...any) error {
	return &failure{exitUsage, fmt.Sprintf(format, args...)}
}

func missing(format string, args ...any) error {
	return &failure{exitNotFound, fmt.Sprintf(format, args...)}
}

var errInterrupted error = &failure{exitInterrupted, "interrupted"}

// interrupted says how far a command has come.
func interrupted(format string, args ...any) error {
	return &failure{exitInterrupted, "interrupted; " + fmt.Sprintf(format, args...)}
}

// code returns the exit code of an error.
func code(err error) int {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.code
	}
	switch {
	case errors.Is(err, cache.ErrNotFound):
		return exitNotFound
	case errors.Is(err, context.Canceled):
		return exitInterrupted
	}
	return exitFailure
}

// explain is the function explain, with advice if the client does not fit the server.
func (s *session) explain(err error) string {
	switch err.(type) {
	case *failure, *cache.Error: // a cache's error has the advice already
	default:
		if s.wire != nil {
			err = s.wire.Explain(err)
		}
	}
	return explain(err)
}

// explain returns the text of an error in one line, without the cache and the key: report puts them
// before it.
func explain(err error) string {
	if f, ok := errors.AsType[*failure](err); ok {
		return f.text
	}
	text := err.Error()
	if of, ok := err.(*cache.Error); ok {
		text = of.Err.Error()
	}
	var causes []string
	for line := range strings.Lines(text) {
		causes = append(causes, strings.TrimSpace(line))
	}
	return strings.Join(causes, "; ")
}
