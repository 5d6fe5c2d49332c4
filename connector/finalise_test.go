package connector_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// slowly is a control that has a command take a while; most is how many were under way at once.
func (w *world) slowly(most *int) localastra.ControlFunc {
	var mu sync.Mutex
	flying := 0
	count := func(n int) {
		mu.Lock()
		defer mu.Unlock()
		flying += n
		*most = max(*most, flying)
	}
	return func(*http.Request, []byte) (bool, int, []byte) {
		count(1)
		defer count(-1)
		w.wait(800 * time.Millisecond)
		return false, 0, nil
	}
}

// TestFinaliseBesideTheOtherStreams: deleting much takes a while. It is done with several calls
// at a time, the log tells how far it is, and the other stream's records and states go on.
func TestFinaliseBesideTheOtherStreams(t *testing.T) {
	onBothBackends(t, func(w *world) {
		const stale = 5000
		var lines []string
		for i := range stale {
			lines = append(lines, row("s", i, fmt.Sprint("old ", i)))
		}
		refresh := func(n int64) configured { return stream("s", toAppend, numbered(n, n, n), fullRefresh(false)) }
		w.sync(attempt{streams: []configured{refresh(4)}, lines: append(lines, complete("s"))})
		w.edits["processing.flush_interval_seconds"] = 1
		most := 0
		w.server.KeepControl("deleteMany", w.slowly(&most))
		in := &source{world: w}
		for _, line := range []string{row("s", 1, "new"), complete("s"), row("t", 1, "x"), streamState("t", 1)} {
			in.say(line)
		}
		in.steps = append(in.steps, func() { w.wait(10 * time.Minute) })
		started := time.Now()
		var stated time.Duration
		r := w.sync(attempt{streams: []configured{refresh(5), stream("t", toAppend, numbered(5, 0, 5))},
			input: in, onState: func(state) { stated = time.Since(started) }})
		require.Equal(w.t, []string{"new", "x"}, w.texts())
		require.EqualValues(w.t, stale, r.Deleted)
		require.LessOrEqual(w.t, stated, 3*time.Second, "the state of t does not wait for s")
		require.GreaterOrEqual(w.t, most, 4)
		require.True(w.t, slices.ContainsFunc(r.logs, func(line string) bool {
			return strings.HasPrefix(line, "INFO replacing the stream") && !strings.Contains(line, "deleted=0")
		}), r.logs)
		calls := r.sent["deleteMany"].Requests
		require.LessOrEqual(w.t, calls, int64(stale/20+20), "each call deletes as many as it may")
	})
}

// TestFinaliseAfterAnInterruption: a signal ends the deleting within a call.
func TestFinaliseAfterAnInterruption(t *testing.T) {
	onBothBackends(t, func(w *world) {
		var lines []string
		for i := range 2000 {
			lines = append(lines, row("s", i, fmt.Sprint("old ", i)))
		}
		s := func(n int64) []configured { return []configured{stream("s", toAppend, numbered(n, n, n))} }
		w.sync(attempt{streams: s(4), lines: append(lines, complete("s"))})
		stop := w.server.KeepControl("deleteMany", func(*http.Request, []byte) (bool, int, []byte) {
			w.wait(2 * time.Second)
			return false, 0, nil
		})
		started := time.Now()
		r := w.interrupted(s(5), []string{row("s", 1, "new"), complete("s")})
		require.Less(w.t, time.Since(started), 9*time.Second)
		require.ErrorContains(w.t, r.err, "interrupted")
		stop()
		w.sync(attempt{streams: s(5), lines: []string{complete("s")}})
		require.Equal(w.t, []string{"new"}, w.texts(), "the next attempt deletes what is left")
	})
}

// emptyPages puts a page without documents before each first page.
type emptyPages struct{ http.RoundTripper }

// RoundTrip implements http.RoundTripper.
func (e emptyPages) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	text := string(body)
	if strings.HasPrefix(text, `{"find"`) && !strings.Contains(text, `"pageState"`) {
		return answer(http.StatusOK, `{"data":{"documents":[],"nextPageState":"EMPTY"}}`), nil
	}
	text = strings.NewReplacer(`,"pageState":"EMPTY"`, "", `"pageState":"EMPTY"`, "").Replace(text)
	r.Body, r.ContentLength = io.NopCloser(strings.NewReader(text)), int64(len(text))
	return e.RoundTripper.RoundTrip(r)
}

// TestSyncPastEmptyPages: a page without documents is not the end while there is a next one,
// neither for what is stored, nor for what is to be deleted, nor for a newer job.
func TestSyncPastEmptyPages(t *testing.T) {
	for mode := range replacing(1) {
		t.Run(mode, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				network := emptyPages{w.server.Transport()}
				w.sync(attempt{streams: []configured{replacing(4)[mode]}, network: network,
					lines: []string{row("s", 1, "same"), row("s", 2, "old"), complete("s")}})
				r := w.sync(attempt{streams: []configured{replacing(6)[mode]}, network: network,
					lines: []string{row("s", 1, "same"), row("s", 3, "new"), complete("s")}})
				require.Equal(w.t, []string{"new", "same"}, w.texts())
				require.Equal(w.t, 1, r.inserted())
				_, trace := w.fails(attempt{streams: []configured{replacing(5)[mode]}, network: network, lines: []string{complete("s")}})
				require.Contains(w.t, trace.Message, "newer than this sync's 5")
				require.Equal(w.t, []string{"new", "same"}, w.texts())
			})
		})
	}
}

// TestFinaliseWithoutEnd: a server that says to have deleted, and has not, ends the sync with an
// error instead of keeping it for ever.
func TestFinaliseWithoutEnd(t *testing.T) {
	onBothBackends(t, func(w *world) {
		s := func(n int64) []configured { return []configured{stream("s", toAppend, numbered(n, n, n))} }
		w.sync(attempt{streams: s(4), lines: []string{row("s", 1, "old"), complete("s")}})
		calls := 0
		w.server.KeepControl("deleteMany", func(*http.Request, []byte) (bool, int, []byte) {
			calls++
			return true, http.StatusOK, []byte(`{"status":{"deletedCount":0}}`)
		})
		r := w.write(w.t.Context(), attempt{streams: s(5), lines: []string{row("s", 1, "new"), complete("s")}})
		require.ErrorContains(w.t, r.err, "there again each time that they are deleted")
		require.Less(w.t, calls, 20)
		require.Equal(w.t, []string{"new", "old"}, w.texts())
	})
}

// TestFinalisingReadsOnceMore: older documents that turn up while others are deleted go too.
func TestFinalisingReadsOnceMore(t *testing.T) {
	onBothBackends(t, func(w *world) {
		refresh := func(n int64) []configured {
			return []configured{stream("s", toAppend, numbered(n, n, n), fullRefresh(false))}
		}
		w.sync(attempt{streams: refresh(4), lines: []string{row("s", 1, "old"), complete("s")}})
		calls := 0
		w.server.KeepControl("deleteMany", func(*http.Request, []byte) (bool, int, []byte) {
			if calls++; calls <= 3 {
				w.command(fmt.Sprintf(`{"insertOne":{"document":{"_id":"%d","text":"late","_ab_stream":"s","_ab_generation_id":4}}}`,
					calls))
			}
			return false, 0, nil
		})
		w.sync(attempt{streams: refresh(5), lines: []string{row("s", 1, "new"), complete("s")}})
		require.Equal(w.t, []string{"new"}, w.texts())
	})
}
