package connector_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// keyless are n records that lack the path of their stream's primary key.
func keyless(n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = record("s", fmt.Sprintf(`{"text":"text %d"}`, i))
	}
	return lines
}

// TestKeylessReads: records without their key share one _ab_record_id. Reading by it would return all
// of them for each batch.
func TestKeylessReads(t *testing.T) {
	onBothBackends(t, func(w *world) {
		const batches = 6
		s := []configured{stream("s", toDedup, key("id"), syncID(1))}
		lines := append(keyless(100*batches), streamState("s", 1))
		r := w.sync(attempt{streams: s, lines: lines})
		require.LessOrEqual(w.t, int(r.sent["find"].Requests), 1, "the stream was empty")
		r = w.sync(attempt{streams: s, lines: lines})
		require.Zero(w.t, r.inserted())
		require.LessOrEqual(w.t, int(r.sent["find"].Requests), batches+7,
			"one read a batch, a look at the stream and one at what the database answers")
		require.LessOrEqual(w.t, int(r.sent["find"].Documents), 100*batches+400, "each document once, and a sample")
		require.Equal(w.t, []int{1}, r.numbers())
		require.Len(w.t, w.texts(), 100*batches)
	})
}

// TestKeylessAmongOthers: records with their key keep replacing each other, also next to records without
// and to one whose key says that it is missing.
func TestKeylessAmongOthers(t *testing.T) {
	literal := func(text string) string { return row("s", "__not_found__", text) }
	onBothBackends(t, func(w *world) {
		s := []configured{stream("s", toDedup, key("id"))}
		w.sync(attempt{streams: s, lines: slices.Concat(keyless(3), []string{row("s", 1, "a"), literal("b")})})
		lines := slices.Concat(keyless(4), []string{row("s", 1, "c"), literal("d")})
		r := w.sync(attempt{streams: s, lines: lines})
		require.Equal(w.t, []string{"c", "d", "text 0", "text 1", "text 2", "text 3"}, w.texts())
		require.EqualValues(w.t, 2, r.Deleted)
		r = w.sync(attempt{streams: s, lines: lines})
		require.Zero(w.t, r.inserted())
		require.Zero(w.t, r.Deleted)
	})
}

// TestPythonDocumentsWithoutKeyAreKept: an _ab_record_id that says that a path was missing stands for any
// number of records, so a document of the Python connector with such a one belongs to none of ours.
func TestPythonDocumentsWithoutKeyAreKept(t *testing.T) {
	const uuid = "0b8a3a3a-3c5c-4bb4-a4c0-53d41f0c8ae1"
	tests := map[string]struct {
		keys    []string
		foreign string // _ab_record_id of what is there
		lines   []string
		want    []string
	}{
		"one record without a key": {
			[]string{"id"}, "s___not_found__", keyless(1), []string{"old", "text 0"}},
		"many records without a key": {
			[]string{"id"}, "s___not_found__", keyless(2), []string{"old", "text 0", "text 1"}},
		"a key that says that it is missing": {
			[]string{"id"}, "s___not_found__", []string{row("s", "__not_found__", "new")}, []string{"new", "old"}},
		"half a key": {
			[]string{"k", "l"}, "s_1___not_found__", []string{record("s", `{"k":1,"text":"new"}`)}, []string{"new", "old"}},
		"half a key, and a whole one that reads the same": {
			[]string{"k", "l"}, "s_1___not_found__",
			[]string{record("s", `{"k":1,"l":"__not_found__","text":"new"}`)}, []string{"new", "old"}},
		"its key is null, which is a key": {
			[]string{"id"}, "s_None", []string{record("s", `{"id":null,"text":"new"}`)}, []string{"new"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				streams := []configured{stream("s", toDedup, key(test.keys...))}
				w.sync(attempt{streams: streams}) // creates the collection
				w.foreign(uuid, "s", test.foreign, "old")
				w.sync(attempt{streams: streams, lines: test.lines})
				require.Equal(w.t, test.want, w.texts())
			})
		})
	}
}
