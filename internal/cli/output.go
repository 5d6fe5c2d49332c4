package cli

import (
	"bytes"
	"context"
	"errors"
	"io"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"destination-astra/internal/wait"
)

// outputGrace is how long after the end of a run's context its output may block. It leaves a
// write two of its nine seconds to wind down. A write that begins later has lastWord.
const (
	outputGrace = 7 * time.Second
	lastWord    = 100 * time.Millisecond
)

// errBlocked says that nobody reads our output, so that the run cannot end in order.
var errBlocked = errors.New("the run was stopped and the output is blocked: nobody reads it")

// output is stdout or stderr. A reader that applies back-pressure may block a write for as long
// as it likes, unless the run is stopped: then the write fails after outputGrace. The first
// error is final and is kept, since not everybody who prints looks at it.
type output struct {
	out  io.Writer
	late context.Context // ends outputGrace after the run's

	mu     sync.Mutex
	err    error
	writes errgroup.Group // not waited for: a blocked write cannot be interrupted
}

// newOutput returns an output and the function that frees its timer.
func newOutput(ctx context.Context, out io.Writer) (*output, context.CancelFunc) {
	late, cancel := wait.Grace(ctx, outputGrace)
	return &output{out: out, late: late}, cancel
}

// Write writes p, or fails as described above.
func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.err != nil {
		return 0, o.err
	}
	type outcome struct {
		n   int
		err error
	}
	done := make(chan outcome, 1)
	own := bytes.Clone(p) // a write that is given up still reads it
	o.writes.Go(func() error {
		n, err := o.out.Write(own)
		done <- outcome{n, err}
		return nil
	})
	select {
	case w := <-done:
		o.err = w.err
		return w.n, w.err
	case <-o.late.Done():
	}
	select {
	case w := <-done:
		o.err = w.err
		return w.n, w.err
	case <-time.After(lastWord): // what does not block is still printed
		o.err = errBlocked
		return 0, o.err
	}
}

// Fd returns the descriptor of a file, so that a terminal is known as one.
func (o *output) Fd() uintptr {
	if f, ok := o.out.(interface{ Fd() uintptr }); ok {
		return f.Fd()
	}
	return ^uintptr(0)
}

// failed returns the first error.
func (o *output) failed() error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.err
}
