package connector_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/failure"
	"destination-astra/localastra"
	"destination-astra/reading"
)

func TestSearchFor(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.sync(attempt{
			streams: []configured{stream("a", toDedup, key("id")), stream("b", toAppend)},
			lines: []string{
				row("a", 1, "red apple"), row("a", 2, "red brick"), row("b", 3, "red apple"), row("b", 4, "green leaf"),
			},
		})
		filtered := strings.HasSuffix(w.t.Name(), localastra.BackendAstra)
		tests := map[string]struct {
			query   reading.Query
			want    []string // stream and text, best first
			refused bool     // by a database that does not filter a vector search
		}{
			"all":    {reading.Query{Text: "text: green leaf", Limit: 1}, []string{"b green leaf"}, false},
			"stream": {reading.Query{Text: "text: green leaf", Stream: "a", Limit: 1}, []string{"a red apple"}, false},
			"filter": {reading.Query{Text: "text: green leaf", Filter: json.RawMessage(`{"id":2}`)},
				[]string{"a red brick"}, true},
			"both": {reading.Query{Text: "text: red apple", Stream: "b", Filter: json.RawMessage(`{"id":{"$in":[1,3]}}`)},
				[]string{"b red apple"}, true},
			"empty filter": {reading.Query{Text: "text: green leaf", Filter: json.RawMessage(`{}`), Limit: 1}, []string{"b green leaf"}, false},
		}
		_, err := reading.Search(w.t.Context(), w.open(nil).Clients, reading.Query{Text: "x", Stream: "nowhere"})
		require.ErrorContains(w.t, err, `no document of a stream "nowhere"`)
		for name, test := range tests {
			r := w.open(nil)
			hits, err := reading.Search(w.t.Context(), r.Clients, test.query)
			if test.refused && !filtered {
				var config *failure.ConfigError
				require.ErrorAs(w.t, err, &config, name)
				continue
			}
			require.NoError(w.t, err, name)
			var got []string
			for _, h := range hits {
				got = append(got, h.Stream+" "+strings.TrimPrefix(h.Text, "text: "))
				require.NotContains(w.t, string(h.Document), `"$vector"`)
				require.Len(w.t, h.ID, 64)
				require.Equal(w.t, h.Stream == "a", h.RecordID != "")
			}
			if name == "stream" {
				require.Len(w.t, got, 1)
				require.True(w.t, strings.HasPrefix(got[0], "a "))
				require.Equal(w.t, !filtered, logged(r.lines(), "WARN", "does not filter"))
				continue
			}
			require.Equal(w.t, test.want, got, name)
		}
	})
}

func TestSearchForRefuses(t *testing.T) {
	onBothBackends(t, func(w *world) {
		for name, q := range map[string]reading.Query{
			"limit 0 below": {Text: "x", Limit: -1}, "limit above": {Text: "x", Limit: 1001},
			"filter no object": {Text: "x", Filter: json.RawMessage(`[1]`)},
			"filter null":      {Text: "x", Filter: json.RawMessage(`null`)},
			"filter no JSON":   {Text: "x", Filter: json.RawMessage(`{`)},
		} {
			_, err := reading.Search(w.t.Context(), w.open(nil).Clients, q)
			var config *failure.ConfigError
			require.ErrorAs(w.t, err, &config, name)
		}
		require.Zero(w.t, w.embedder.Counts().Texts, "nothing was embedded for it")
		_, err := reading.Search(w.t.Context(), w.open(nil).Clients, reading.Query{Text: "x"})
		require.Error(w.t, err, "there is no collection")
		w.edits["embedding"] = map[string]any{"mode": "from_field", "field_name": "v", "dimensions": dimensions}
		_, err = reading.Search(w.t.Context(), w.open(nil).Clients, reading.Query{Text: "x"})
		require.ErrorContains(w.t, err, "from_field")
	})
}
