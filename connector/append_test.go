package connector_test

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAppend(t *testing.T) {
	lines := []string{row("s", 1, "one"), row("s", 2, "two"), row("s", 1, "one"), streamState("s", 1)}
	once, twice := []string{"one", "one", "two"}, []string{"one", "one", "one", "one", "two", "two"}
	tests := map[string]struct {
		first, second configured
		jobs          [2]string
		want          []string
	}{
		"redelivery in the same sync": {
			stream("s", toAppend, syncID(7)), stream("s", toAppend, syncID(7)), [2]string{}, once},
		"redelivery in the same sync of a numbered caller": {
			stream("s", toAppend, numbered(0, 0, 7)), stream("s", toAppend, numbered(0, 0, 7)), [2]string{}, once},
		"a new sync": {
			stream("s", toAppend, syncID(7)), stream("s", toAppend, syncID(8)), [2]string{}, twice},
		"without a sync id the job's": {
			stream("s", toAppend), stream("s", toAppend), [2]string{"9", "9"}, once},
		"without a sync id another job": {
			stream("s", toAppend), stream("s", toAppend), [2]string{"9", "10"}, twice},
		"without a sync id or a job the start time": {
			stream("s", toAppend), stream("s", toAppend), [2]string{}, twice},
		"PyAirbyte numbers every sync 1": {
			stream("s", toAppend, numbered(1, 1, 1)), stream("s", toAppend, numbered(1, 1, 1)), [2]string{}, twice},
		"append_dedup with an empty key": {
			stream("s", toDedup, key(), syncID(7)), stream("s", toDedup, key(), syncID(7)), [2]string{}, once},
		"append_dedup with an empty key, a new sync": {
			stream("s", toDedup, key(), syncID(7)), stream("s", toDedup, key(), syncID(8)), [2]string{}, twice},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{test.first}, lines: lines, jobID: test.jobs[0]})
				require.Equal(t, once, w.texts())
				w.later()
				w.sync(attempt{streams: []configured{test.second}, lines: lines, jobID: test.jobs[1]})
				require.Equal(t, test.want, w.texts())
			})
		})
	}
}

func TestAppendRedeliveryEmbedsNothing(t *testing.T) {
	onBothBackends(t, func(w *world) {
		a := attempt{streams: []configured{stream("s", toAppend, syncID(7))},
			lines: []string{row("s", 1, "one"), row("s", 2, "two"), row("s", 1, "one")}}
		require.Equal(w.t, 2, w.sync(a).texts, "equal texts are embedded once")
		again := w.sync(a)
		require.Zero(w.t, again.texts)
		require.Zero(w.t, again.inserted())
	})
}

func TestAppendDropsDeletes(t *testing.T) {
	onBothBackends(t, func(w *world) {
		r := w.sync(attempt{streams: []configured{stream("s", toAppend, syncID(1))},
			lines: []string{row("s", 1, "one"), deleted("s", 1), streamState("s", 1)}})
		require.Equal(w.t, []string{"one"}, w.texts())
		require.Equal(w.t, 2.0, r.states[0].Stats.Records)
	})
}

func TestUnknownStreamIsSkipped(t *testing.T) {
	onBothBackends(t, func(w *world) {
		r := w.sync(attempt{streams: []configured{stream("s", toAppend, syncID(1))},
			lines: []string{row("s", 1, "one"), row("other", 1, "lost"), streamState("s", 1)}})
		require.Equal(w.t, []string{"one"}, w.texts())
		require.True(w.t, r.warned("records of a stream that the catalog lacks"))
		require.EqualValues(w.t, 1, r.UnknownStreamRecords)
		require.Equal(w.t, 1.0, r.states[0].Stats.Records)
	})
}

func TestStreamsThatShareAName(t *testing.T) {
	onBothBackends(t, func(w *world) {
		_, trace := w.fails(attempt{streams: []configured{
			stream("b_c", toAppend, inNamespace("a")), stream("c", toAppend, inNamespace("a_b"))}})
		require.EqualValues(w.t, "config_error", trace.FailureType)
		require.Contains(w.t, trace.Message, `"a.b_c"`)
		require.Contains(w.t, trace.Message, `"a_b.c"`)
		require.Contains(w.t, trace.Message, `_ab_stream "a_b_c"`)
	})
}
