package connector_test

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestManyRefusedVersionsOfAKey: each refused version takes a look at the one before it. However many
// there are, the newest good one is stored, or what was stored stays, and all states come out.
func TestManyRefusedVersionsOfAKey(t *testing.T) {
	poison := make([]string, 45)
	for i := range poison {
		poison[i] = row("s", 2, fmt.Sprint("poison", i))
	}
	good := []string{row("s", 2, "good")}
	tests := map[string]struct {
		stream configured
		first  []string // written before; nil: the stream is empty
		lines  []string
		want   []string
	}{
		"what was stored stays": {
			stream("s", toDedup, key("id")), []string{row("s", 2, "old")}, poison, []string{"old"}},
		"nothing was stored": {stream("s", toDedup, key("id")), nil, poison, []string{}},
		"the one before them all is stored": {
			stream("s", toDedup, key("id")), []string{row("s", 2, "old")}, slices.Concat(good, poison), []string{"good"}},
		"and one that comes after": {
			stream("s", toDedup, key("id")), []string{row("s", 2, "old")}, slices.Concat(poison, good), []string{"good"}},
		"in a refresh": {
			stream("s", toDedup, key("id"), fullRefresh(true), numbered(5, 5, 5)), []string{row("s", 2, "old")},
			slices.Concat(poison, []string{complete("s")}), []string{"old"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.rejected_records"] = map[string]any{"mode": "skip", "max_rejected_records": 1000}
				w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"))}, lines: test.first})
				w.server.KeepControl("insertMany", w.refuseTexts("poison"))
				r := w.sync(attempt{
					streams: []configured{test.stream}, lines: slices.Concat(test.lines, []string{streamState("s", 1)})})
				require.Equal(w.t, test.want, w.texts())
				require.Equal(w.t, []int{1}, r.numbers())
				rejected := 0.0
				if !slices.Equal(test.lines[len(test.lines)-1:], good) {
					rejected = float64(len(poison))
				}
				require.Equal(w.t, rejected, r.states[0].Stats.Rejected)
			})
		})
	}
}
