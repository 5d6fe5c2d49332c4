package connector_test

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestMemory: a budget bounds the bytes in flight, however small it is, and
// never stops the sync.
func TestMemory(t *testing.T) {
	tests := map[string]struct {
		memory  int64
		streams int
	}{
		"less than a record needs":        {1, 1},
		"one record at a time":            {25 << 10, 1},
		"a few records":                   {100 << 10, 1},
		"many streams on one record":      {25 << 10, 20},
		"many streams on a few records":   {100 << 10, 20},
		"many streams, less than nothing": {1, 20},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				a := attempt{memory: test.memory, batches: 8}
				var want []string
				for i := range test.streams {
					name := fmt.Sprint("s", i)
					s := stream(name, toDedup, key("id"))
					if i%2 == 1 {
						s = stream(name, toAppend, syncID(1))
					}
					a.streams = append(a.streams, s)
				}
				for i := range 120 {
					text := fmt.Sprint(i, words(" long", i%40))
					want = append(want, text)
					a.lines = append(a.lines, row(fmt.Sprint("s", i%test.streams), i, text))
					if i%11 == 0 {
						a.lines = append(a.lines, globalState(i))
					}
				}
				require.Len(w.t, w.sync(a).states, 11)
				slices.Sort(want)
				require.Equal(w.t, want, w.texts())
			})
		})
	}
}

// TestMemoryOfSkippedRecords: what is not stored gives its memory back as well, else the sync would end
// for lack of it.
func TestMemoryOfSkippedRecords(t *testing.T) {
	noText := func(i int) string { return record("s", fmt.Sprintf(`{"id":%d,"title":"t"}`, i)) }
	tests := map[string]struct {
		stream configured
		line   func(i int) string
	}{
		"rejected":                      {stream("s", toAppend, syncID(1)), noText},
		"rejected, in a refresh":        {stream("s", toDedup, key("id"), numbered(2, 2, 2)), noText},
		"refused by the server":         {stream("s", toDedup, key("id")), func(i int) string { return row("s", i, "poison") }},
		"deletions that are dropped":    {stream("s", toAppend, syncID(1)), func(i int) string { return deleted("s", i) }},
		"deletions":                     {stream("s", toDedup, key("id")), func(i int) string { return deleted("s", i) }},
		"of a stream that nobody wants": {stream("s", toDedup, key("id")), func(i int) string { return row("t", i, "x") }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.rejected_records"] = map[string]any{"mode": "skip"}
				w.server.KeepControl("insertMany", w.refuseTexts("poison"))
				lines := []string{row("s", -1, "first")}
				for i := range 20 {
					lines = append(lines, test.line(i))
				}
				ctx, cancel := context.WithTimeout(w.t.Context(), time.Hour)
				defer cancel()
				r := w.write(ctx, attempt{
					streams: []configured{test.stream}, memory: 1, lines: append(lines, row("s", 99, "last"), streamState("s", 1)),
				})
				require.NoError(w.t, r.err)
				require.Equal(w.t, []string{"first", "last"}, w.texts())
			})
		})
	}
}

// TestMemoryThatIsWaitedForIsSetFree: the batch that holds it goes at once, however long it could wait to
// fill. A sync of large records would else write one batch each flush interval.
func TestMemoryThatIsWaitedForIsSetFree(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.flush_interval_seconds"] = 60
		var lines []string
		for i := range 20 {
			lines = append(lines, row("s", i, fmt.Sprint("text ", i)))
		}
		began := time.Now()
		w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"))}, memory: 25 << 10, lines: lines})
		require.Less(w.t, time.Since(began), 10*time.Second)
	})
}
