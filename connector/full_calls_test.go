package connector_test

import (
	"fmt"
	"io"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/connector"
)

// longRows are n rows of several chunks each, of 1 to most.
func longRows(n, most int, version string) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = row("s", i, words(fmt.Sprint(version, i, "_"), 1+i*7%most*4))
	}
	return lines
}

// TestCallsAreFull: a batch closes before it has more documents than one insertMany takes.
func TestCallsAreFull(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.chunk_size"] = 20
		r := w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"))}, lines: longRows(200, 30, "a")})
		calls, documents := int(r.sent["insertMany"].Requests), r.inserted()
		require.Greater(w.t, documents, 1000)
		require.LessOrEqual(w.t, calls, documents/80, "%d documents in %d calls", documents, calls)
	})
}

// oneByOne is a source whose next line comes when everything before it is done, so that no
// number of calls depends on what is in flight.
func (w *world) oneByOne(lines []string) io.Reader {
	s := &source{world: w}
	for _, line := range lines {
		s.steps = append(s.steps, func() { w.wait(time.Millisecond) }) // ends when nothing else can go on
		s.say(line)
	}
	return s
}

// TestPlanCountsTheCallsOfWrite: of a first load, an unchanged one, a changed one, and a refresh.
func TestPlanCountsTheCallsOfWrite(t *testing.T) {
	dedup := func(int64) configured { return stream("s", toDedup, key("id")) }
	refresh := func(n int64) configured { return stream("s", toDedup, key("id"), fullRefresh(true), numbered(n, n, n)) }
	keylessRefresh := func(n int64) configured { return stream("s", toAppend, fullRefresh(true), numbered(n, n, n)) }
	for name, mode := range map[string]func(int64) configured{
		"dedup": dedup, "refresh": refresh, "refresh without a key": keylessRefresh,
	} {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.chunk_size"] = 20
				inputs := [][]string{
					longRows(120, 12, "a"),
					longRows(120, 12, "a"),
					slices.Concat(longRows(50, 12, "b"), longRows(120, 12, "a")[50:]),
				}
				for i, lines := range inputs {
					s := []configured{mode(int64(i + 2))}
					p := w.plan(lines, connector.PlanOptions{}, s...)
					requests := w.embedder.Counts().Requests
					r := w.sync(attempt{streams: s, input: w.oneByOne(lines)})
					got := connector.PlanCalls{
						Find:              r.sent["find"].Requests,
						InsertMany:        r.sent["insertMany"].Requests,
						UpdateMany:        r.sent["updateMany"].Requests,
						DeleteMany:        r.sent["deleteMany"].Requests,
						EmbeddingRequests: int64(w.embedder.Counts().Requests - requests),
					}
					require.Equal(w.t, p.Calls, got, "input %d", i)
				}
			})
		})
	}
}
