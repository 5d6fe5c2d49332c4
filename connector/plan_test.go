package connector_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/connector"
	"destination-astra/internal/fault"
)

// plan plans a write of the lines and makes sure that it changed nothing.
func (w *world) plan(lines []string, o connector.PlanOptions, streams ...configured) *connector.Plan {
	w.t.Helper()
	o.Explain = fault.Explain
	before := w.dumped()
	texts := w.embedder.Counts().Texts
	r := w.open(nil)
	w.server.ResetCounters()
	p, err := r.Plan(w.t.Context(), catalog(w.t, streams), strings.NewReader(strings.Join(lines, "\n")), o)
	require.NoError(w.t, err)
	require.NoError(w.t, r.Close())
	for command := range w.server.Counters() {
		require.Contains(w.t, []string{"find", "findCollections"}, command)
	}
	require.Equal(w.t, texts, w.embedder.Counts().Texts, "a plan embeds nothing")
	require.Equal(w.t, before, w.dumped(), "a plan changes nothing")
	return p
}

// dumped are the documents, or that there is no collection.
func (w *world) dumped() []storedDocument {
	w.t.Helper()
	all, err := w.dump()
	require.NoError(w.t, err)
	return all
}

// TestPlanSaysWhatWriteDoes: the write after the plan does what the plan said, for every
// mode, on an empty collection, on an unchanged one, and on one with changes.
func TestPlanSaysWhatWriteDoes(t *testing.T) {
	modes := map[string]func(sync int64) configured{
		"append":       func(int64) configured { return stream("s", toAppend, syncID(1)) },
		"append_dedup": func(int64) configured { return stream("s", toDedup, key("id")) },
		"replacing": func(n int64) configured {
			return stream("s", toAppend, fullRefresh(true), numbered(n, n, n))
		},
		"replacing with a key": func(n int64) configured {
			return stream("s", toDedup, key("id"), fullRefresh(true), numbered(n, n, n))
		},
	}
	inputs := [][]string{
		append(rows("s", 150), row("s", "long", words("w", 60)), row("s", 2, "s number 2")),
		append(rows("s", 150), row("s", "long", words("w", 60)), row("s", 2, "s number 2")),
		append(rows("s", 140), row("s", "long", words("other", 30)), row("s", 3, "changed"), deleted("s", 5)),
		{row("s", "a", words("a", 400)), row("s", "b", words("b", 400)), row("s", "c", words("c", 400))},
	}
	for name, mode := range modes {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.chunk_size"] = 20
				for i, lines := range inputs {
					s := mode(int64(i + 2))
					p := w.plan(lines, connector.PlanOptions{}, s)
					require.Equal(w.t, i > 0, p.Exists)
					require.Empty(w.t, p.WouldFail)
					require.EqualValues(w.t, len(lines), p.Total.Records)
					requests := w.embedder.Counts().Requests
					r := w.sync(attempt{streams: []configured{s}, input: w.oneByOne(lines)})
					requests = w.embedder.Counts().Requests - requests
					require.EqualValues(w.t, r.inserted(), p.Total.ChunksToWrite, "input %d", i)
					require.EqualValues(w.t, r.texts, p.Total.ChunksToEmbed, "input %d", i)
					require.EqualValues(w.t, r.sent["insertMany"].Requests, p.Calls.InsertMany, "input %d", i)
					require.EqualValues(w.t, requests, p.Calls.EmbeddingRequests, "input %d", i)
					require.EqualValues(w.t, r.sent["updateMany"].Documents, p.Total.DocumentsToRaise, "input %d", i)
					if p.Total.Replaced == 0 {
						require.EqualValues(w.t, r.Deleted, p.Total.DocumentsToDelete, "input %d", i)
					}
				}
			})
		})
	}
}

func TestPlanCounts(t *testing.T) {
	onBothBackends(t, func(w *world) {
		s := stream("s", toDedup, key("id"))
		w.sync(attempt{streams: []configured{s}, lines: rows("s", 10)})
		w.edits["embedding.requests_per_minute"] = 1
		w.edits["embedding.tokens_per_minute"] = 1_000_000
		p := w.plan([]string{
			"no message", row("s", 0, "s number 0"), row("s", 1, "changed"), row("s", 11, "new"), row("s", 12, "new"),
			row("s", 12, "new again"), deleted("s", 2), record("s", `{"id":13}`), record("s", `{"id":14}`),
			row("unknown", 1, "x"), row("s", 15, words("a long text", 40)),
		}, connector.PlanOptions{Cost: func(mode, model string, tokens int64) (float64, bool) {
			require.Equal(w.t, "openai_compatible small", mode+" "+model)
			return float64(tokens) * 2e-6, true
		}}, s)
		one := p.Streams[0]
		require.Equal(w.t, "s", one.Stream)
		require.EqualValues(w.t, 9, one.Records)
		require.EqualValues(w.t, 1, one.Unchanged)
		require.EqualValues(w.t, 1, one.Changed)
		require.EqualValues(w.t, 3, one.New)
		require.EqualValues(w.t, 1, one.Replaced)
		require.EqualValues(w.t, 1, one.Deleted)
		require.EqualValues(w.t, 2, one.Rejected)
		require.EqualValues(w.t, 2, one.DocumentsToDelete)
		require.EqualValues(w.t, 5, one.Chunks)
		require.Len(w.t, one.Rejects, 1)
		require.EqualValues(w.t, 2, one.Rejects[0].Records)
		require.Equal(w.t, []string{"s_13", "s_14"}, one.Rejects[0].RecordIDs)
		require.Contains(w.t, p.WouldFail, "s_13")
		require.Contains(w.t, p.WouldFail, "line 8 of the input")
		require.True(w.t, p.Estimated, "nobody knows the tokenizer of a compatible service's model")
		require.EqualValues(w.t, 1, p.SkippedLines)
		require.Equal(w.t, map[string]int64{"unknown": 1}, p.UnknownStreamRecords)
		chunks := int64(0)
		for _, l := range one.ChunkLengths {
			chunks += l.Chunks
			require.Less(w.t, l.From, l.To)
		}
		require.EqualValues(w.t, 5, chunks)
		require.Equal(w.t, one.PlanCounts, p.Total)
		require.InDelta(w.t, 2e-6*float64(p.Total.TokensToEmbed), *p.CostUSD, 1e-9)
		require.InDelta(w.t, 2, *p.PriceUSD, 1e-9)
		require.InDelta(w.t, 60, *p.MinimumSeconds, 0.1, "one request, one a minute")
		require.Equal(w.t, "requests_per_minute", p.LimitedBy)
		text, err := json.Marshal(p)
		require.NoError(w.t, err)
		require.Contains(w.t, string(text), `"tokens_to_embed":`)
	})
}

// TestPlanFindsChangingFields: those that make every record change, and no others.
func TestPlanFindsChangingFields(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.metadata_fields"] = []string{}
		at := func(n int, sometimes string) []string {
			var lines []string
			for i := range 20 {
				data := fmt.Sprintf(`{"id":%d,"text":"t %d","n":1.0,"synced_at":%d,"sometimes":"%s"}`, i, i, n, sometimes[:i%2])
				lines = append(lines, record("s", data))
			}
			return lines
		}
		s := stream("s", toDedup, key("id"))
		w.sync(attempt{streams: []configured{s}, lines: at(1, "x")})
		p := w.plan(at(2, "y"), connector.PlanOptions{}, s)
		require.Equal(w.t, []string{"synced_at"}, p.Streams[0].Changing)
		require.Equal(w.t, 20, p.Streams[0].Compared)
		require.Zero(w.t, p.Total.ChunksToEmbed, "the texts are as they were")
		p = w.plan(at(1, "y"), connector.PlanOptions{}, s)
		require.Empty(w.t, p.Streams[0].Changing)
		require.EqualValues(w.t, 10, p.Total.Unchanged)
	})
}

// TestPlanFindsChangingFieldsWithoutAKey: a record's old self is found by a field that is
// different in each record; where none is, nothing is said.
func TestPlanFindsChangingFieldsWithoutAKey(t *testing.T) {
	tests := map[string]struct {
		record string // of i and n
		want   []string
	}{
		"by id":              {`{"id":%[1]d,"text":"t %[1]d","synced_at":%[2]d}`, []string{"synced_at"}},
		"by another field":   {`{"at":"%[2]d-%[1]d","name":"n %[1]d","text":"t"}`, []string{"at"}},
		"nothing to find by": {`{"text":"t %[1]d","same":1,"at":"%[2]d-%[1]d"}`, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.metadata_fields"] = []string{}
				if test.want == nil {
					w.edits["processing.metadata_fields"] = []string{"same", "at"}
				}
				input := func(n int) []string {
					var lines []string
					for i := range 30 {
						lines = append(lines, record("s", fmt.Sprintf(test.record, i, n)))
					}
					return lines
				}
				s := stream("s", toOverwrite, fullRefresh(true))
				w.sync(attempt{streams: []configured{s}, lines: append(input(1), complete("s"))})
				w.later()
				p := w.plan(input(2), connector.PlanOptions{}, s)
				require.Equal(w.t, test.want, p.Streams[0].Changing)
				require.EqualValues(w.t, 30, p.Total.ChunksToWrite)
				p = w.plan(input(1), connector.PlanOptions{}, s)
				require.Empty(w.t, p.Streams[0].Changing)
				require.Zero(w.t, p.Total.ChunksToWrite)
			})
		})
	}
}

// TestPlanOfAWriteThatFails says why.
func TestPlanOfAWriteThatFails(t *testing.T) {
	onBothBackends(t, func(w *world) {
		s := stream("s", toDedup, key("id"))
		w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"), numbered(9, 0, 1))}, lines: rows("s", 3)})
		p := w.plan(rows("s", 3), connector.PlanOptions{}, stream("s", toDedup, key("id"), numbered(2, 0, 1)))
		require.Contains(w.t, p.WouldFail, "generation 9")
		w.edits["embedding.model_name"] = "another"
		p = w.plan(rows("s", 3), connector.PlanOptions{}, s)
		require.Contains(w.t, p.WouldFail, "refresh")
		delete(w.edits, "embedding.model_name")

		w.edits["processing.rejected_records"] = map[string]any{"mode": "skip", "max_rejected_records": 1}
		p = w.plan([]string{record("s", `{"id":1}`)}, connector.PlanOptions{}, s)
		require.Empty(w.t, p.WouldFail)
		p = w.plan([]string{record("s", `{"id":1}`), record("s", `{"id":2}`)}, connector.PlanOptions{}, s)
		require.Contains(w.t, p.WouldFail, "max_rejected_records")
		_, err := w.open(nil).Plan(w.t.Context(), catalog(w.t, []configured{s}),
			strings.NewReader(`{"type":"RECORD","record":{"stream":"s"`), connector.PlanOptions{})
		require.Error(w.t, err, "a broken line")
	})
}
