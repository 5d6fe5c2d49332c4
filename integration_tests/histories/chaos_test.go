package histories_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/effort"
	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// serverTimeout is how long a Data API may take to carry out a write of which the
// client hears nothing (v1.0.51, observed).
const serverTimeout = 20 * time.Second

// TestChaos syncs every mode over a network that fails one call in ten, and that leaves
// one insert in twenty without an answer. Each sync ends without an error, and what is
// stored is what an undisturbed run stores. The clock is made up: it jumps over every
// wait, so all times are those of production.
func TestChaos(t *testing.T) {
	t.Parallel()
	seed := effort.Seed(t)
	var failures atomic.Int64
	t.Cleanup(func() { require.Positive(t, failures.Load(), "calls that failed") })
	for _, backend := range Backends() {
		for i, mode := range syncModes() {
			t.Run(backend+"/"+mode.name, func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					// Time begins in the year 2000, when no start time is a generation yet.
					<-time.After(26 * 365 * 24 * time.Hour)
					failures.Add(chaosMode(t, backend, newSource(t, mode, seed+uint64(i)), seed))
				})
			})
		}
	}
}

// chaosMode returns how many calls failed.
func chaosMode(t *testing.T, backend string, s *source, seed uint64) (failures int64) {
	seeds := effort.Of(t, 1, 1, 2)
	if s.mode.keyed {
		seeds *= 3 // only here can a write that comes late undo a newer one
	}
	want, _ := chaosSync(t, backend, s, nil)
	for i := range seeds {
		c := &chaos{random: rand.New(rand.NewPCG(seed, uint64(i)))}
		got, n := chaosSync(t, backend, s, c)
		require.Zero(t, s.requireEqual(t, want, got, progress{{0, len(s.windows)}}), "seed %d", i)
		failures += int64(n)
	}
	return failures
}

// chaosSync runs the sync before undisturbed and then the sync over the given network;
// nil is a good one. It returns what is stored in the end.
func chaosSync(t *testing.T, backend string, s *source, c *chaos) (map[string]Document, int) {
	t.Helper()
	server, err := localastra.Open(localastra.Options{Memory: true, Backend: backend})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	embedder := embedtest.NewServer(embedtest.Options{Dimensions: 16, AnyKey: true})
	in := inProcess{config: historyInTheory(), data: server.Transport(), embedder: embedder.Transport()}
	require.NoError(t, in.write(t, s.mode.catalog(1), s.inputBefore()))
	old := generationsOf(snapshot(t, server))
	<-time.After(time.Minute)

	last, tooEarly := 0, error(nil)
	in.onLine = func(line string) {
		cursor := cursorOf(t, line, windowRecords)
		if cursor == 0 {
			return
		}
		if cursor != last+1 {
			tooEarly = errors.Join(tooEarly, fmt.Errorf("state %d follows %d", cursor, last))
		}
		last = cursor
		tooEarly = errors.Join(tooEarly, s.notStored(t, server, old, progress{{0, last}}))
	}
	if c != nil {
		in.data, in.embedder = c.data(server.Transport()), c.embedding(embedder.Transport())
	}
	require.NoError(t, in.write(t, s.mode.catalog(2), s.input(0, false)))
	require.NoError(t, tooEarly)
	require.Equal(t, len(s.windows), last, "all states came")
	failures := 0
	if c != nil {
		require.NoError(t, c.late.Wait())
		failures = c.failures
	}
	return withoutRun(t, s.mode, snapshot(t, server)), failures
}

// chaos is a bad network. What it does comes from random.
type chaos struct {
	late errgroup.Group // writes that nobody waits for

	mu       sync.Mutex
	random   *rand.Rand
	failures int
}

// below returns a number from 0 up to, without, n.
func (c *chaos) below(n int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.random.IntN(n)
}

// upTo returns a time below the limit.
func (c *chaos) upTo(limit time.Duration) time.Duration { return time.Duration(c.below(int(limit))) }

// hit reports whether this call is one in n that fails.
func (c *chaos) hit(n int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.random.IntN(n) > 0 {
		return false
	}
	c.failures++
	return true
}

// data is the way to the Data API.
func (c *chaos) data(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return nil, err
		}
		command, _, _ := strings.Cut(strings.TrimPrefix(strings.TrimSpace(string(body)), `{"`), `"`)
		switch {
		case command == "insertMany" && c.hit(20):
			return c.unanswered(next, r, body)
		case c.hit(10):
			return c.fail(next, r, body, command)
		}
		return next.RoundTrip(withBody(r, body))
	})
}

// fail is one of the ways in which a call goes wrong.
func (c *chaos) fail(next http.RoundTripper, r *http.Request, body []byte, command string) (*http.Response, error) {
	switch c.below(8) {
	case 0: // it never arrives
		return nil, reset()
	case 1: // its answer is lost
		if command == "deleteMany" || command == "updateMany" {
			return c.unanswered(next, r, body)
		}
		_, _ = next.RoundTrip(withBody(r, body))
		return nil, reset()
	case 2: // it is slow on its way
		select {
		case <-time.After(c.upTo(serverTimeout)):
			return next.RoundTrip(withBody(r, body))
		case <-r.Context().Done():
			return nil, r.Context().Err()
		}
	case 3: // it arrives twice
		_, _ = next.RoundTrip(withBody(r, body))
		return next.RoundTrip(withBody(r, body))
	case 4: // its answer is cut off
		res, err := next.RoundTrip(withBody(r, body))
		if err == nil {
			text, _ := io.ReadAll(res.Body)
			res.Body = io.NopCloser(io.MultiReader(bytes.NewReader(text[:c.below(len(text))]), cutOff{}))
		}
		return res, err
	case 5:
		return refusal(r, http.StatusTooManyRequests), nil
	case 6:
		return refusal(r, http.StatusInternalServerError), nil
	default:
		return refusal(r, http.StatusServiceUnavailable), nil
	}
}

// unanswered carries the write out, at once or within the server's timeout, and lets
// the client hear nothing of it: the connection breaks, or the time is up.
func (c *chaos) unanswered(next http.RoundTripper, r *http.Request, body []byte) (*http.Response, error) {
	detached := withBody(r.Clone(context.WithoutCancel(r.Context())), body)
	after := time.Duration(0)
	if c.below(3) > 0 {
		after = c.upTo(serverTimeout)
	}
	c.late.Go(func() error {
		<-time.After(after)
		_, err := next.RoundTrip(detached)
		return err
	})
	if c.below(3) > 0 {
		return nil, reset()
	}
	<-r.Context().Done()
	return nil, r.Context().Err()
}

// embedding is the way to the embedding service.
func (c *chaos) embedding(next http.RoundTripper) http.RoundTripper {
	return roundTripper(func(r *http.Request) (*http.Response, error) {
		if !c.hit(10) {
			return next.RoundTrip(r)
		}
		switch c.below(3) {
		case 0:
			return refusal(r, http.StatusTooManyRequests), nil
		case 1:
			return refusal(r, http.StatusInternalServerError), nil
		default:
			return nil, reset()
		}
	})
}

// reset is what a client sees of a connection that breaks.
func reset() error { return &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET} }

// refusal is an answer without a body.
func refusal(r *http.Request, status int) *http.Response {
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{}, Body: http.NoBody, Request: r,
	}
}

// cutOff is the end of a body that is shorter than announced.
type cutOff struct{}

// Read implements io.Reader.
func (cutOff) Read([]byte) (int, error) { return 0, io.ErrUnexpectedEOF }
