package connector_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
	"destination-astra/protocol"
	"destination-astra/reading"
)

// discovered are the streams that discover finds, by namespace and name.
func (w *world) discovered() []protocol.Stream {
	w.t.Helper()
	r := w.open(nil)
	found, err := reading.Discover(w.t.Context(), r.Clients)
	require.NoError(w.t, err)
	require.NoError(w.t, r.Close())
	return found
}

// TestDiscoverFindsEveryStream in every collection, whatever the database can do.
func TestDiscoverFindsEveryStream(t *testing.T) {
	onBothBackends(t, func(w *world) {
		require.Empty(w.t, w.discovered())
		var streams []configured
		var lines, want []string
		for i := range 130 { // more than a $nin takes
			name := fmt.Sprintf("stream_%03d", i)
			streams = append(streams, stream(name, toAppend))
			lines = append(lines, row(name, i, "a text"), row(name, i, "another text"))
			want = append(want, name)
		}
		w.sync(attempt{streams: streams, lines: lines})
		w.command(`{"insertMany":{"documents":[{"_id":"no stream"},{"_id":"odd","_ab_stream":7},` +
			`{"_id":"empty","_ab_stream":""},{"_id":"null","_ab_stream":null}]}}`)
		w.edits["indexing.collection"] = "elsewhere"
		w.sync(attempt{streams: []configured{stream("s", toAppend)}, lines: rows("s", 1)})
		delete(w.edits, "indexing.collection")

		var got []string
		for _, s := range w.discovered() {
			if s.Namespace != "" {
				require.Equal(w.t, protocol.StreamDescriptor{Namespace: "elsewhere", Name: "s"}, s.Descriptor())
				continue
			}
			got = append(got, s.Name)
			require.Equal(w.t, []protocol.SyncMode{protocol.FullRefresh}, s.SupportedSyncModes)
			require.True(w.t, *s.IsResumable)
		}
		require.Equal(w.t, want, got)
	})
}

// TestDiscoverAsksLittle: as many reads as streams and one more, not one per page of
// documents.
func TestDiscoverAsksLittle(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.sync(attempt{streams: []configured{stream("a", toAppend), stream("b", toAppend)},
			lines: append(rows("a", 2000), rows("b", 2000)...)})
		w.server.ResetCounters()
		w.discovered()
		calls := w.server.Counters()["find"].Requests
		if strings.HasSuffix(w.t.Name(), localastra.BackendAstra) {
			require.EqualValues(w.t, 2+1+2*4, calls, "streams, and 200 documents of each")
		} else {
			require.Greater(w.t, calls, int64(80), "every page")
		}
	})
}

func TestDiscoverSchema(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.metadata_fields"] = []string{}
		w.sync(attempt{streams: []configured{stream("s", toAppend)}, lines: []string{
			record("s", `{"text":"one","n":1,"f":1.5,"both":1,"mixed":"x","list":[1,"a"],"o":{"a":1},"none":null,"flag":true}`),
			record("s", `{"text":"two","n":2,"f":2,"both":1.25,"mixed":3,"list":[],"o":{"b":[{"c":null}]},"none":null}`),
		}})
		var schema struct {
			Type                 string
			AdditionalProperties bool
			Properties           map[string]json.RawMessage
		}
		require.NoError(w.t, json.Unmarshal(w.discovered()[0].JSONSchema, &schema))
		require.Equal(w.t, "object", schema.Type)
		require.True(w.t, schema.AdditionalProperties)
		for name, want := range map[string]string{
			"_id":     `{"type":["string","null"]}`,
			"_vector": `{"type":["array","null"],"items":{"type":"number"}}`,
			"n":       `{"type":["integer","null"]}`,
			"f":       `{"type":["number","null"]}`,
			"both":    `{"type":["number","null"]}`,
			"mixed":   `{"type":["integer","string","null"]}`,
			"list":    `{"type":["array","null"],"items":{"type":["integer","string","null"]}}`,
			"o": `{"type":["object","null"],"properties":{"a":{"type":["integer","null"]},` +
				`"b":{"type":["array","null"],"items":{"type":["object","null"],"properties":{"c":{}}}}}}`,
			"none":            `{}`,
			"flag":            `{"type":["boolean","null"]}`,
			"_ab_chunk_index": `{"type":["integer","null"]}`,
		} {
			require.JSONEq(w.t, want, string(schema.Properties[name]), name)
		}
	})
}

// TestDiscoverKey: the fields whose values make the record id, and the chunk's number.
func TestDiscoverKey(t *testing.T) {
	paths := func(names ...string) [][]string {
		var all [][]string
		for _, name := range names {
			all = append(all, []string{name})
		}
		return all
	}
	fallback := paths("_ab_record_id", "_ab_chunk_index")
	tests := map[string]struct {
		key  [][]string
		rows []string
		want [][]string
	}{
		"one field":  {paths("id"), []string{`{"id":1}`, `{"id":2}`}, paths("id", "_ab_chunk_index")},
		"text":       {paths("k"), []string{`{"k":"a_b","n":1}`, `{"k":"c","n":2}`}, paths("k", "_ab_chunk_index")},
		"two fields": {paths("b", "a"), []string{`{"a":1,"b":"x"}`, `{"a":2,"b":"x_1"}`}, paths("b", "a", "_ab_chunk_index")},
		"four fields": {paths("d", "c", "b", "a"), []string{`{"a":1,"b":2,"c":3,"d":4}`},
			paths("d", "c", "b", "a", "_ab_chunk_index")},
		"five fields":    {paths("e", "d", "c", "b", "a"), []string{`{"a":1,"b":2,"c":3,"d":4,"e":5}`}, fallback},
		"the shortest":   {paths("k"), []string{`{"k":"a_b","x":"a","y":"b"}`}, paths("k", "_ab_chunk_index")},
		"float":          {paths("f"), []string{`{"f":1.0,"n":3}`, `{"f":2.5,"n":4}`}, paths("f", "_ab_chunk_index")},
		"Python's words": {paths("f", "n"), []string{`{"f":true,"n":null}`, `{"f":false,"n":1}`}, paths("f", "n", "_ab_chunk_index")},
		"renamed":        {paths("_id"), []string{`{"_id":"x"}`, `{"_id":"y"}`}, paths("_ab_field___id", "_ab_chunk_index")},
		"ambiguous":      {paths("id"), []string{`{"id":1,"copy":1}`, `{"id":2,"copy":2}`}, fallback},
		"told apart":     {paths("id"), []string{`{"id":1,"n":1}`, `{"id":2,"n":1}`}, paths("id", "_ab_chunk_index")},
		"nested":         {[][]string{{"o", "id"}}, []string{`{"o":{"id":1}}`}, fallback},
		"missing":        {paths("id"), []string{`{"id":1}`, `{"n":1}`}, fallback},
		"without a key":  {nil, []string{`{"id":1}`}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["processing.metadata_fields"] = []string{}
				var lines []string
				for _, data := range test.rows {
					lines = append(lines, record("s", strings.Replace(data, "{", `{"text":"t",`, 1)))
				}
				mode := toAppend
				if test.key != nil {
					mode = toDedup
				}
				w.sync(attempt{streams: []configured{stream("s", mode,
					func(c configured) { c["primary_key"] = test.key })}, lines: lines})
				require.Equal(w.t, test.want, w.discovered()[0].SourceDefinedPrimaryKey)
			})
		})
	}
}

// TestDiscoverForeignDocuments: what the Python connector wrote is found too; without
// the chunk's number nothing is known to be a key.
func TestDiscoverForeignDocuments(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.sync(attempt{streams: []configured{stream("s", toAppend)}})
		w.foreign("2c1e7a6a-0000-4000-8000-000000000001", "old", "old_1", "text")
		found := w.discovered()
		require.Len(w.t, found, 1)
		require.Equal(w.t, "old", found[0].Name)
		require.Nil(w.t, found[0].SourceDefinedPrimaryKey)
	})
}
