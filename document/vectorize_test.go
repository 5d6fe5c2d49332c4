package document_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/document"
)

// TestVectorize: the document carries its text as $vectorize and no $vector, and Size
// is exact, whatever has to be escaped.
func TestVectorize(t *testing.T) {
	generation := int64(3)
	for name, text := range map[string]string{
		"plain":              "a text",
		"escapes":            "\"quoted\"\n\ttab \\ \x01",
		"more than one byte": "größer 日本語 \U0001F4A3",
		"long":               strings.Repeat("words and \"more\" ", 500),
	} {
		for _, omit := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				builder := newBuilder(t, document.Options{
					TextFields: []string{"t"}, MetadataFields: []string{"id"}, Vectorize: true, OmitRawText: omit,
					Dimension: 8, Indexing: denied,
				})
				s := keyed("s", "id")
				s.GenerationID, s.Attempt = &generation, "7-1"
				source, err := json.Marshal(map[string]any{"id": 1, "t": text})
				require.NoError(t, err)

				record := build(t, builder, s, string(source))

				d := &record.Documents[0]
				written := d.AppendJSON(nil, nil)
				fields := decode(t, written)
				require.Equal(t, d.Text, fields["$vectorize"])
				require.Contains(t, d.Text, strings.TrimSpace(text))
				require.NotContains(t, fields, "$vector")
				require.Equal(t, !omit, fields["text"] != nil)
				require.Equal(t, len(written), d.Size())
				require.Equal(t, len(written), record.Bytes)
				require.Equal(t, "prefix", string(d.AppendJSON([]byte("prefix"), nil)[:len("prefix")]))
			})
		}
	}
}

// TestVectorizeGivesWay to a vector that is there, and to the default: without the
// option no document has it.
func TestVectorizeGivesWay(t *testing.T) {
	const source = `{"id":1,"t":"x"}`
	o := document.Options{TextFields: []string{"t"}, Vectorize: true, Dimension: 2}
	d := &build(t, newBuilder(t, o), appending("s"), source).Documents[0]
	fields := decode(t, d.AppendJSON(nil, []float32{1, 2}))
	require.Contains(t, fields, "$vector")
	require.NotContains(t, fields, "$vectorize")

	o.Vectorize = false
	plain := &build(t, newBuilder(t, o), appending("s"), source).Documents[0]
	require.NotContains(t, decode(t, plain.AppendJSON(nil, nil)), "$vectorize")
	require.Equal(t, plain.ID(), d.ID(), "who embeds is no part of the identity")
	require.Equal(t, len(`,"$vectorize":"t: x"`), d.Size()-plain.Size())
}
