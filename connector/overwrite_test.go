package connector_test

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/protocol"
)

// TestFinalise: a stream holds old data, then an attempt brings "new" and "same"
// and ends in some way.
func TestFinalise(t *testing.T) {
	fresh := func(c configured) configured { fullRefresh(false)(c); return c }
	overwrite := fresh(stream("s", toOverwrite))
	replaced, kept := []string{"new", "same"}, []string{"new", "old", "same"}
	tests := map[string]struct {
		before, stream configured
		end            []string // of the input
		jobID          string
		want           []string
		warns          string
	}{
		"overwrite completes": {
			overwrite, overwrite, []string{complete("s")}, "", replaced, ""},
		"overwrite started, runs and completes": {
			overwrite, overwrite, []string{status("s", "STARTED"), status("s", "RUNNING"), complete("s")}, "", replaced, ""},
		"overwrite completes twice": {
			overwrite, overwrite, []string{complete("s"), complete("s")}, "", replaced, ""},
		"overwrite is incomplete": {
			overwrite, overwrite, []string{status("s", "INCOMPLETE")}, "", kept, "did not complete"},
		"overwrite has statuses and no COMPLETE": {
			overwrite, overwrite, []string{status("s", "STARTED")}, "", kept, "did not complete"},
		"another stream completes": {
			overwrite, overwrite, []string{complete("t")}, "", kept, "did not complete"},
		"overwrite of a caller without statuses": {
			overwrite, overwrite, nil, "", replaced, "taken as the stream's completion"},
		"numbered overwrite without statuses": {
			overwrite, fresh(stream("s", toOverwrite, numbered(2, 2, 9))), nil, "", kept, "did not complete"},
		"numbered overwrite completes": {
			overwrite, fresh(stream("s", toOverwrite, numbered(2, 2, 9))), []string{complete("s")}, "", replaced, ""},
		"numbered replacing append completes": {
			fresh(stream("s", toAppend, numbered(1, 0, 8))), fresh(stream("s", toAppend, numbered(2, 2, 9))),
			[]string{complete("s")}, "", replaced, ""},
		"numbered replacing append does not": {
			fresh(stream("s", toAppend, numbered(1, 0, 8))), fresh(stream("s", toAppend, numbered(2, 2, 9))),
			nil, "", []string{"new", "old", "same", "same"}, "did not complete"},
		"resumable replacing append completes": {
			stream("s", toAppend, numbered(1, 1, 8), fullRefresh(true)),
			stream("s", toAppend, numbered(2, 2, 9), fullRefresh(true)), []string{complete("s")}, "", replaced, ""},
		"numbered replacing append_dedup completes": {
			stream("s", toDedup, key("id"), numbered(1, 0, 8)), stream("s", toDedup, key("id"), numbered(2, 2, 9)),
			[]string{complete("s")}, "", replaced, ""},
		"replacing append_dedup over documents of callers that number nothing": {
			stream("s", toDedup, key("id")), stream("s", toDedup, key("id"), numbered(1, 1, 9)),
			[]string{complete("s")}, "3", replaced, ""},
		"refresh and retain": {
			fresh(stream("s", toAppend, numbered(1, 0, 8))), fresh(stream("s", toAppend, numbered(2, 0, 9))),
			[]string{complete("s")}, "", []string{"new", "old", "same", "same"}, ""},
		"refresh and retain, append_dedup": {
			stream("s", toDedup, key("id"), numbered(1, 0, 8)), stream("s", toDedup, key("id"), numbered(2, 0, 9)),
			[]string{complete("s")}, "", kept, ""},
		"generation 0 replaces nothing": {
			fresh(stream("s", toAppend, numbered(0, 0, 8))), fresh(stream("s", toAppend, numbered(0, 0, 9))),
			[]string{complete("s")}, "", []string{"new", "old", "same", "same"}, ""},
		"PyAirbyte's append completes": {
			stream("s", toAppend, numbered(1, 1, 1)), stream("s", toAppend, numbered(1, 1, 1)),
			[]string{complete("s")}, "", []string{"new", "old", "same", "same"}, "treating the catalog as one that numbers no"},
		"PyAirbyte's append_dedup completes": {
			stream("s", toDedup, key("id"), numbered(1, 1, 1)), stream("s", toDedup, key("id"), numbered(1, 1, 1)),
			[]string{complete("s")}, "", kept, "treating the catalog as one that numbers no"},
		"PyAirbyte's overwrite ends": {
			overwrite, fresh(stream("s", toOverwrite, numbered(1, 1, 1))), nil, "", replaced, "treating the catalog"},
		"PyAirbyte's overwrite completes": {
			overwrite, fresh(stream("s", toOverwrite, numbered(1, 1, 1))), []string{complete("s")}, "", replaced, ""},
		"a platform's first job, also numbered 1, 1, 1": {
			stream("s", toDedup, key("id")), stream("s", toDedup, key("id"), numbered(1, 1, 1)),
			[]string{complete("s")}, "1", replaced, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{test.before}, jobID: test.jobID,
					lines: []string{row("s", 1, "same"), row("s", 2, "old"), complete("s")}})
				w.later()
				lines := append([]string{row("s", 3, "new"), row("s", 1, "same"), streamState("s", 1)}, test.end...)
				r := w.sync(attempt{streams: []configured{test.stream}, lines: lines, jobID: test.jobID})
				require.Equal(w.t, test.want, w.texts())
				require.Equal(w.t, []int{1}, r.numbers())
				if test.warns == "" {
					require.False(w.t, r.warned("did not complete") || r.warned("taken as the stream's completion"), r.logs)
				} else {
					require.True(w.t, r.warned(test.warns), r.logs)
				}
			})
		})
	}
}

func TestEmptyOverwrite(t *testing.T) {
	overwrite := stream("s", toOverwrite, fullRefresh(false))
	tests := map[string]struct {
		allow bool
		lines []string
		want  []string
	}{
		"nothing came":                   {false, nil, []string{"old"}},
		"nothing came, and that is fine": {true, nil, []string{}},
		"only a state came":              {false, []string{legacyState(1)}, []string{}},
		"nothing but COMPLETE came":      {false, []string{complete("s")}, []string{}},
		"nothing but INCOMPLETE came":    {true, []string{status("s", "INCOMPLETE")}, []string{"old"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{overwrite}, lines: []string{row("s", 2, "old")}})
				w.later()
				w.edits["processing.allow_empty_overwrite"] = test.allow
				w.sync(attempt{streams: []configured{overwrite}, lines: test.lines})
				require.Equal(w.t, test.want, w.texts())
			})
		})
	}
}

// TestFinaliseTakesDocumentsOfEveryID: other programs may have given an _id of any type that
// the Data API knows.
func TestFinaliseTakesDocumentsOfEveryID(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.sync(attempt{streams: []configured{stream("s", toAppend, numbered(1, 1, 1))}, lines: rows("s", 1), jobID: "1"})
		for _, id := range []string{`"x"`, `null`, `7`, `-1.5`, `true`, `{"$date":5}`,
			`{"$uuid":"01234567-89ab-4cde-8f01-23456789abcd"}`, `{"$objectId":"0123456789abcdef01234567"}`} {
			w.command(`{"insertOne":{"document":{"_id":` + id + `,"_ab_stream":"s","text":"old"}}}`)
		}
		w.sync(attempt{streams: []configured{stream("s", toAppend, numbered(2, 2, 2))}, jobID: "2",
			lines: []string{row("s", 1, "new"), complete("s")}})
		reply := w.command(`{"find":{"filter":{"_ab_stream":"s"},"projection":{"text":1,"_id":0}}}`)
		require.JSONEq(w.t, `{"documents":[{"text":"text: new"}],"nextPageState":null}`, string(reply["data"]))
	})
}

// TestFinaliseTakesAllOldDocuments has more old documents than a page, a
// deleteMany or an $in takes, those of other streams beside them.
func TestFinaliseTakesAllOldDocuments(t *testing.T) {
	onBothBackends(t, func(w *world) {
		var lines []string
		for i := range 250 {
			lines = append(lines, row("s", i, fmt.Sprint("old ", i)), row("other", i, "other"))
		}
		other := stream("other", toDedup, key("id"))
		w.sync(attempt{streams: []configured{stream("s", toAppend, numbered(1, 1, 1)), other}, lines: lines, jobID: "1"})
		for i := range 30 {
			w.foreign(fmt.Sprintf("uuid-%d", i), "s", "", "old")
		}
		w.foreign("uuid", "other", "other_0", "other")
		r := w.sync(attempt{streams: []configured{stream("s", toAppend, numbered(2, 2, 2)), other}, jobID: "2",
			lines: []string{row("s", 1, "new"), complete("s"), complete("other"), streamState("s", 1)}})
		want := append([]string{"new"}, slices.Repeat([]string{"other"}, 251)...)
		require.Equal(w.t, want, w.texts())
		require.EqualValues(w.t, 280, r.Deleted)
		require.Equal(w.t, []int{1}, r.numbers())
	})
}

func TestNothingIsDeletedBeforeCOMPLETE(t *testing.T) {
	onBothBackends(t, func(w *world) {
		old := attempt{streams: []configured{stream("s", toOverwrite, fullRefresh(false))}}
		var want []string
		for i := range 300 {
			old.lines = append(old.lines, row("s", i, fmt.Sprintf("old %d", i)))
			want = append(want, fmt.Sprintf("old %d", i))
		}
		w.sync(old)
		w.later()
		fresh := attempt{streams: old.streams}
		for i := range 300 {
			fresh.lines = append(fresh.lines, row("s", i, fmt.Sprintf("new %d", i)), streamState("s", i))
		}
		seen := 0
		fresh.onState = func(s state) {
			seen++
			if seen%50 == 0 {
				require.Subset(w.t, w.texts(), want)
			}
		}
		fresh.lines = append(fresh.lines, complete("s"))
		w.sync(fresh)
		require.Equal(w.t, 300, seen)
		for _, text := range w.texts() {
			require.Contains(w.t, text, "new")
		}
	})
}

func TestNewerGenerationStopsTheJob(t *testing.T) {
	tests := map[string]struct {
		newer, stale configured
		lines        []string
	}{
		"replacing append": {
			stream("s", toAppend, numbered(5, 5, 9)), stream("s", toAppend, numbered(4, 4, 8)), nil},
		"replacing append, nothing of it touched": {
			stream("s", toAppend, numbered(5, 5, 9)), stream("s", toAppend, numbered(4, 4, 8)),
			[]string{row("s", 5, "x"), complete("s")}},
		"replacing append_dedup": {
			stream("s", toDedup, key("id"), numbered(5, 5, 9)), stream("s", toDedup, key("id"), numbered(4, 4, 8)), nil},
		"append_dedup": {
			stream("s", toDedup, key("id"), numbered(5, 0, 9)), stream("s", toDedup, key("id"), numbered(4, 0, 8)), nil},
		"overwrite": {
			stream("s", toOverwrite, numbered(5, 5, 9)), stream("s", toOverwrite, numbered(4, 4, 8)), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{test.newer}, lines: []string{row("s", 1, "a"), row("s", 2, "b")}})
				lines := test.lines
				if lines == nil {
					lines = []string{row("s", 1, "stale"), complete("s")}
				}
				_, trace := w.fails(attempt{streams: []configured{test.stale}, lines: lines})
				require.Equal(w.t, protocol.TransientError, trace.FailureType)
				require.Contains(w.t, trace.Message, "generation 5, newer than this sync's 4")
				require.Equal(w.t, "s", trace.Stream.Name)
				require.Subset(w.t, w.texts(), []string{"a", "b"}, "nothing is deleted")
			})
		})
	}
}

// TestGenerationsOfTwoKinds: what a caller that numbers nothing wrote is neither newer nor older
// than what one that counts did, whatever it counts; each replaces what the other left.
func TestGenerationsOfTwoKinds(t *testing.T) {
	byTime := stream("s", toOverwrite, fullRefresh(false))
	for counter, generation := range map[string]int64{"counted": 3, "in milliseconds": 1_766_707_200_000} {
		byNumber := stream("s", toAppend, numbered(generation, generation, generation), fullRefresh(false))
		for name, order := range map[string][2]configured{
			"numbered after unnumbered": {byTime, byNumber}, "unnumbered after numbered": {byNumber, byTime},
			"numbered after numbered": {byNumber, stream("s", toAppend, numbered(generation+1, generation+1, 9))},
		} {
			t.Run(counter+", "+name, func(t *testing.T) {
				onBothBackends(t, func(w *world) {
					w.sync(attempt{streams: []configured{order[0]}, lines: []string{row("s", 1, "a"), row("s", 2, "b"), complete("s")}})
					r := w.sync(attempt{streams: []configured{order[1]}, lines: []string{row("s", 1, "a"), complete("s")}})
					require.Equal(w.t, []string{"a"}, w.texts())
					require.Zero(w.t, r.texts)
				})
			})
		}
	}
}

// TestConstantsAreNoNumbers: callers that send the same numbers with each sync count nothing.
func TestConstantsAreNoNumbers(t *testing.T) {
	tests := map[string]struct {
		stream        configured
		first, second []string
		want          []string
	}{
		"overwrite of generation 0": {stream("s", toOverwrite, numbered(0, 0, 1), fullRefresh(false)),
			[]string{row("s", 1, "a"), complete("s")}, []string{row("s", 1, "b"), complete("s")}, []string{"b"}},
		"overwrite of generation 0, resumable": {stream("s", toOverwrite, numbered(0, 0, 1), fullRefresh(true)),
			[]string{row("s", 1, "a"), complete("s")}, []string{row("s", 1, "b"), complete("s")}, []string{"b"}},
		"append of sync 0": {stream("s", toAppend, numbered(0, 0, 0)),
			[]string{row("s", 1, "a"), complete("s")}, []string{row("s", 1, "a"), complete("s")}, []string{"a", "a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{test.stream}, lines: test.first})
				w.later()
				w.sync(attempt{streams: []configured{test.stream}, lines: test.second})
				require.Equal(w.t, test.want, w.texts())
			})
		})
	}
}

// TestOverwriteWithAClockThatIsBehind: start times order nothing.
func TestOverwriteWithAClockThatIsBehind(t *testing.T) {
	onBothBackends(t, func(w *world) {
		s := []configured{stream("s", toOverwrite, fullRefresh(false))}
		w.sync(attempt{streams: s, lines: []string{row("s", 1, "a"), streamState("s", 1)}})
		for _, hours := range []int64{1, -2} {
			later := *w.documents()[0].Generation + hours*time.Hour.Milliseconds()
			w.command(fmt.Sprintf(`{"updateMany":{"filter":{"_ab_stream":"s"},"update":{"$set":{"_ab_generation_id":%d}}}}`, later))
			w.sync(attempt{streams: s, lines: []string{row("s", 1, fmt.Sprint("after ", hours)), streamState("s", 1)}})
			require.Equal(w.t, []string{fmt.Sprint("after ", hours)}, w.texts())
		}
	})
}

// TestSecondAttemptOfAnUnnumberedOverwrite: where the platform names the job, the attempts of a
// job belong together also without generations.
func TestSecondAttemptOfAnUnnumberedOverwrite(t *testing.T) {
	for resumable, want := range map[bool][]string{true: {"a", "b"}, false: {"b"}} {
		t.Run(fmt.Sprintf("resumable: %t", resumable), func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				s := []configured{stream("s", toOverwrite, fullRefresh(resumable))}
				w.sync(attempt{streams: s, jobID: "6", lines: []string{row("s", 9, "old"), streamState("s", 1)}})
				w.later()
				r := w.write(w.t.Context(), attempt{streams: s, jobID: "7", lines: []string{row("s", 1, "a"), streamState("s", 1), broken}})
				require.Error(w.t, r.err)
				w.later()
				w.sync(attempt{streams: s, jobID: "7", lines: []string{row("s", 2, "b"), streamState("s", 2)}})
				require.Equal(w.t, want, w.texts())
			})
		})
	}
}

// TestEndOfInputSpeaksForItsOwnStream: two streams are overwritten by a caller without numbers
// and statuses. Stream a gets a record and a state; what of stream b comes decides about b alone.
func TestEndOfInputSpeaksForItsOwnStream(t *testing.T) {
	global := `{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"n":2},"stream_states":[` +
		`{"stream_descriptor":{"name":"b"},"stream_state":{}}]}}}`
	tests := map[string]struct {
		lines []string
		jobID string
		kept  bool
		warns string
	}{
		"nothing":                             {nil, "", true, "nothing came of the stream"},
		"nothing but a LEGACY state":          {[]string{legacyState(2)}, "", true, "nothing came of the stream"},
		"nothing but a GLOBAL state of a":     {[]string{globalState(2)}, "", true, "nothing came of the stream"},
		"a state":                             {[]string{streamState("b", 2)}, "", false, "taken as the stream's completion"},
		"a GLOBAL state that names it":        {[]string{global}, "", false, "taken as the stream's completion"},
		"records and a state":                 {[]string{row("b", 1, "b new"), streamState("b", 2)}, "", false, "completion"},
		"records and no state":                {[]string{row("b", 1, "b new")}, "", false, "completion"},
		"records and no state, on a platform": {[]string{row("b", 1, "b new")}, "7", true, "whether its source failed"},
		"records behind its state": {
			[]string{row("b", 1, "b new"), streamState("b", 2), row("b", 2, "more")}, "", true, "that no state covers"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				s := []configured{stream("a", toOverwrite, fullRefresh(false)), stream("b", toOverwrite, fullRefresh(false))}
				w.sync(attempt{streams: s, lines: []string{
					row("a", 1, "a old"), streamState("a", 1), row("b", 1, "b old"), streamState("b", 2)}})
				w.later()
				r := w.sync(attempt{streams: s, jobID: test.jobID,
					lines: append([]string{row("a", 1, "a new"), streamState("a", 1)}, test.lines...)})
				require.NotContains(w.t, w.texts(), "a old")
				require.Equal(w.t, test.kept, slices.Contains(w.texts(), "b old"), w.texts())
				require.True(w.t, r.warned(test.warns), r.logs)
			})
		})
	}
}
