package histories_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/effort"
	"destination-astra/internal/embedtest"
	"destination-astra/internal/protocoltest"
	"destination-astra/localastra"
)

// object is JSON in the making.
type object = map[string]any

// TestCrash kills the binary at points spread over syncs of every mode and starts it
// again, until it is done: what is stored then is what an undisturbed run stores, and at
// no time was a state printed before its records were stored.
func TestCrash(t *testing.T) {
	t.Parallel()
	seed := effort.Seed(t)
	points := map[string]int{
		localastra.BackendAstra:     effort.Of(t, 8, 14, 50),
		localastra.BackendCassandra: effort.Of(t, 4, 4, 10),
	}
	for _, backend := range Backends() {
		for i, mode := range syncModes() {
			n := points[backend] / len(syncModes())
			if i < points[backend]%len(syncModes()) {
				n++
			}
			t.Run(backend+"/"+mode.name, func(t *testing.T) {
				t.Parallel()
				crashMode(t, backend, newSource(t, mode, seed+uint64(i)), seed, n)
			})
		}
	}
}

// crashMode tries n points of a mode.
func crashMode(t *testing.T, backend string, s *source, seed uint64, n int) {
	if n == 0 {
		return
	}
	calm := newHistory(t, backend, s)
	calm.attempt(t, crashPoint{})
	require.True(t, calm.done)
	total := calm.requests
	want := withoutRun(t, s.mode, snapshot(t, calm.api.Server))
	require.Greater(t, total, 30, "requests to be killed at")
	for i := range n {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(seed, uint64(i)))
			h := newHistory(t, backend, s)
			at := 1 + (total*i+random.IntN(total))/n // one point in each nth of the sync
			for kills := 1 + random.IntN(effort.Of(t, 1, 2, 3)); !h.done; kills-- {
				p := crashPoint{at: at, afterwards: random.IntN(2) == 0, lost: random.IntN(2) == 0}
				switch {
				case kills <= 0:
					p = crashPoint{}
				case random.IntN(4) == 0:
					p = crashPoint{state: 1 + at*inputWindows/total}
				}
				t.Logf("attempt from state %d, killed at %+v of %d requests", h.from, p, total)
				h.attempt(t, p)
				at = 1 + random.IntN(total/2)
			}
			merged := s.requireEqual(t, want, withoutRun(t, s.mode, snapshot(t, h.api.Server)), h.progress)
			t.Logf("attempts %v, %d documents merged", h.progress, merged)
		})
	}
}

// TestCrashMergesOnlyAcrossACheckpoint: of equal records on both sides of a state at which
// a crash comes, those behind it are taken for those before. Without a crash, and within
// a window, they stay as many as they are.
func TestCrashMergesOnlyAcrossACheckpoint(t *testing.T) {
	t.Parallel()
	twin := Note("s", 0, "twin")
	window := append(append([]string{twin}, Notes("s", 1, 98)...), twin) // 100 documents are a batch
	tests := map[string]struct {
		stream object
		crash  bool
		twins  int
	}{
		"append, no crash":  {StreamNamed("s", "append"), false, 3},
		"append, crash":     {StreamNamed("s", "append"), true, 2},
		"refresh, no crash": {StreamNamed("s", "append", Generation(2, 2)), false, 3},
		"refresh, crash":    {StreamNamed("s", "append", Generation(2, 2)), true, 2},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{})
			j := NewJob(t, ConfigFor(api.URL), CatalogOf(test.stream))
			p := Start(t, j.Dir, j.Args()...)
			p.Send(t, append(slices.Clone(window), State("s", 1))...)
			p.Await(t, `"cursor":1`)
			rest := []string{twin, State("s", 2), Status("s", "COMPLETE")}
			if test.crash {
				p.Signal(t, os.Kill, StopPatience)
				j.Write(t, rest...).Succeeded(t)
			} else {
				p.Send(t, rest...)
				require.NoError(t, p.Stdin.Close())
				p.Result(t).Succeeded(t)
			}
			stored := Texts(api.Stored(t), "text")
			twins := slices.DeleteFunc(slices.Clone(stored), func(text string) bool { return text != "text: twin" })
			require.Len(t, twins, test.twins)
			require.Len(t, stored, 98+test.twins)
		})
	}
}

// crashPoint is when the binary is killed; the zero value is never.
type crashPoint struct {
	at         int  // at the so-manieth request of the attempt, from 1
	afterwards bool // once it is carried out, before the answer
	lost       bool // what is under way at that time is never carried out
	state      int  // when this state is printed
}

// history is one sync from the first attempt until it is done.
type history struct {
	source   *source
	api      *DataAPI
	embedder *embedtest.Server
	old      map[string]bool // generations of the sync before
	from     int             // the state to resume from
	progress progress
	done     bool
	requests int // of the last attempt
}

// newHistory stores the sync before.
func newHistory(t *testing.T, backend string, s *source) *history {
	t.Helper()
	h := &history{
		source: s, api: NewDataAPI(t, localastra.Options{Backend: backend}),
		embedder: embedtest.NewServer(embedtest.Options{Dimensions: 16, AnyKey: true}),
	}
	in := inProcess{config: historyConfig("http://localhost"), data: h.api.Transport(), embedder: h.embedder.Transport()}
	require.NoError(t, in.write(t, s.mode.catalog(1), s.inputBefore()))
	h.old = generationsOf(snapshot(t, h.api.Server))
	return h
}

// attempt runs the binary until it is done or killed at the point.
func (h *history) attempt(t *testing.T, point crashPoint) {
	t.Helper()
	g := newGate(h, point)
	listener := httptest.NewServer(g)
	j := NewJob(t, historyConfig(listener.URL), h.source.mode.catalog(2))
	p := StartEnv(t, j.Dir, []string{"HTTP_PROXY=" + listener.URL}, j.Args()...)
	passing := point != crashPoint{} && h.source.passing()
	var feed errgroup.Group
	feed.Go(func() error {
		_, _ = io.WriteString(p.Stdin, Lines(h.source.input(h.from, passing)...)) // fails when it is killed
		return p.Stdin.Close()
	})
	h.progress = append(h.progress, [2]int{h.from, h.from})
	killed := h.watch(t, p, g, point, passing)
	_ = feed.Wait() // as above
	r := p.Result(t)
	// The server stands still since the binary was killed: this is what it had stored.
	require.NoError(t, h.source.notStored(t, h.api.Server, h.old, h.progress))
	close(g.resume)
	listener.Close() // what was under way is carried out now, before the next attempt
	h.requests = int(g.seen.Load())
	if !killed {
		require.Zero(t, r.Code, "stdout: %s\nstderr: %s", r.Stdout, r.Stderr)
		protocoltest.Validate(t, []byte(r.Stdout))
		require.Equal(t, len(h.source.windows), h.progress[len(h.progress)-1][1], "all states came")
		h.done = !passing // else its caller takes it for failed, and tries again
	}
	h.from = h.progress[len(h.progress)-1][1]
	if h.source.mode.full {
		h.from, h.progress = 0, nil
		if h.done {
			h.progress = progress{{0, len(h.source.windows)}}
		}
	}
}

// watch reads stdout to its end, kills when the point is reached, and checks at each
// state that what precedes it is stored.
func (h *history) watch(t *testing.T, p *Process, g *gate, point crashPoint, passing bool) (killed bool) {
	t.Helper()
	records := windowRecords
	if passing {
		records++
	}
	kill := func() {
		if !killed {
			killed = true
			_ = p.Cmd.Process.Kill() // an error means that it has ended
		}
	}
	reached := g.reached
	last := &h.progress[len(h.progress)-1]
	for {
		select {
		case <-reached:
			reached = nil
			kill()
		case line, ok := <-p.Lines:
			if !ok {
				return killed
			}
			p.Stdout.WriteString(line)
			cursor := cursorOf(t, line, records)
			if cursor == 0 {
				continue
			}
			require.Equal(t, last[1]+1, cursor, "states in order")
			last[1] = cursor
			if cursor == point.state {
				kill()
			}
			if cursor%3 == 1 { // each of them would take most of the time
				require.NoError(t, h.source.notStored(t, h.api.Server, h.old, h.progress))
			}
		}
	}
}

// gate stands before both services of one attempt. At the crash point it holds all
// requests until resume is closed.
type gate struct {
	history         *history
	point           crashPoint
	seen            atomic.Int64
	reached, resume chan struct{}
	once            sync.Once
}

func newGate(h *history, point crashPoint) *gate {
	return &gate{history: h, point: point, reached: make(chan struct{}), resume: make(chan struct{})}
}

// ServeHTTP carries out requests also when who sent them is dead, as servers do.
func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the binary died while it sent this
	}
	n := int(g.seen.Add(1))
	isPoint := n == g.point.at
	held := g.point.at > 0 && n >= g.point.at && !(isPoint && g.point.afterwards)
	if held && g.hold() {
		return
	}
	request := r.Clone(context.WithoutCancel(r.Context()))
	request.Body = io.NopCloser(bytes.NewReader(body))
	recorder := httptest.NewRecorder()
	if strings.HasSuffix(r.URL.Path, "/embeddings") {
		g.history.embedder.ServeHTTP(recorder, request)
	} else {
		g.history.api.ServeHTTP(recorder, request)
	}
	if isPoint && g.point.afterwards {
		g.hold()
	}
	w.Header().Set("Content-Type", recorder.Header().Get("Content-Type"))
	w.WriteHeader(recorder.Code)
	_, _ = w.Write(recorder.Body.Bytes())
}

// hold reports the point, waits until the binary is dead, and reports whether the
// request is lost.
func (g *gate) hold() (lost bool) {
	g.once.Do(func() { close(g.reached) })
	<-g.resume
	return g.point.lost
}
