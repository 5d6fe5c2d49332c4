package connector_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

// beforehand is a control that does something before a request is answered, once.
func beforehand(do func()) localastra.ControlFunc {
	var done atomic.Bool
	return func(*http.Request, []byte) (bool, int, []byte) {
		if done.CompareAndSwap(false, true) {
			do()
		}
		return false, 0, nil
	}
}

// interrupted starts a write, lets it read the lines and interrupts it while
// the source has more to say.
func (w *world) interrupted(streams []configured, lines []string) result {
	ctx, cancel := context.WithCancel(w.t.Context())
	defer cancel()
	in, out := io.Pipe()
	var group errgroup.Group
	group.Go(func() error {
		for _, line := range lines {
			if _, err := io.WriteString(out, line+"\n"); err != nil {
				return err
			}
		}
		w.wait(time.Second)
		cancel()
		return nil
	})
	r := w.write(ctx, attempt{streams: streams, input: in})
	_ = in.Close()
	_ = group.Wait()
	return r
}

// wait lets time pass.
func (w *world) wait(d time.Duration) {
	select {
	case <-time.After(d):
	case <-w.t.Context().Done():
	}
}

// lateHeader marks a request that is carried out late.
const lateHeader = "Late"

// lateness is just under the 20 s after which the server gives up on a write.
const lateness = 19 * time.Second

// late carries out requests that were not answered.
type late struct {
	world *world
	group errgroup.Group
}

func (w *world) late() *late { return &late{world: w} }

// later does something when the server would at the latest.
func (l *late) later(do func()) {
	l.group.Go(func() error {
		l.world.wait(lateness)
		do()
		return nil
	})
}

// wait returns when all of it is done.
func (l *late) wait() { _ = l.group.Wait() }

// apply is a control that drops the connection and carries the request out late.
func (l *late) apply(r *http.Request, body []byte) (bool, int, []byte) {
	if r.Header.Get(lateHeader) != "" {
		return false, 0, nil
	}
	again := r.Clone(context.Background())
	again.Header.Set(lateHeader, "1")
	again.Body = io.NopCloser(bytes.NewReader(body))
	l.later(func() {
		if response, err := l.world.server.Transport().RoundTrip(again); err == nil {
			_ = response.Body.Close()
		}
	})
	return true, 0, nil
}

// later lets enough time pass for the next run to be another day's.
func (w *world) later() { w.wait(24 * time.Hour) }

// refuse is a control that answers with a status and no body.
func refuse(status int) localastra.ControlFunc {
	return func(*http.Request, []byte) (bool, int, []byte) { return true, status, nil }
}
