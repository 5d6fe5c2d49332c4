package connector_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/connector"
)

// verify compares what is stored with the lines, and makes sure that it changed nothing.
func (w *world) verify(lines []string, o connector.VerifyOptions, streams ...configured) *connector.Verification {
	w.t.Helper()
	r := w.open(nil)
	w.server.ResetCounters()
	v, err := r.Verify(w.t.Context(), catalog(w.t, streams), strings.NewReader(strings.Join(lines, "\n")), o)
	require.NoError(w.t, err)
	require.NoError(w.t, r.Close())
	for command := range w.server.Counters() {
		require.Contains(w.t, []string{"find", "findCollections"}, command)
	}
	return v
}

// counted are missing, stale, differing.
func counted(v *connector.Verification) [3]int64 {
	one := v.Streams[0]
	return [3]int64{one.Missing, one.Stale, one.Differing}
}

// verifyModes are streams in each mode; n grows with each sync.
func verifyModes() map[string]func(n int64) configured {
	return map[string]func(n int64) configured{
		"append":                func(int64) configured { return stream("s", toAppend, syncID(1)) },
		"append without a sync": func(int64) configured { return stream("s", toAppend) },
		"append_dedup":          func(int64) configured { return stream("s", toDedup, key("id")) },
		"overwrite":             func(int64) configured { return stream("s", toOverwrite, fullRefresh(true)) },
		"refresh": func(n int64) configured {
			return stream("s", toAppend, fullRefresh(true), numbered(n, n, n))
		},
		"refresh with a key": func(n int64) configured {
			return stream("s", toDedup, key("id"), fullRefresh(true), numbered(n, n, n))
		},
	}
}

// TestVerifyAfterWrite finds nothing, whatever is in the input: equal records, versions
// of a record far apart, long texts, odd names and values, deletions.
func TestVerifyAfterWrite(t *testing.T) {
	var lines []string
	lines = append(lines, row("s", 7, "an old version"), row("s", 1, "to be deleted"), odd("s"), odd("s"))
	lines = append(lines, rows("s", 150)...)
	lines = append(lines, row("s", "long", words("w", 60)), row("s", 7, "a new version"), deleted("s", 1), complete("s"))
	for name, mode := range verifyModes() {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.chunk_size"] = 20
				w.edits["processing.metadata_fields"] = []string{}
				for n := int64(2); n < 4; n++ {
					w.sync(attempt{streams: []configured{mode(n)}, lines: lines})
					for _, vectors := range []bool{false, true} {
						v := w.verify(lines, connector.VerifyOptions{Vectors: vectors}, mode(n))
						require.Zero(w.t, v.Differences, "%+v", v.Streams[0].Findings)
						require.EqualValues(w.t, 157, v.Streams[0].Records)
						require.Greater(w.t, v.Streams[0].Compared, int64(150))
					}
					w.later()
				}
			})
		})
	}
}

// TestVerifyFinds each kind of difference, and names the record.
func TestVerifyFinds(t *testing.T) {
	for name, mode := range verifyModes() {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{mode(2)}, lines: append(rows("s", 30), complete("s"))})
				require.Equal(w.t, [3]int64{1, 0, 0},
					counted(w.verify(append(rows("s", 30), row("s", 30, "more")), connector.VerifyOptions{}, mode(2))))

				v := w.verify(rows("s", 29), connector.VerifyOptions{}, mode(2))
				replaces := name == "overwrite" || strings.HasPrefix(name, "refresh")
				if replaces {
					require.Equal(w.t, [3]int64{0, 1, 0}, counted(v), "a document too many")
				} else {
					require.Zero(w.t, v.Differences, "documents of other syncs are none of this one's")
				}

				changed := append(rows("s", 29), row("s", 29, "changed"))
				v = w.verify(changed, connector.VerifyOptions{}, mode(2))
				switch {
				case replaces, name == "append_dedup":
					require.Equal(w.t, [3]int64{1, 1, 0}, counted(v))
				default:
					require.Equal(w.t, [3]int64{1, 0, 0}, counted(v))
				}
				require.Contains(w.t, v.Streams[0].Findings[0].Text, "changed")
				if strings.Contains(name, "key") || name == "append_dedup" {
					require.Equal(w.t, "s_29", v.Streams[0].Findings[0].Key)
					require.Len(w.t, v.Streams[0].Findings, 1)
				}
				v = w.verify([]string{complete("s")}, connector.VerifyOptions{}, mode(2))
				if replaces {
					require.Equal(w.t, [3]int64{0, 30, 0}, counted(v))
				} else {
					require.Zero(w.t, v.Differences)
				}
			})
		})
	}
}

// TestVerifyFindsWhatSomebodyChanged by hand: the _id is right and the document is not.
func TestVerifyFindsWhatSomebodyChanged(t *testing.T) {
	tests := map[string]struct {
		update  string
		vectors bool
		fields  []string
	}{
		"a field":          {`{"$set":{"n":2}}`, false, []string{"n"}},
		"an equal number":  {`{"$set":{"n":1.00}}`, false, nil},
		"a new field":      {`{"$set":{"x":2}}`, false, []string{"x"}},
		"no text":          {`{"$unset":{"text":1}}`, false, []string{"text"}},
		"two":              {`{"$set":{"n":2,"text":"y"}}`, false, []string{"n", "text"}},
		"the generation":   {`{"$set":{"_ab_generation_id":77}}`, false, nil},
		"no vector":        {`{"$unset":{"$vector":1}}`, true, []string{"$vector"}},
		"no vector unread": {`{"$unset":{"$vector":1}}`, false, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				s := stream("s", toDedup, key("id"))
				lines := []string{record("s", `{"id":1,"text":"x","n":1}`), record("s", `{"id":2,"text":"x","n":1}`)}
				w.sync(attempt{streams: []configured{s}, lines: lines})
				w.command(`{"updateOne":{"filter":{"_ab_record_id":"s_2"},"update":` + test.update + `}}`)
				v := w.verify(lines, connector.VerifyOptions{Vectors: test.vectors}, s)
				if test.fields == nil {
					require.Zero(w.t, v.Differences)
					return
				}
				require.Equal(w.t, [3]int64{0, 0, 1}, counted(v))
				require.Equal(w.t, "s_2", v.Streams[0].Findings[0].Key)
				require.Equal(w.t, test.fields, v.Streams[0].Findings[0].Fields)
			})
		})
	}
}

// TestVerifyCountsEqualRecords: as many documents as equal records.
func TestVerifyCountsEqualRecords(t *testing.T) {
	for name, mode := range verifyModes() {
		if name == "append_dedup" || name == "refresh with a key" {
			continue
		}
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				twin := row("s", 1, "twin")
				w.sync(attempt{streams: []configured{mode(2)}, lines: []string{twin, twin, complete("s")}})
				require.Zero(w.t, w.verify([]string{twin, twin}, connector.VerifyOptions{}, mode(2)).Differences)
				v := w.verify([]string{twin, twin, twin}, connector.VerifyOptions{}, mode(2))
				require.Equal(w.t, [3]int64{1, 0, 0}, counted(v))
			})
		})
	}
}

// TestVerifyNewestVersion: only the last version of a record counts, however far behind
// the first one it comes.
func TestVerifyNewestVersion(t *testing.T) {
	onBothBackends(t, func(w *world) {
		s := stream("s", toDedup, key("id"))
		w.sync(attempt{streams: []configured{s}, lines: rows("s", 300)})
		var lines []string
		for i := range 300 {
			lines = append(lines, row("s", i, fmt.Sprintf("older %d", i)))
		}
		require.Zero(w.t, w.verify(append(lines, rows("s", 300)...), connector.VerifyOptions{}, s).Differences)
		v := w.verify(append(rows("s", 300), lines...), connector.VerifyOptions{}, s)
		require.Equal(w.t, [3]int64{300, 300, 0}, counted(v))
		require.Len(w.t, v.Streams[0].Findings, 300)
	})
}

func TestVerifyWithoutACollection(t *testing.T) {
	for name, mode := range verifyModes() {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				v := w.verify(append(rows("s", 3), record("s", `{"id":4}`), "no message", row("u", 1, "x")),
					connector.VerifyOptions{}, mode(2))
				require.False(w.t, v.Exists)
				require.Equal(w.t, [3]int64{3, 0, 0}, counted(v))
				require.EqualValues(w.t, 1, v.Streams[0].Rejected)
				require.EqualValues(w.t, 1, v.SkippedLines)
				require.Equal(w.t, map[string]int64{"u": 1}, v.UnknownStreamRecords)
			})
		})
	}
}

// TestVerifyFromField compares the vectors that the records bring.
func TestVerifyFromField(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["embedding"] = map[string]any{"mode": "from_field", "field_name": "v", "dimensions": 2}
		s := stream("s", toDedup, key("id"))
		lines := []string{record("s", `{"id":1,"text":"x","v":[0.5,0.25]}`)}
		w.sync(attempt{streams: []configured{s}, lines: lines})
		require.Zero(w.t, w.verify(lines, connector.VerifyOptions{Vectors: true}, s).Differences)
		w.command(`{"updateOne":{"filter":{"_ab_record_id":"s_1"},"update":{"$set":{"$vector":[0.5,0.5]}}}}`)
		require.Equal(w.t, [3]int64{0, 0, 1}, counted(w.verify(lines, connector.VerifyOptions{Vectors: true}, s)))
	})
}

// TestVerifyForeignDocuments of the Python connector: the key's are stale, others too
// where the stream is replaced.
func TestVerifyForeignDocuments(t *testing.T) {
	for name, mode := range verifyModes() {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				lines := append(rows("s", 3), complete("s"))
				w.sync(attempt{streams: []configured{mode(2)}, lines: lines})
				w.foreign("2c1e7a6a-0000-4000-8000-000000000001", "s", "s_1", "left over")
				w.foreign("2c1e7a6a-0000-4000-8000-000000000002", "s", "s_99", "left over")
				want := map[string]int64{"append_dedup": 1, "overwrite": 2, "refresh": 2, "refresh with a key": 2}
				require.Equal(w.t, [3]int64{0, want[name], 0}, counted(w.verify(lines, connector.VerifyOptions{}, mode(2))))
			})
		})
	}
}
