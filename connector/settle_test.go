package connector_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestLateWrites: a write is not answered, and applied just before the server
// gives up on it, after newer versions of the same record came. answered tells
// whether the client gets an error at once or has to wait for its own timeout.
func TestLateWrites(t *testing.T) {
	flapping := []string{row("s", 1, "b"), row("s", 1, "c"), row("s", 1, "a"), row("s", 1, "b")}
	tests := map[string]struct {
		command string
		number  int // of the command that is late
		lines   []string
		want    []string
	}{
		"an insert":             {"insertMany", 1, []string{row("s", 1, "b"), row("s", 1, "c")}, []string{"c"}},
		"the second insert":     {"insertMany", 2, flapping, []string{"b"}},
		"an insert, then gone":  {"insertMany", 1, []string{row("s", 1, "b"), deleted("s", 1)}, []string{}},
		"a delete":              {"deleteMany", 1, []string{row("s", 1, "b"), row("s", 1, "a")}, []string{"a"}},
		"a delete and back":     {"deleteMany", 1, flapping, []string{"b"}},
		"the second delete":     {"deleteMany", 2, flapping, []string{"b"}},
		"a deletion of the row": {"deleteMany", 1, []string{deleted("s", 1), row("s", 1, "a")}, []string{"a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				streams := []configured{stream("s", toDedup, key("id"))}
				w.sync(attempt{streams: streams, lines: []string{row("s", 1, "a")}})
				late := w.late()
				calls := 0
				var lost time.Time
				w.server.KeepControl(test.command, func(r *http.Request, body []byte) (bool, int, []byte) {
					if r.Header.Get(lateHeader) != "" {
						return false, 0, nil
					}
					if calls++; calls != test.number {
						return false, 0, nil
					}
					lost = time.Now()
					return late.apply(r, body)
				})
				// Each version in a batch of its own, which 99 other records fill and the next one follows
				// when it is applied, unless its write is the lost one.
				input := &source{world: w}
				for i, line := range test.lines {
					input.say(line)
					for j := range 99 {
						input.say(row("s", 1000*(i+1)+j, "filler"))
					}
					input.say(streamState("s", i))
					input.steps = append(input.steps, func() { w.wait(10 * time.Second) })
				}
				var acknowledged time.Time
				r := w.sync(attempt{streams: streams, input: input, onState: func(s state) {
					if acknowledged.IsZero() && !lost.IsZero() {
						acknowledged = time.Now()
					}
				}})
				late.wait()
				require.Len(w.t, r.states, len(test.lines))
				require.GreaterOrEqual(w.t, acknowledged.Sub(lost), 25*time.Second,
					"no state before the write can no longer be applied")
				got := []string{}
				for _, d := range w.documents() {
					if d.Text != "text: filler" {
						got = append(got, d.Text[len("text: "):])
					}
				}
				require.Equal(w.t, test.want, got)
			})
		})
	}
}

// TestALostAnswerOfAnAppendNeedsNoWait: nothing can undo the insert.
func TestALostAnswerOfAnAppendNeedsNoWait(t *testing.T) {
	onBothBackends(t, func(w *world) {
		late := w.late()
		w.server.Control("insertMany", late.apply)
		started := time.Now()
		r := w.sync(attempt{streams: []configured{stream("s", toAppend, syncID(1))},
			lines: []string{row("s", 1, "a"), row("s", 1, "a"), streamState("s", 1)}})
		require.Less(w.t, time.Since(started), 25*time.Second)
		late.wait()
		require.Equal(w.t, []int{1}, r.numbers())
		require.Equal(w.t, []string{"a", "a"}, w.texts())
	})
}

// TestLateDeleteOfFinalising: the end of the sync waits until the delete can no
// longer be applied.
func TestLateDeleteOfFinalising(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.sync(attempt{streams: []configured{stream("s", toAppend, numbered(1, 0, 1))},
			lines: []string{row("s", 1, "a"), row("s", 2, "b")}})
		late := w.late()
		w.server.Control("deleteMany", late.apply)
		started := time.Now()
		w.sync(attempt{streams: []configured{stream("s", toAppend, numbered(2, 2, 2))},
			lines: []string{row("s", 1, "a"), complete("s")}})
		require.GreaterOrEqual(w.t, time.Since(started), 25*time.Second)
		late.wait()
		require.Equal(w.t, []string{"a"}, w.texts())
	})
}

// TestDocumentThatWasThereAlready: another writer stores the same document
// between our read and our insert; it counts as unchanged and is raised.
func TestDocumentThatWasThereAlready(t *testing.T) {
	for mode, s := range replacing(4) {
		t.Run(mode, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{replacing(3)[mode]}, lines: []string{row("s", 1, "a")}})
				w.server.Control("insertMany", func(_ *http.Request, body []byte) (bool, int, []byte) {
					older := bytes.ReplaceAll(body, []byte(`"_ab_generation_id":4`), []byte(`"_ab_generation_id":3`))
					documents := older[bytes.IndexByte(older, '['):bytes.LastIndexByte(older, ']')]
					w.command(fmt.Sprintf(`{"insertMany":{"documents":%s]}}`, documents))
					return false, 0, nil
				})
				w.sync(attempt{streams: []configured{s}, lines: []string{row("s", 1, "a"), row("s", 2, "b"), complete("s")}})
				require.Equal(w.t, []string{"a", "b"}, w.texts())
				for _, d := range w.documents() {
					require.EqualValues(w.t, 4, *d.Generation)
				}
			})
		})
	}
}

// TestALateWriteOfOneDocument: the answer says of one document that nothing was stored, and of the other
// that it may be. That one is applied late, after a newer version of its record came.
func TestALateWriteOfOneDocument(t *testing.T) {
	onBothBackends(t, func(w *world) {
		late := w.late()
		w.server.Control("insertMany", func(_ *http.Request, body []byte) (bool, int, []byte) {
			var request struct {
				InsertMany struct {
					Documents []struct {
						ID   string `json:"_id"`
						Text string `json:"text"`
					}
				}
			}
			require.NoError(w.t, json.Unmarshal(body, &request))
			docs := request.InsertMany.Documents
			require.Equal(w.t, "text: old", docs[1].Text)
			late.later(func() { w.insertAlone(body, 1) })
			return true, http.StatusOK, fmt.Appendf(nil, `{"status":{"documentResponses":[
				{"_id":%q,"status":"ERROR","errorsIdx":0},{"_id":%q,"status":"ERROR","errorsIdx":1}]},"errors":[
				{"errorCode":"FAILED_CONCURRENT_OPERATIONS","family":"SERVER","scope":"DATABASE","title":"t","message":"m"},
				{"errorCode":"TIMEOUT_WRITING_DATA","family":"SERVER","scope":"DATABASE","title":"t","message":"m"}]}`,
				docs[0].ID, docs[1].ID)
		})
		w.edits["processing.flush_interval_seconds"] = 1
		in := &source{world: w}
		in.say(row("s", 1, "other"))
		in.say(row("s", 2, "old"))
		in.steps = append(in.steps, func() { w.wait(10 * time.Second) })
		in.say(row("s", 2, "new"))
		w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"))}, input: in})
		late.wait()
		require.Equal(w.t, []string{"new", "other"}, w.texts())
	})
}

// insertAlone stores one document of an insertMany's body, unless it is there.
func (w *world) insertAlone(body []byte, number int) {
	var request struct {
		InsertMany struct{ Documents []json.RawMessage }
	}
	if json.Unmarshal(body, &request) == nil {
		_, _ = w.post(`{"insertOne":{"document":` + string(request.InsertMany.Documents[number]) + `}}`)
	}
}
