package connector_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/embedtest"
)

// TestAServiceThatRefusesEverythingEndsTheSync: gateways answer 400 once a budget is
// used up or a key has expired. With records to be skipped, none of them may be.
func TestAServiceThatRefusesEverythingEndsTheSync(t *testing.T) {
	tests := map[string]embedtest.Fault{
		"LiteLLM's budget": {Status: 400, Body: `{"error":{"message":"Budget has been exceeded! Current cost: 10.01, ` +
			`Max budget: 10.0","type":"budget_exceeded","param":null,"code":"400"}}`},
		"Gemini's expired key": {Status: 400, Body: `[{"error":{"code":400,"message":"API key expired. Please renew ` +
			`the API key.","status":"INVALID_ARGUMENT"}}]`},
		"unknown words": embedtest.Status(http.StatusBadRequest, "", "not today"),
		"422":           embedtest.Status(http.StatusUnprocessableEntity, "", "not today"),
		"413":           embedtest.Status(http.StatusRequestEntityTooLarge, "", "not today"),
	}
	words := map[string]string{"LiteLLM's budget": "Budget has been exceeded", "Gemini's expired key": "API key expired"}
	for name, fault := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.rejected_records"] = map[string]any{"mode": "skip", "max_rejected_records": 1000}
				// Which requests are under way when one is refused is not left to chance.
				w.edits["embedding.max_concurrency"] = 1
				w.embedder.Fail(append(make([]embedtest.Fault, 4), slices.Repeat([]embedtest.Fault{fault}, 1000)...)...)
				var lines []string
				for i := range 300 {
					lines = append(lines, row("s", i, fmt.Sprint("text ", i)))
				}
				lines = append(lines, streamState("s", 1))

				r, trace := w.fails(attempt{streams: []configured{stream("s", toDedup, key("id"), syncID(1))},
					lines: lines, batches: 1})

				require.Empty(w.t, r.states)
				require.Zero(w.t, r.Rejected)
				require.EqualValues(w.t, "config_error", trace.FailureType)
				said := words[name]
				if said == "" {
					said = "not today"
				}
				require.Contains(w.t, trace.Message, said)
				require.Less(w.t, w.embedder.Counts().Requests, 20)
			})
		})
	}
}

// TestARefusedTextIsSkippedWhileOthersPass: the counterpart; only the moderated records
// are rejected.
func TestARefusedTextIsSkippedWhileOthersPass(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.embedder = embedtest.NewServer(embedtest.Options{Dimensions: dimensions,
			Refuse: func(text string) bool { return strings.Contains(text, "moderated") }})
		w.edits["processing.rejected_records"] = map[string]any{"mode": "skip", "max_rejected_records": 10}
		var lines []string
		for i := range 40 {
			lines = append(lines, row("s", i, fmt.Sprint("text ", i)))
		}
		lines[7], lines[39] = row("s", 7, "moderated"), row("s", 39, "moderated, too")
		lines = append(lines, streamState("s", 1))

		r := w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"), syncID(1))}, lines: lines})

		require.EqualValues(w.t, 2, r.Rejected)
		require.Equal(w.t, []int{1}, r.numbers())
		require.Len(w.t, w.texts(), 38)
	})
}
