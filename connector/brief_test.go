package connector_test

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"destination-astra/connector"
)

// TestLongKeysAreCut: no message, plan or finding shows more than the beginning of what came with the data.
func TestLongKeysAreCut(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.metadata_fields"] = []string{"id", "k"}
		long := strings.Repeat("ä", 1500)
		nested := func(id, name, value string) string {
			data, err := json.Marshal(map[string]any{"id": id, "text": "t", "k": map[string]any{name: json.RawMessage(value)}})
			require.NoError(w.t, err)
			return record("s", string(data))
		}
		name := "$" + strings.Repeat("ö", 400)
		tooLong := strings.Repeat("9", 150) // a number of more digits than any server takes
		noText, badValue, badName := record("s", `{"id":"`+long+`"}`), nested(long, "n", tooLong), nested("1", name, tooLong)
		s := stream("s", toDedup, key("id"))
		isShort := func(text, begins string) {
			require.True(w.t, utf8.ValidString(text), text)
			require.Contains(w.t, text, begins)
			require.Contains(w.t, text, "...")
			require.NotContains(w.t, text, strings.Repeat("ä", 101))
			require.NotContains(w.t, text, strings.Repeat("ö", 101))
			require.NotContains(w.t, text, strings.Repeat("9", 101))
		}

		for _, line := range []string{noText, badValue, badName} {
			_, trace := w.fails(attempt{streams: []configured{s}, lines: []string{line}})
			isShort(trace.Message, "line 1")
			isShort(trace.InternalMessage, "line 1")
			p := w.plan([]string{line}, connector.PlanOptions{}, s)
			isShort(p.WouldFail, "line 1")
			text, err := json.Marshal(p)
			require.NoError(w.t, err)
			isShort(string(text), "line 1")
		}

		w.edits["processing.rejected_records"] = map[string]any{"mode": "skip"}
		r := w.sync(attempt{streams: []configured{s},
			lines: []string{noText, badValue, badName, nested("2", name, "1"), row("s", long, "stored")}})
		require.EqualValues(w.t, 3, r.Rejected)
		warned := 0
		for _, log := range r.logs {
			if strings.HasPrefix(log, "WARN ") {
				isShort(log, "stream=s")
				warned++
			}
		}
		require.Equal(w.t, 4, warned, "three rejected records and a renamed field: %q", r.logs)

		v := w.verify([]string{row("s", long, "another text")}, connector.VerifyOptions{}, s)
		require.NotEmpty(w.t, v.Streams[0].Findings)
		isShort(v.Streams[0].Findings[0].Key, "s_ä")
	})
}
