package connector_test

import (
	"fmt"
	"slices"
	"testing"

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
		require.Equal(w.t, 280.0, r.states[0].Stats.Additional["deleted"])
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

// TestGenerationsOfTwoKinds: start times in milliseconds are no newer than the
// numbers of a platform, and the other way round.
func TestGenerationsOfTwoKinds(t *testing.T) {
	byTime := stream("s", toOverwrite, fullRefresh(false))
	byNumber := stream("s", toAppend, numbered(3, 3, 3), fullRefresh(false))
	for name, order := range map[string][2]configured{
		"numbered after timed": {byTime, byNumber}, "timed after numbered": {byNumber, byTime},
	} {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{order[0]}, lines: []string{row("s", 1, "a"), row("s", 2, "b"), complete("s")}})
				r := w.sync(attempt{streams: []configured{order[1]}, lines: []string{row("s", 1, "a"), complete("s")}})
				require.Equal(w.t, []string{"a"}, w.texts())
				require.Zero(w.t, r.texts)
			})
		})
	}
}
