package document_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/document"
)

// long stands for L in the records and documents of the tables.
var long = strings.Repeat("L", 8001)

func withLong(text string) string { return strings.ReplaceAll(text, `"L"`, `"`+long+`"`) }

func TestLongStrings(t *testing.T) {
	tests := map[string]struct{ record, want string }{
		"top level": {`{"a":"L","b":1}`, `{"b":1,"_ab_long":{"a":"L"}}`},
		"nested":    {`{"a":{"b":{"c":"L","d":1}}}`, `{"a":{"b":{"d":1}},"_ab_long":{"a":{"b":{"c":"L"}}}}`},
		"in an array": {
			`{"a":["x","L",{"b":"L"},"y"]}`,
			`{"a":["x",null,{},"y"],"_ab_long":{"a":{"1":"L","2":{"b":"L"}}}}`,
		},
		"escaped names": {
			`{"text":"L","o":{"$x":"L"}}`,
			`{"o":{},"_ab_long":{"_ab_field_text":"L","o":{"_ab_field__Sx":"L"}}}`,
		},
		"a name with dots": {`{"a.b":"L"}`, `{"_ab_long":{"a.b":"L"}}`},
	}
	builder := newBuilder(t, document.Options{TextFields: []string{"*"}, Indexing: denied})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := stored(t, build(t, builder, appending("s"), withLong(test.record)))
			delete(got, "text")
			delete(got, "_ab_stream")
			text, err := json.Marshal(got)
			require.NoError(t, err)
			require.JSONEq(t, withLong(test.want), string(text))
		})
	}
}

// TestLongestStringThatStays: one of exactly the index's limit is stored where it stands, as it always
// was, with a longer one beside it or without.
func TestLongestStringThatStays(t *testing.T) {
	longest := long[:document.MaxIndexedStringBytes]
	builder := newBuilder(t, document.Options{TextFields: []string{"id"}, Indexing: denied})
	for beside, moved := range map[string]any{"x": nil, long: map[string]any{"d": long}} {
		got := stored(t, build(t, builder, appending("s"),
			`{"id":1,"a":{"b":"`+longest+`"},"c":["`+longest+`"],"d":"`+beside+`"}`))
		require.Equal(t, map[string]any{"b": longest}, got["a"])
		require.Equal(t, []any{longest}, got["c"])
		require.Equal(t, moved, got["_ab_long"])
	}
}

// A string that two selected fields share moves from both.
func TestLongStringsInSharedParts(t *testing.T) {
	o := document.Options{MetadataFields: []string{"a", "a.b"}, TextFields: []string{"id"}, Indexing: denied}
	got := stored(t, build(t, newBuilder(t, o), appending("s"), withLong(`{"id":1,"a":{"b":"L"}}`)))
	require.Empty(t, got["a"])
	require.Equal(t, map[string]any{"a": map[string]any{"b": long}, "a.b": long}, got["_ab_long"])
}

// A collection that indexes everything has no place for a long string.
func TestLongStringsWithNowhereToGo(t *testing.T) {
	builder := newBuilder(t, document.Options{TextFields: []string{"id"}})
	stream := keyed("s", "id")
	err := rejected(t, builder, stream, withLong(`{"id":7,"a":[{"b":"L"}]}`))
	require.Equal(t, "a.b", err.Field)
	require.Equal(t, "s_7", err.RecordID)
	require.Contains(t, err.Reason, "a string of 8001 bytes")
	require.Contains(t, err.Reason, `{"deny": ["text", "_ab_long"]}`)
	require.NotContains(t, err.Error(), long)

	err = rejected(t, newBuilder(t, document.Options{}), stream, withLong(`{"id":"L"}`))
	require.Equal(t, "_ab_record_id", err.Field, "sorted before id")
	require.Equal(t, "8003 bytes where the collection's index takes 8000", err.Reason)

	o := document.Options{MetadataFields: []string{"id"}}
	err = rejected(t, newBuilder(t, o), stream, withLong(`{"id":7,"a":"L"}`))
	require.Equal(t, "text", err.Field)
	require.Contains(t, err.Reason, "processing.chunk_size")
	o.OmitRawText = true
	require.Empty(t, stored(t, build(t, newBuilder(t, o), stream, withLong(`{"id":7,"a":"L"}`)))["text"])
}

func TestIndexingPaths(t *testing.T) {
	tests := map[string]struct {
		indexing document.Indexing
		record   string
		rejected string // the field; "" if it fits
	}{
		"everything":               {document.Indexing{}, `{"a":"L"}`, "a"},
		"allow all":                {document.Indexing{Allow: []string{"*"}}, `{"a":"L"}`, "a"},
		"deny all":                 {document.Indexing{Deny: []string{"*"}}, `{"a":"L"}`, ""},
		"denied":                   {document.Indexing{Deny: []string{"a"}}, `{"a":{"b":["L"]}}`, ""},
		"denied below":             {document.Indexing{Deny: []string{"a.b", "_ab_long.x"}}, `{"a":[{"b":"L"}]}`, ""},
		"beside the denied":        {document.Indexing{Deny: []string{"a.b"}}, `{"a":{"c":"L"}}`, "a.c"},
		"a dot in a name":          {document.Indexing{Deny: []string{"a&.b"}}, `{"a.b":"L"}`, ""},
		"a dot is not a path":      {document.Indexing{Deny: []string{"a.b"}}, `{"a.b":"L"}`, "a.b"},
		"an ampersand":             {document.Indexing{Deny: []string{"a&&b"}}, `{"a&b":"L"}`, ""},
		"a lone ampersand":         {document.Indexing{Deny: []string{"a&"}}, `{"a&":"L"}`, ""},
		"allowed and long aside":   {document.Indexing{Allow: []string{"a"}}, `{"a":"L"}`, ""},
		"allowed with _ab_long":    {document.Indexing{Allow: []string{"a", "_ab_long"}}, `{"a":{"b":"L"}}`, "a.b"},
		"allowed below, another":   {document.Indexing{Allow: []string{"a.b", "_ab_long"}}, `{"a":{"c":"L"}}`, ""},
		"allowed below, this":      {document.Indexing{Allow: []string{"a.b", "_ab_long"}}, `{"a":{"b":"L"}}`, "a.b"},
		"allowed below, the value": {document.Indexing{Allow: []string{"a.b", "_ab_long"}}, `{"a":"L"}`, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := document.Options{TextFields: []string{"*"}, OmitRawText: true, Indexing: test.indexing}
			record, err := newBuilder(t, o).Build(appending("s"), data(withLong(test.record)))
			if test.rejected == "" {
				require.NoError(t, err)
				require.Contains(t, string(record.Documents[0].AppendJSON(nil, nil)), long)
				return
			}
			require.ErrorContains(t, err, "field "+test.rejected+": ")
		})
	}
}
