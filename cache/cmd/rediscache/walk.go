package main

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"time"

	"github.com/activettl/rediscache/cache/cmd/rediscache/internal/terminal"
	"github.com/activettl/rediscache/internal/store"
	"github.com/activettl/rediscache/internal/wire"
)

// walk calls visit with each page of keys, and returns the sum of its results. done describes that
// sum, such as "record counted". If a server does not answer, the walk goes on with the others. The
// walk ends if a server refuses a command, or if visit returns a failure.
func (s *session) walk(
	ctx context.Context, pages iter.Seq2[[]string, error], done string,
	visit func(keys []string) (int, error),
) (n int, err error) {
	p := s.newProgress(ctx)
	defer p.end()
	var errs []error
	for keys, err := range pages {
		var failed *failure
		if err == nil && ctx.Err() == nil {
			var some int
			some, err = visit(keys)
			n += some
		}
		if ctx.Err() != nil {
			return n, interrupted("%s", terminal.Done(n, done))
		}
		if errors.As(err, &failed) {
			return n, err
		}
		if err != nil {
			errs = append(errs, err)
			if wire.Answered(err) {
				break
			}
		}
		p.page(terminal.Done(n, done))
	}
	if len(errs) > 0 && n > 0 {
		return n, fail("%s, and then: %s", terminal.Done(n, done),
			s.explain(errors.Join(errs...)))
	}
	return n, errors.Join(errs...)
}

// progress shows how far a walk has come.
type progress struct {
	s     *session
	on    bool
	lines bool // stderr is no terminal
	next  time.Time
	shown bool
	pages int
	total int64 // keys of the database; 0 if not known
}

// On a terminal, a walk that ends before firstProgress shows nothing.
const (
	firstProgress = 300 * time.Millisecond
	everyProgress = 200 * time.Millisecond
	everyLine     = time.Second
)

func (s *session) newProgress(ctx context.Context) *progress {
	p := &progress{s: s, lines: !isTerminal(s.stderr)}
	p.on = s.progress || !p.lines && !s.printing
	if !p.on {
		return p
	}
	if !s.progress {
		p.next = time.Now().Add(firstProgress)
	}
	servers, _, err := s.wire.Servers(ctx)
	if err != nil {
		return p // the walk reports the error
	}
	for _, server := range servers {
		size, err := server.Size(ctx)
		if err != nil {
			return p
		}
		p.total += size
	}
	return p
}

// page counts a page, and shows what has been done so far.
func (p *progress) page(done string) {
	p.pages++
	seen := p.pages * store.PageKeys
	if p.total > 0 {
		done += fmt.Sprintf(", about %d %% of the keys", min(int64(seen)*100/p.total, 99))
	}
	p.show(done)
}

// show shows a text, unless it has just shown one.
func (p *progress) show(text string) {
	if !p.on || time.Now().Before(p.next) {
		return
	}
	text = fmt.Sprintf("%s %s: %s", p.s.command, p.s.subject, text)
	if p.lines {
		fmt.Fprintln(p.s.stderr, text)
		p.next = time.Now().Add(everyLine)
		return
	}
	fmt.Fprintf(p.s.stderr, "\r\x1b[K%s", text)
	p.shown, p.next = true, time.Now().Add(everyProgress)
}

// end clears the line.
func (p *progress) end() {
	if p.shown {
		fmt.Fprint(p.s.stderr, "\r\x1b[K")
		p.shown = false
	}
}
