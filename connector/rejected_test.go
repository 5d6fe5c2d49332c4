package connector_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
	"destination-astra/localastra"
)

// refuseTexts is a control for insertMany: the server refuses the documents
// whose text holds the word, as it refuses one that breaks a limit, and stores
// the others.
func (w *world) refuseTexts(word string) localastra.ControlFunc {
	return w.refuseTextsWith(word, "SHRED_DOC_LIMIT_VIOLATION")
}

// refuseTextsWith does so with a code.
func (w *world) refuseTextsWith(word, code string) localastra.ControlFunc {
	type document = json.RawMessage
	return func(r *http.Request, body []byte) (bool, int, []byte) {
		if !bytes.Contains(body, []byte(word)) {
			return false, 0, nil
		}
		var request struct {
			InsertMany struct{ Documents []document }
		}
		if json.Unmarshal(body, &request) != nil {
			return true, http.StatusBadRequest, nil
		}
		var responses, errs []string
		for _, d := range request.InsertMany.Documents {
			var head struct {
				ID string `json:"_id"`
			}
			_ = json.Unmarshal(d, &head)
			var failure string
			if bytes.Contains(d, []byte(word)) {
				failure = code
			} else if reply, err := w.post(`{"insertOne":{"document":` + string(d) + `}}`); err != nil || reply["errors"] != nil {
				failure = "DOCUMENT_ALREADY_EXISTS"
			}
			if failure == "" {
				responses = append(responses, fmt.Sprintf(`{"_id":%q,"status":"OK"}`, head.ID))
				continue
			}
			responses = append(responses, fmt.Sprintf(`{"_id":%q,"status":"ERROR","errorsIdx":%d}`, head.ID, len(errs)))
			errs = append(errs, fmt.Sprintf(`{"errorCode":%q,"family":"REQUEST","scope":"DOCUMENT",`+
				`"title":"t","message":"m"}`, failure))
		}
		return true, http.StatusOK, fmt.Appendf(nil, `{"status":{"documentResponses":[%s]},"errors":[%s]}`,
			strings.Join(responses, ","), strings.Join(errs, ","))
	}
}

// poisoned is a text of several chunks, one of which the server refuses.
const poisoned = "fine one\n\nfine two\n\npoison\n\nfine three"

func TestRejectedByTheServer(t *testing.T) {
	tests := map[string]struct {
		stream configured
		first  []string // written before
		lines  []string
		want   []string
	}{
		"none of its chunks stay": {
			stream("s", toAppend, syncID(2)), nil,
			[]string{row("s", 1, "a"), row("s", 2, poisoned), row("s", 3, "c")}, []string{"a", "c"}},
		"its previous version stays": {
			stream("s", toDedup, key("id")), []string{row("s", 2, "old"), row("s", 3, "fine two")},
			[]string{row("s", 1, "a"), row("s", 2, poisoned), row("s", 3, "c")}, []string{"a", "c", "old"}},
		"its previous version of the same batch stays": {
			stream("s", toDedup, key("id")), []string{row("s", 2, "old")},
			[]string{row("s", 2, "newer"), row("s", 2, poisoned)}, []string{"newer"}},
		"a later version is stored": {
			stream("s", toDedup, key("id")), []string{row("s", 2, "old")},
			[]string{row("s", 2, poisoned), row("s", 2, "newer")}, []string{"newer"}},
		"chunks that its previous version has too stay": {
			stream("s", toDedup, key("id")), []string{row("s", 2, "fine one\n\nfine two")},
			[]string{row("s", 2, poisoned)}, []string{"fine", "fine two", "one"}},
		"all its versions but the first": {
			stream("s", toDedup, key("id")), []string{row("s", 2, "old")},
			[]string{row("s", 2, "newer"), row("s", 2, poisoned), row("s", 2, "poison")}, []string{"newer"}},
		"all its versions": {
			stream("s", toDedup, key("id")), []string{row("s", 2, "old")},
			[]string{row("s", 2, "poison"), row("s", 2, poisoned)}, []string{"old"}},
		"a version after its deletion": {
			stream("s", toDedup, key("id")), []string{row("s", 2, "old")},
			[]string{deleted("s", 2), row("s", 2, poisoned)}, []string{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.chunk_size"] = 4
				w.edits["processing.rejected_records"] = map[string]any{"mode": "skip", "max_rejected_records": 10}
				streams := []configured{test.stream}
				w.sync(attempt{streams: streams, lines: test.first})
				w.server.KeepControl("insertMany", w.refuseTexts("poison"))
				rejects := strings.Count(strings.Join(test.lines, ""), "poison")
				if name == "a later version is stored" {
					rejects = 0 // it was replaced before it was sent
				}
				r := w.sync(attempt{streams: streams, lines: append(test.lines, streamState("s", 1))})
				require.Equal(w.t, test.want, w.texts())
				require.EqualValues(w.t, rejects, r.states[0].Stats.Rejected)
				require.EqualValues(w.t, len(test.lines)-rejects, r.states[0].Stats.Records)
				require.Equal(w.t, rejects > 0, r.warned("SHRED_DOC_LIMIT_VIOLATION"), r.logs)
			})
		})
	}
}

// TestAVectorOfAnotherLengthIsNoRecordsFault: every document has it. If each record were rejected for it,
// a sync that skips them would store nothing and end well.
func TestAVectorOfAnotherLengthIsNoRecordsFault(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.rejected_records"] = map[string]any{"mode": "skip"}
		s := []configured{stream("s", toDedup, key("id"))}
		w.sync(attempt{streams: s, lines: []string{row("s", 1, "old")}})
		w.server.KeepControl("insertMany", w.refuseTextsWith("new", astra.CodeInvalidVectorLength))
		r, trace := w.fails(attempt{streams: s, lines: []string{row("s", 1, "new"), streamState("s", 1)}})
		require.EqualValues(w.t, "config_error", trace.FailureType)
		require.Empty(w.t, r.states)
		require.Zero(w.t, r.Rejected)
		require.Equal(w.t, []string{"old"}, w.texts())
	})
}

// TestRejectedAfterALostAnswer: an insert of the rejected record's other chunks
// is applied long after its answer is lost.
func TestRejectedAfterALostAnswer(t *testing.T) {
	for _, s := range []configured{stream("s", toAppend, syncID(2)), stream("s", toDedup, key("id"))} {
		t.Run(s["destination_sync_mode"].(string), func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.chunk_size"] = 4
				w.edits["processing.rejected_records"] = map[string]any{"mode": "skip", "max_rejected_records": 10}
				w.sync(attempt{streams: []configured{s}, lines: []string{row("s", 9, "there")}})
				late := w.late()
				refuse := w.refuseTexts("poison")
				// What is applied late is as the server would store it: all but the refused chunk.
				w.server.Control("insertMany", func(r *http.Request, body []byte) (bool, int, []byte) {
					late.later(func() { refuse(r, body) })
					return true, 0, nil
				})
				w.server.KeepControl("insertMany", refuse)
				r := w.sync(attempt{streams: []configured{s},
					lines: []string{row("s", 1, poisoned), row("s", 2, "b"), streamState("s", 1)}})
				late.wait()
				require.Equal(w.t, []int{1}, r.numbers())
				require.Equal(w.t, []string{"b", "there"}, w.texts())
			})
		})
	}
}

func TestRejectedRecords(t *testing.T) {
	noText := func(id int) string { return record("s", fmt.Sprintf(`{"id":%d,"title":"t"}`, id)) }
	tests := map[string]struct {
		mode   any
		lines  []string
		states []int
		want   string // in the message when it fails
	}{
		"fail is the default": {
			nil, []string{row("s", 1, "a"), streamState("s", 1), noText(2), streamState("s", 2)}, []int{1},
			"set processing.rejected_records to skip"},
		"skip up to the ceiling": {
			map[string]any{"mode": "skip", "max_rejected_records": 2},
			[]string{row("s", 1, "a"), noText(2), streamState("s", 1), noText(3), streamState("s", 2)}, []int{1, 2}, ""},
		"one more than the ceiling": {
			map[string]any{"mode": "skip", "max_rejected_records": 1},
			[]string{row("s", 1, "a"), noText(2), streamState("s", 1), noText(3), streamState("s", 2)}, []int{1},
			"one more than processing.rejected_records.max_rejected_records (1)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				if test.mode != nil {
					w.edits["processing.rejected_records"] = test.mode
				}
				a := attempt{streams: []configured{stream("s", toDedup, key("id"))}, lines: test.lines}
				if test.want == "" {
					r := w.sync(a)
					require.Equal(w.t, test.states, r.numbers())
					require.EqualValues(w.t, 2, r.Rejected)
					require.True(w.t, r.warned("record_id=s_2"))
					require.True(w.t, r.warned("no text"))
				} else {
					r, trace := w.fails(a)
					require.Equal(w.t, test.states, r.numbers())
					require.EqualValues(w.t, "config_error", trace.FailureType)
					require.Contains(w.t, trace.Message, test.want)
					require.Contains(w.t, trace.Message, "no text")
					require.Equal(w.t, "s", trace.Stream.Name)
				}
				require.Equal(w.t, []string{"a"}, w.texts())
			})
		})
	}
}

// TestRejectedInARefresh: a record that cannot be stored keeps its previous version,
// also when everything else of the stream is replaced.
func TestRejectedInARefresh(t *testing.T) {
	noText := record("s", `{"id":2,"title":"no text"}`)
	tests := map[string]struct {
		lines []string
		want  []string
	}{
		"refused when it is built":       {[]string{row("s", 1, "one"), noText}, []string{"one", "two old"}},
		"refused by the server":          {[]string{row("s", 1, "one"), row("s", 2, "poison")}, []string{"one", "two old"}},
		"after a version that is stored": {[]string{row("s", 2, "two new"), noText}, []string{"two new"}},
		"before a version that is":       {[]string{noText, row("s", 2, "two new")}, []string{"two new"}},
		"and unchanged before":           {[]string{row("s", 2, "two old"), noText, row("s", 2, "poison")}, []string{"two old"}},
		"after its deletion":             {[]string{deleted("s", 2), noText}, []string{}},
		"and nothing was there":          {[]string{record("s", `{"id":3,"title":"no text"}`)}, []string{}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.rejected_records"] = map[string]any{"mode": "skip", "max_rejected_records": 10}
				w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"), numbered(1, 0, 1))},
					lines: []string{row("s", 1, "one"), row("s", 2, "two old"), row("s", 9, "gone")}})
				w.server.KeepControl("insertMany", w.refuseTexts("poison"))
				for _, resumable := range []bool{true, false} {
					s := stream("s", toDedup, key("id"), numbered(2, 2, 2), fullRefresh(resumable))
					r := w.sync(attempt{streams: []configured{s}, lines: append(test.lines, streamState("s", 1), complete("s"))})
					require.Equal(w.t, test.want, w.texts(), "resumable: %t", resumable)
					rejects := strings.Count(strings.Join(test.lines, ""), "no text") + strings.Count(strings.Join(test.lines, ""), "poison")
					require.EqualValues(w.t, rejects, r.states[0].Stats.Rejected)
					require.EqualValues(w.t, len(test.lines)-rejects, r.states[0].Stats.Records)
				}
			})
		})
	}
}
