package document_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/chunk"
	"destination-astra/document"
)

// sentences are so many bytes of prose.
func sentences(bytes int) string { return strings.Repeat("some words of a text ", bytes/21+1)[:bytes] }

// TestRepeatedMetadataIsBounded stores all fields of records whose texts have thousands of
// chunks. Beyond the bound the largest fields are in the first document only, and nothing is
// lost; what metadata_fields names is in every document.
func TestRepeatedMetadataIsBounded(t *testing.T) {
	short := map[string]any{"id": json.Number("7"), "country": "GB"}
	fields := func(n, bytes int) string {
		var all strings.Builder
		for i := range n {
			fmt.Fprintf(&all, `,"f%03d":%q`, i, sentences(bytes+i))
		}
		return `{"id":7,"country":"GB"` + all.String() + `}`
	}
	tests := map[string]struct {
		data     string
		metadata []string
		first    []string // only there
		every    map[string]any
	}{
		"a long text":              {fields(1, 400_000), nil, []string{"_ab_long"}, short},
		"a text of few chunks":     {fields(1, 7_000), nil, nil, map[string]any{"f000": sentences(7_000)}},
		"a long one of few chunks": {fields(1, 12_000), nil, nil, map[string]any{"country": "GB"}},
		"named":                    {fields(1, 60_000), []string{"id", "f000"}, nil, map[string]any{"id": json.Number("7")}},
		"many short fields":        {fields(60, 7_000), nil, []string{"f059", "f058", "f057"}, short},
	}
	splitter, err := chunk.NewSplitter(chunk.Options{ChunkSize: 100})
	require.NoError(t, err)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := document.Options{Indexing: denied, Splitter: splitter, MetadataFields: test.metadata, OmitRawText: true}
			r := build(t, newBuilder(t, o), keyed("s", "id"), test.data)
			require.Greater(t, len(r.Documents), 10)
			whole := decode(t, r.Documents[0].AppendJSON(nil, nil))
			require.Equal(t, test.first, r.FirstOnly[:min(len(r.FirstOnly), 3)])
			other := decode(t, r.Documents[len(r.Documents)-1].AppendJSON(nil, nil))
			for _, name := range r.FirstOnly {
				require.Contains(t, whole, name)
				require.NotContains(t, other, name)
			}
			for name, value := range test.every {
				require.Equal(t, value, other[name])
			}
			require.Equal(t, whole["_ab_record_id"], other["_ab_record_id"])
			if test.metadata == nil {
				own := 300 * len(r.Documents)
				require.LessOrEqual(t, r.Bytes-r.Documents[0].Size(), document.MaxRepeatedBytes+own)
				require.Len(t, whole, len(other)+len(r.FirstOnly))
			}
			require.Equal(t, r.Documents[1].Size(), len(r.Documents[1].AppendJSON(nil, nil)))
		})
	}
}
