package connector_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// words returns a text of about n tokens.
func words(name string, n int) string {
	var b strings.Builder
	for i := range n {
		fmt.Fprintf(&b, "%s%d ", name, i)
	}
	return strings.TrimSpace(b.String())
}

func TestDedup(t *testing.T) {
	byID := stream("s", toDedup, key("id"))
	tests := map[string]struct {
		stream configured // byID when nil
		lines  []string
		again  []string // in a second sync
		want   []string
	}{
		"the last version of a batch wins": {
			lines: []string{row("s", 1, "a"), row("s", 2, "b"), row("s", 1, "c")},
			want:  []string{"b", "c"}},
		"a newer version replaces a stored one": {
			lines: []string{row("s", 1, "a"), row("s", 2, "b")},
			again: []string{row("s", 1, "c")},
			want:  []string{"b", "c"}},
		"back to an older version": {
			lines: []string{row("s", 1, "a")},
			again: []string{row("s", 1, "b"), row("s", 1, "a")},
			want:  []string{"a"}},
		"a key of another type is the same": {
			lines: []string{row("s", 1, "a")},
			again: []string{row("s", "1", "b")},
			want:  []string{"b"}},
		"records without the key do not replace each other": {
			lines: []string{record("s", `{"text":"a"}`), record("s", `{"text":"b"}`), record("s", `{"text":"a"}`)},
			again: []string{record("s", `{"text":"a"}`), record("s", `{"text":"c"}`)},
			want:  []string{"a", "b", "c"}},
		"a deleted row": {
			lines: []string{row("s", 1, "a"), row("s", 2, "b")},
			again: []string{deleted("s", 1)},
			want:  []string{"b"}},
		"inserted and deleted in one batch": {
			lines: []string{row("s", 1, "a"), deleted("s", 1), row("s", 2, "b")},
			want:  []string{"b"}},
		"deleted and inserted in one batch": {
			lines: []string{row("s", 1, "a")},
			again: []string{deleted("s", 1), row("s", 1, "b")},
			want:  []string{"b"}},
		"deleted and inserted as it was": {
			lines: []string{row("s", 1, "a")},
			again: []string{deleted("s", 1), row("s", 1, "a")},
			want:  []string{"a"}},
		"a deletion of what is not there": {
			lines: []string{deleted("s", 1), row("s", 2, "b")},
			again: []string{deleted("s", 3)},
			want:  []string{"b"}},
		"keys whose values join to the same text": {
			stream: stream("s", toDedup, key("k", "l")),
			lines: []string{record("s", `{"k":"a_b","l":"c","text":"one"}`), record("s", `{"k":"a","l":"b_c","text":"two"}`),
				record("s", `{"k":"a","l":"b_c","text":"three"}`)},
			again: []string{record("s", `{"k":"a_b","l":"c","text":"four"}`)},
			want:  []string{"four", "three"}},
		"a key of several fields": {
			stream: stream("s", toDedup, key("k", "l")),
			lines:  []string{record("s", `{"k":1,"l":2,"text":"one"}`), record("s", `{"k":1,"l":3,"text":"two"}`)},
			again:  []string{record("s", `{"k":1,"l":2,"text":"three"}`)},
			want:   []string{"three", "two"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				streams := []configured{byID}
				if test.stream != nil {
					streams[0] = test.stream
				}
				w.sync(attempt{streams: streams, lines: test.lines})
				if test.again != nil {
					w.sync(attempt{streams: streams, lines: test.again})
				}
				require.Equal(w.t, test.want, w.texts())
				// One more of the last sync changes nothing and costs nothing.
				r := w.sync(attempt{streams: streams, lines: slices.Concat(test.again, []string{streamState("s", 1)})})
				require.Equal(w.t, test.want, w.texts())
				require.Equal(w.t, []int{1}, r.numbers())
				require.Zero(w.t, r.inserted())
			})
		})
	}
}

// TestDedupKeysAcrossBatches has every key in every batch, twice.
func TestDedupKeysAcrossBatches(t *testing.T) {
	onBothBackends(t, func(w *world) {
		var lines []string
		for version := range 3 {
			for id := range 150 {
				lines = append(lines, row("s", id, fmt.Sprintf("%d of %d", version, id)))
			}
			lines = append(lines, streamState("s", version))
		}
		r := w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"))}, lines: lines})
		require.Equal(w.t, []int{0, 1, 2}, r.numbers())
		want := []string{}
		for id := range 150 {
			want = append(want, fmt.Sprintf("2 of %d", id))
		}
		slices.Sort(want)
		require.Equal(w.t, want, w.texts())
	})
}

// TestDedupManyChunks replaces a record of more chunks than one deleteMany
// takes away (20) and one page holds (20).
func TestDedupManyChunks(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.chunk_size"] = 5
		streams := []configured{stream("s", toDedup, key("id"))}
		r := w.sync(attempt{streams: streams, lines: []string{
			row("s", 1, words("old", 130)), row("s", 2, words("kept", 60))}})
		require.Greater(w.t, r.inserted(), 90)
		w.sync(attempt{streams: streams, lines: []string{row("s", 1, words("new", 4))}})
		kept := 0
		for _, d := range w.documents() {
			require.NotContains(w.t, d.Text, "old")
			if strings.Contains(d.Text, "kept") {
				require.Equal(w.t, 2.0, d.Key)
				kept++
			}
		}
		require.Greater(w.t, kept, 20)
		w.sync(attempt{streams: streams, lines: []string{deleted("s", 1), deleted("s", 2)}})
		require.Empty(w.t, w.texts())
	})
}

// TestAmbiguousRecordIDs: two streams, one of them named like the other with a
// key in front, have records of the same _ab_record_id.
func TestAmbiguousRecordIDs(t *testing.T) {
	onBothBackends(t, func(w *world) {
		streams := []configured{stream("u", toDedup, key("k", "l")), stream("u_1", toDedup, key("k"))}
		w.sync(attempt{streams: streams, lines: []string{
			record("u", `{"k":1,"l":2,"text":"one"}`), record("u_1", `{"k":2,"text":"two"}`)}})
		for _, d := range w.documents() {
			require.Equal(w.t, "u_1_2", d.RecordID)
		}
		w.sync(attempt{streams: streams, lines: []string{record("u", `{"k":1,"l":2,"text":"three"}`)}})
		require.Equal(w.t, []string{"three", "two"}, w.texts())
		w.sync(attempt{streams: streams, lines: []string{record("u_1", `{"k":2,"_ab_cdc_deleted_at":"x"}`)}})
		require.Equal(w.t, []string{"three"}, w.texts())
	})
}

func TestPythonDocumentsAreTakenOver(t *testing.T) {
	const uuid = "0b8a3a3a-3c5c-4bb4-a4c0-53d41f0c8ae%d"
	tests := map[string]struct {
		keys    []string
		foreign string // _ab_record_id of what is there
		lines   []string
		want    []string
		warns   bool
	}{
		"replaced": {
			[]string{"id"}, "s_1", []string{row("s", 1, "new")}, []string{"new"}, false},
		"another key's is kept": {
			[]string{"id"}, "s_2", []string{row("s", 1, "new")}, []string{"new", "old", "old"}, false},
		"deleted by the source": {
			[]string{"id"}, "s_1", []string{deleted("s", 1)}, []string{}, false},
		"a key of two fields": {
			[]string{"k", "l"}, "s_a_b", []string{record("s", `{"k":"a","l":"b","text":"new"}`)}, []string{"new"}, false},
		"two keys that read the same": {
			[]string{"k", "l"}, "s_a_b_c",
			[]string{record("s", `{"k":"a","l":"b_c","text":"new"}`), record("s", `{"k":"a_b","l":"c","text":"newer"}`)},
			[]string{"new", "newer", "old", "old"}, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				streams := []configured{stream("s", toDedup, key(test.keys...))}
				w.sync(attempt{streams: streams}) // creates the collection
				for i := range 2 {
					w.foreign(fmt.Sprintf(uuid, i), "s", test.foreign, "old")
				}
				r := w.sync(attempt{streams: streams, lines: test.lines})
				require.Equal(w.t, test.want, w.texts())
				require.True(w.t, r.warned("documents of unknown embedding"))
				require.Equal(w.t, test.warns, r.warned("two primary keys read the same"))
			})
		})
	}
}

// TestADeleteIsOfItsStreamOnly: a document that another application gives to another stream, between
// the read that found it and the delete, is no longer ours to delete.
func TestADeleteIsOfItsStreamOnly(t *testing.T) {
	onBothBackends(t, func(w *world) {
		streams := []configured{stream("s", toDedup, key("id"))}
		w.sync(attempt{streams: streams}) // creates the collection
		const uuid = "0b8a3a3a-3c5c-4bb4-a4c0-53d41f0c8ae0"
		w.foreign(uuid, "s", "s_1", "moved")
		w.server.Control("deleteMany", beforehand(func() {
			w.command(`{"updateOne":{"filter":{"_id":"` + uuid + `"},"update":{"$set":{"_ab_stream":"another"}}}}`)
		}))
		w.sync(attempt{streams: streams, lines: []string{row("s", 1, "new")}})
		require.Equal(w.t, []string{"moved", "new"}, w.texts())
	})
}

func TestDeletedRecordWithoutItsKeyIsRejected(t *testing.T) {
	onBothBackends(t, func(w *world) {
		_, trace := w.fails(attempt{streams: []configured{stream("s", toDedup, key("id"))},
			lines: []string{record("s", `{"_ab_cdc_deleted_at":"x"}`)}})
		require.EqualValues(w.t, "config_error", trace.FailureType)
		require.Contains(w.t, trace.Message, "what to delete is unknown")
	})
}
