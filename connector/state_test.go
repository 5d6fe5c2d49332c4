package connector_test

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// stats are what a state reports, in short.
func stats(s state) [3]float64 {
	return [3]float64{float64(s.Number), s.Stats.Records, s.Stats.Rejected}
}

func TestStatesCountRecords(t *testing.T) {
	long := record("a", `{"id":1}`) // has no text, so it is rejected
	tests := map[string]struct {
		lines []string
		want  [][3]float64 // number, records, rejected
	}{
		"by stream": {
			[]string{row("a", 1, "x"), row("b", 1, "y"), row("b", 2, "y"), streamState("a", 1), row("a", 2, "x"),
				streamState("b", 2), streamState("a", 3)},
			[][3]float64{{1, 1, 0}, {2, 2, 0}, {3, 1, 0}}},
		"global states sum up": {
			[]string{row("a", 1, "x"), row("b", 1, "y"), globalState(1), row("b", 2, "y"), globalState(2), globalState(3)},
			[][3]float64{{1, 2, 0}, {2, 1, 0}, {3, 0, 0}}},
		"legacy states sum up": {
			[]string{row("a", 1, "x"), row("b", 1, "y"), legacyState(1), row("a", 2, "y"), legacyState(2)},
			[][3]float64{{1, 2, 0}, {2, 1, 0}}},
		"rejected ones are apart": {
			[]string{row("a", 1, "x"), long, streamState("a", 1), long, streamState("a", 2), row("a", 3, "z"), globalState(3)},
			[][3]float64{{1, 1, 1}, {2, 0, 1}, {3, 2, 2}}},
		"replaced versions and deletions count": {
			[]string{row("a", 1, "x"), row("a", 1, "y"), deleted("a", 1), row("b", 1, "x"), deleted("b", 1), streamState("a", 1),
				streamState("b", 2)},
			[][3]float64{{1, 3, 0}, {2, 2, 0}}},
		"a replaced version counts where it came": {
			[]string{row("a", 1, "x"), streamState("a", 1), row("a", 1, "y"), streamState("a", 2)},
			[][3]float64{{1, 1, 0}, {2, 1, 0}}},
		"chunks do not": {
			[]string{row("a", 1, words("x", 100)), streamState("a", 1)},
			[][3]float64{{1, 1, 0}}},
		"nothing came": {
			[]string{streamState("a", 1), globalState(2)},
			[][3]float64{{1, 0, 0}, {2, 0, 0}}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.chunk_size"] = 20
				w.edits["processing.rejected_records"] = map[string]any{"mode": "skip", "max_rejected_records": 10}
				r := w.sync(attempt{lines: test.lines, streams: []configured{
					stream("a", toDedup, key("id")), stream("b", toAppend, syncID(1))}})
				var got [][3]float64
				for _, s := range r.states {
					got = append(got, stats(s))
				}
				require.Equal(w.t, test.want, got)
			})
		})
	}
}

func TestAdditionalStats(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.chunk_size"] = 20
		streams := []configured{stream("a", toDedup, key("id"))}
		r := w.sync(attempt{streams: streams, lines: []string{row("a", 1, words("x", 30)), row("a", 2, "y"), globalState(1)}})
		chunks := float64(len(w.documents()))
		require.Greater(w.t, chunks, 3.0)
		got := r.states[0].Stats.Additional
		require.Equal(w.t, chunks, got["chunks"])
		require.Equal(w.t, chunks, got["embedded"])
		require.Zero(w.t, got["reused"])
		require.Zero(w.t, got["deleted"])
		require.Zero(w.t, got["retries"])
		require.Greater(w.t, got["tokens"], 20.0)

		w.server.Control("find", refuse(429))
		r = w.sync(attempt{streams: streams, lines: []string{
			record("a", `{"id":2,"n":1,"text":"y"}`), row("a", 1, "z"), globalState(1)}})
		got = r.states[0].Stats.Additional
		require.Equal(w.t, map[string]float64{
			"chunks": 2, "embedded": 1, "reused": 1, "deleted": chunks, "tokens": 2, "retries": 1}, got)
	})
}

func TestStatesGoBackUnchanged(t *testing.T) {
	onBothBackends(t, func(w *world) {
		r := w.sync(attempt{streams: []configured{stream("a", toAppend, syncID(1))}, lines: []string{
			`{"type":"STATE","state":{"type":"STREAM","x":1e400,"stream":{"stream_descriptor":{"name":"a"},` +
				`"stream_state":{"n":1, "big":12345678901234567890}},"destinationStats":{"recordCount":7},"y":"é"}}`}})
		require.JSONEq(w.t, `{"recordCount":0.0,"rejectedRecordCount":0.0,"additionalStats":{"chunks":0.0,"deleted":0.0,`+
			`"embedded":0.0,"retries":0.0,"reused":0.0,"tokens":0.0}}`, string(member(w.t, r.states[0].raw, "destinationStats")))
		require.Contains(w.t, string(r.states[0].raw), `"x":1e400`)
		require.Contains(w.t, string(r.states[0].raw), `"stream_state":{"n":1, "big":12345678901234567890}`)
		require.Contains(w.t, string(r.states[0].raw), `"y":"é"`)
	})
}

// TestStatesComeAfterTheirRecords looks at the collection when each state is
// printed: everything before it is there. Batches overtake each other, because
// each insert takes another time.
func TestStatesComeAfterTheirRecords(t *testing.T) {
	for _, mode := range []configured{stream("s", toAppend, syncID(1)), stream("s", toDedup, key("id"))} {
		t.Run(mode["destination_sync_mode"].(string), func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				var calls atomic.Int32
				w.server.KeepControl("insertMany", func(*http.Request, []byte) (bool, int, []byte) {
					w.wait(time.Duration(7-calls.Add(1)) * time.Second)
					return false, 0, nil
				})
				a := attempt{streams: []configured{mode}, batches: 4}
				before := map[int][]string{}
				for i := range 700 {
					text := fmt.Sprintf("%d", i)
					a.lines = append(a.lines, row("s", i, text))
					if i%70 == 69 {
						before[i] = append(slices.Clone(before[i-70]), all(i-69, i+1)...)
						a.lines = append(a.lines, streamState("s", i))
					}
				}
				a.onState = func(s state) { require.Subset(w.t, w.texts(), before[s.Number], "state %d", s.Number) }
				r := w.sync(a)
				require.Len(w.t, r.states, 10)
				require.True(w.t, slices.IsSorted(r.numbers()))
			})
		})
	}
}

// all are the texts of the numbers from a to before b.
func all(a, b int) []string {
	var texts []string
	for i := a; i < b; i++ {
		texts = append(texts, fmt.Sprint(i))
	}
	return texts
}

// TestNoStateWaitsForABatch: the source says one thing and then nothing for
// hours; the state comes within the flush interval.
func TestNoStateWaitsForABatch(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.flush_interval_seconds"] = 20
		in, out := io.Pipe()
		var group errgroup.Group
		group.Go(func() error {
			for i := range 3 {
				_, err := io.WriteString(out, row("s", i, "x")+"\n"+streamState("s", i)+"\n")
				if err != nil {
					return err
				}
				w.wait(time.Hour)
			}
			return out.Close()
		})
		started := time.Now()
		var waited []time.Duration
		r := w.sync(attempt{streams: []configured{stream("s", toAppend, syncID(1))}, input: in,
			onState: func(s state) { waited = append(waited, time.Since(started)-time.Duration(s.Number)*time.Hour) }})
		require.NoError(w.t, group.Wait())
		require.Equal(w.t, []int{0, 1, 2}, r.numbers())
		for _, d := range waited {
			require.LessOrEqual(w.t, d, 22*time.Second)
			require.Greater(w.t, d, 10*time.Second, "it waits for more records")
		}
	})
}

func TestBrokenLineKeepsWhatCameBefore(t *testing.T) {
	onBothBackends(t, func(w *world) {
		r, trace := w.fails(attempt{streams: []configured{stream("s", toAppend, syncID(1))}, lines: []string{
			"not JSON", row("s", 1, "a"), streamState("s", 1), row("s", 2, "b"), `{"type":"STATE","state":`, row("s", 3, "c"),
			streamState("s", 3)}})
		require.EqualValues(w.t, "system_error", trace.FailureType)
		require.Contains(w.t, trace.Message, "Line 5")
		require.Equal(w.t, []int{1}, r.numbers())
		require.Equal(w.t, []string{"a", "b"}, w.texts())
		require.True(w.t, r.warned("no Airbyte messages"))
	})
}
