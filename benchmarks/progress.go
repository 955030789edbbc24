package main

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// progress returns what shows the progress of a run on w, if that is a terminal, and what takes it
// away at the end.
func progress(w io.Writer) (show func(done, total int), end func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return nil, func() {}
	}
	bar := progressbar.NewOptions(1,
		progressbar.OptionSetWriter(f),
		progressbar.OptionSetDescription("measuring"),
		progressbar.OptionFullWidth(),
		progressbar.OptionSetPredictTime(true),
		// writing takes time from what is measured
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
	return func(done, total int) {
		bar.ChangeMax(total)
		_ = bar.Set(done) // a terminal that cannot be written to is no reason to stop
	}, func() { _ = bar.Finish() }
}
