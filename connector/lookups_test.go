package connector_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/connector"
)

// numberedTexts are n rows whose texts say the version.
func numberedTexts(n int, version string, more ...string) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = row("s", i, fmt.Sprint("text ", version, i))
	}
	return append(lines, more...)
}

// TestRefreshLooksForManyTextsInACall: a refresh in which each text changed asks for a hundred of them at
// a time, and one with another model for none.
func TestRefreshLooksForManyTextsInACall(t *testing.T) {
	refresh := func(n int64) []configured { return []configured{stream("s", toDedup, key("id"), numbered(n, n, n))} }
	onBothBackends(t, func(w *world) {
		const batches = 5
		lines := func(version string) []string { return numberedTexts(100*batches, version, complete("s")) }
		r := w.sync(attempt{streams: refresh(4), lines: lines("old ")})
		finalising := r.sent["find"].Requests
		require.LessOrEqual(w.t, int(finalising), 20, "the first load reads nothing but to finalise")
		unchanged := w.sync(attempt{streams: refresh(5), lines: lines("old ")})
		changed := w.sync(attempt{streams: refresh(6), lines: lines("new ")})
		require.Equal(w.t, 100*batches, changed.texts)
		require.LessOrEqual(w.t, int(changed.sent["find"].Requests-unchanged.sent["find"].Requests), batches+12)

		w.edits["embedding.model_name"] = "large"
		other := w.sync(attempt{streams: refresh(7), lines: lines("new ")})
		require.Equal(w.t, 100*batches, other.texts, "no vector of the other model is reused")
		require.LessOrEqual(w.t, int(other.sent["find"].Requests-unchanged.sent["find"].Requests), 12)
	})
}

// TestANewStreamIsNotRead: what a collection of other streams is asked for does not grow with the records of
// one that it does not hold yet.
func TestANewStreamIsNotRead(t *testing.T) {
	for _, mode := range []string{toAppend, toDedup} {
		t.Run(mode, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.sync(attempt{streams: []configured{stream("t", toAppend, syncID(1))}, lines: []string{row("t", 1, "other")}})
				finds := func(name string, rows int) int64 {
					var lines []string
					for i := range rows {
						lines = append(lines, row(name, i, fmt.Sprint(name, i)))
					}
					s := stream(name, mode, key("id"), syncID(1))
					return w.sync(attempt{streams: []configured{s}, lines: lines}).sent["find"].Requests
				}
				require.Equal(w.t, finds("one", 1), finds("many", 500))
			})
		})
	}
}

// TestRefreshFindsTextsUnderOtherKeys: every text that is stored anywhere in the stream is found, also where
// one of them is that of many documents, and each call's reply is small.
func TestRefreshFindsTextsUnderOtherKeys(t *testing.T) {
	tests := map[string]struct {
		old, new []string
		embedded int
	}{
		"each once": {old: numberedTexts(250, "a"), new: numberedTexts(250, "a")},
		"two texts of many documents": {
			old: slices.Concat(same("x", 300), same("y", 300), numberedTexts(90, "a")),
			new: slices.Concat(numberedTexts(90, "a"), same("x", 1), same("y", 1))},
		"some are new": {
			old: slices.Concat(same("x", 300), numberedTexts(90, "a")),
			new: slices.Concat(numberedTexts(120, "a"), same("x", 2)), embedded: 30},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				refresh := func(n int64) []configured {
					return []configured{stream("s", toAppend, fullRefresh(true), numbered(n, n, n))}
				}
				w.sync(attempt{streams: refresh(1), lines: slices.Concat(test.old, []string{complete("s")})})
				// Another field of metadata: each document is a new one, of a stored text.
				w.edits["processing.field_name_mappings"] = []any{map[string]any{"from_field": "id", "to_field": "n"}}
				lines := slices.Concat(test.new, []string{complete("s")})
				p := w.plan(lines, connector.PlanOptions{}, refresh(2)...)
				r := w.sync(attempt{streams: refresh(2), lines: lines})
				require.Equal(w.t, test.embedded, r.texts)
				require.EqualValues(w.t, test.embedded, p.Total.ChunksToEmbed)
				require.Len(w.t, w.texts(), len(test.new))
				require.LessOrEqual(w.t, int(r.sent["find"].Requests), 45)
			})
		})
	}
}

// same are n rows of one text.
func same(text string, n int) []string {
	lines := make([]string, n)
	for i := range lines {
		lines[i] = row("s", fmt.Sprint(text, i), text)
	}
	return lines
}
