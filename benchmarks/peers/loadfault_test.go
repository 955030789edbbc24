package peers

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/activettl/rediscache/benchmarks/internal/measure"
	"github.com/activettl/rediscache/benchmarks/internal/payload"
	"github.com/activettl/rediscache/benchmarks/internal/report"
	"github.com/activettl/rediscache/cache"
	"github.com/activettl/rediscache/internal/redistest"
)

const (
	faultWaiters = 10
	killLimit    = 20 * time.Second // deadline of a caller that waits for a killed process
	killSlack    = 250 * time.Millisecond
)

// faults measures a loader that panics, and a process that is killed while it loads.
func (b *bench) faults() *report.Table {
	turns := 3
	if *quick {
		turns = 1
	}
	t := &report.Table{
		Title: "A panic, and kill -9", Labels: 4,
		Note: fmt.Sprintf("A loader panics after 100 ms, while %d callers in its process wait. "+
			"All callers recover, as an HTTP server does for its handlers. A caller that gets a "+
			"panic and does not recover ends the process. The next call comes afterwards, from "+
			"another process. Callers have a deadline of %v. The last column is about a separate "+
			"run: kill -9 ends a process while it loads, and a caller in another process waits "+
			"for that load. The time is how long the caller still waits after kill -9 (median of "+
			"%d runs). Does not wait: the caller loaded by itself before kill -9. Bounds of "+
			"rediscache: errors, no panics; the next call loads at once; at most the Lease of %v "+
			"after kill -9.",
			faultWaiters, patient, turns, cache.DefaultLease),
		Head: []string{"Side", "panic: the caller gets", "waiting callers get",
			"the next call gets", "after kill -9 s"},
	}
	b.each("faults", func(test *testing.T, s loadSide) {
		first, waiting, next, took := b.panics(test, s)
		var after []float64
		for range turns {
			after = append(after, b.killed(test, s).Seconds())
		}
		median := measure.Summarize(after).Median
		waited := fmt.Sprintf("%.1f", median)
		switch {
		case after[turns-1] == 0:
			waited = "does not wait"
		case after[turns-1] >= killLimit.Seconds():
			waited = "over " + waited
		}
		t.Add(s.name, first, waiting, fmt.Sprintf("%s, %.0f ms", next, took.Seconds()*1e3), waited)
		if s.kind != ours {
			return
		}
		if first != "an error" || waiting != fmt.Sprintf("%d an error", faultWaiters) ||
			next != "the value" || took > time.Second {
			b.breaks("after a panic: %s, %s, %s after %v", first, waiting, next, took)
		}
		if worst := after[turns-1]; worst > (cache.DefaultLease + killSlack).Seconds() {
			b.breaks("after kill -9 of the loading process others wait %.1f s", worst)
		}
	})
	return t
}

// outcome calls get and returns its result in words.
func outcome(ctx context.Context, p process, id int64) (what string) {
	ctx, cancel := context.WithTimeout(ctx, patient)
	defer cancel()
	defer func() {
		if recover() != nil {
			what = "a panic"
		}
	}()
	switch _, err := p.get(ctx, id); {
	case err == nil:
		return "the value"
	case errors.Is(err, context.DeadlineExceeded):
		return "nothing in time"
	}
	return "an error"
}

// panics asks for a record whose first load panics. It returns what the first caller, the waiting
// callers and a later caller get.
func (b *bench) panics(t *testing.T, s loadSide) (first, waiting, next string, took time.Duration) {
	var calls atomic.Int64
	began := make(chan struct{}, faultWaiters)
	fleet := b.fleet(t, s, 2, func(ctx context.Context, id int64) (User, error) {
		if calls.Add(1) == 1 {
			close(began)
			time.Sleep(loadTime / 2)
			panic("a loader that panics")
		}
		return payload.Small.User, wait(ctx, 5*time.Millisecond)
	})
	var wg sync.WaitGroup
	wg.Go(func() { first = outcome(t.Context(), fleet[0], 1) })
	<-began
	got := make([]string, faultWaiters)
	for i := range got {
		wg.Go(func() { got[i] = outcome(t.Context(), fleet[0], 1) })
	}
	wg.Wait()
	begun := time.Now()
	next = outcome(t.Context(), fleet[1], 1)
	return first, counted(got), next, time.Since(begun)
}

// counted lists the texts, each with its number.
func counted(texts []string) string {
	slices.Sort(texts)
	var parts []string
	for i := 0; i < len(texts); {
		n := 1
		for i+n < len(texts) && texts[i+n] == texts[i] {
			n++
		}
		parts = append(parts, fmt.Sprintf("%d %s", n, texts[i]))
		i += n
	}
	return strings.Join(parts, ", ")
}

// childOf is the environment variable that makes TestLoadingChild the process to kill.
const childOf = "REDISCACHE_PEERS_LOADING"

// TestLoadingChild is a helper process of TestLoads, not a test. It loads a record until it is
// killed.
func TestLoadingChild(t *testing.T) {
	side, place, ok := strings.Cut(os.Getenv(childOf), "|")
	if !ok {
		t.Skip("only for TestLoads")
	}
	addr, name, _ := strings.Cut(place, "|")
	for _, s := range loadSides {
		if s.name == side {
			p := s.open(loadPlace{t, addr, name}, func(context.Context, int64) (User, error) {
				fmt.Println("loading")
				time.Sleep(time.Minute)
				return User{}, errors.New("this process was not killed in time")
			})
			_, err := p.get(t.Context(), 1)
			t.Error(err)
		}
	}
}

// killed kills a process that loads. It returns how long a caller in this process waits after that.
func (b *bench) killed(t *testing.T, s loadSide) time.Duration {
	name := redistest.UniqueName(t)
	child := exec.Command(os.Args[0], "-test.run=^TestLoadingChild$", "-test.timeout=90s")
	child.Env = append(os.Environ(), childOf+"="+s.name+"|"+b.addr+"|"+name)
	out, err := child.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := child.Start(); err != nil {
		t.Fatal(err)
	}
	end := sync.OnceFunc(func() {
		_ = child.Process.Kill()
		_ = child.Wait()
	})
	defer end()
	lines := bufio.NewScanner(out)
	for loading := false; !loading; {
		if !lines.Scan() {
			t.Fatalf("the child does not load: %v", lines.Err())
		}
		loading = lines.Text() == "loading"
	}
	own := s.open(loadPlace{t, b.addr, name}, func(ctx context.Context, id int64) (User, error) {
		return payload.Small.User, wait(ctx, 5*time.Millisecond)
	})
	ctx, cancel := context.WithTimeout(t.Context(), killLimit)
	defer cancel()
	done := make(chan error, 1)
	go func() {
		_, err := own.get(ctx, 1)
		done <- err
	}()
	select {
	case err := <-done: // it did not wait for the child
		if err != nil {
			t.Error(err)
		}
		return 0
	case <-time.After(2 * loadTime):
	}
	end()
	begun := time.Now()
	<-done // an error here is the deadline
	return time.Since(begun)
}
