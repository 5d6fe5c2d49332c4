package document_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/document"
)

func TestEscapeName(t *testing.T) {
	tests := map[string]string{
		"":              "_ab_field__E",
		"_id":           "_ab_field___id",
		"$vector":       "_ab_field__Svector",
		"text":          "_ab_field_text",
		"_ab_field_x":   "_ab_field___ab__field__x",
		"_ab_field__E":  "_ab_field___ab__field____E",
		"$":             "_ab_field__S",
		"_S":            "_ab_field___S",
		"$_E":           "_ab_field__S__E",
		"kl\u00fc\x00.": "_ab_field_kl\u00fc\x00.",
	}
	for name, want := range tests {
		require.Equal(t, want, document.EscapeName(name))
		back, ok := document.UnescapeName(want)
		require.True(t, ok)
		require.Equal(t, name, back)
	}
	for _, name := range []string{"", "x", "_ab_field", "_ab_field_", "_ab_field__", "_ab_field__x",
		"_ab_field_$", "_ab_field__Ex", "_ab_field_a_"} {
		_, ok := document.UnescapeName(name)
		require.False(t, ok, name)
	}
}

func TestNamesThatCannotStay(t *testing.T) {
	tests := map[string]struct {
		record, mapping string // mapping: from=to
		want            string
		renamed         []string
	}{
		"ours": {
			record: `{"_id":1,"$vector":[2],"text":"t","_ab_stream":"x","_ab_record_id":"y","_ab_long":{"z":1}}`,
			want: `{"_ab_field___id":1,"_ab_field__Svector":[2],"_ab_field_text":"t","_ab_field___ab__stream":"x",
				"_ab_field___ab__record__id":"y","_ab_field___ab__long":{"z":1}}`,
			renamed: []string{"_id", "$vector", "text", "_ab_stream", "_ab_record_id", "_ab_long"},
		},
		"bookkeeping": {
			record: `{"_ab_generation_id":1,"_ab_attempt":2,"_ab_chunk_index":3,"_ab_text_hash":4,"_ab_embedder":5}`,
			want: `{"_ab_field___ab__generation__id":1,"_ab_field___ab__attempt":2,"_ab_field___ab__chunk__index":3,
				"_ab_field___ab__text__hash":4,"_ab_field___ab__embedder":5}`,
			renamed: []string{"_ab_generation_id", "_ab_attempt", "_ab_chunk_index", "_ab_text_hash", "_ab_embedder"},
		},
		"cdc stays": {
			record: `{"_ab_cdc_lsn":5,"_ab_cdc_deleted_at":null}`,
			want:   `{"_ab_cdc_lsn":5,"_ab_cdc_deleted_at":null}`,
		},
		"below the top only what is refused": {
			record: `{"o":{"_id":1,"text":2,"":3,"$date":4,"_ab_field_x":5},"l":[{"$date":6},[{"":7}]],"a.b":8}`,
			want: `{"o":{"_id":1,"text":2,"_ab_field__E":3,"_ab_field__Sdate":4,"_ab_field___ab__field__x":5},
				"l":[{"_ab_field__Sdate":6},[{"_ab_field__E":7}]],"a.b":8}`,
			renamed: []string{"o.", "o.$date", "o._ab_field_x", "l.$date", "l."},
		},
		"mapped onto ours": {
			record: `{"lang":"en"}`, mapping: "lang=text",
			want: `{"_ab_field_text":"en"}`, renamed: []string{"text"},
		},
		"mapped away": {
			record: `{"_id":1}`, mapping: "_id=source_id", want: `{"source_id":1}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := document.Options{}
			if from, to, found := strings.Cut(test.mapping, "="); found {
				o.FieldNameMappings = []document.FieldNameMapping{{FromField: from, ToField: to}}
			}
			record := build(t, newBuilder(t, o), appending("s"), test.record)
			got := stored(t, record)
			require.Equal(t, "s", got["_ab_stream"])
			require.Equal(t, record.Documents[0].Text, got["text"])
			delete(got, "_ab_stream")
			delete(got, "text")
			gotJSON, err := json.Marshal(got)
			require.NoError(t, err)
			require.JSONEq(t, test.want, string(gotJSON))
			var renamed []string
			for _, r := range record.Renamed {
				renamed = append(renamed, r.Field)
				require.Contains(t, r.StoredAs, "_ab_field_")
				require.Equal(t, strings.Count(r.Field, "."), strings.Count(r.StoredAs, "."), r)
			}
			require.Equal(t, test.renamed, renamed)
		})
	}
}

// Two selected fields may share a part of the record: it is escaped once in each.
func TestNamesInSharedParts(t *testing.T) {
	builder := newBuilder(t, document.Options{MetadataFields: []string{"o", "o.$in"}})
	got := stored(t, build(t, builder, appending("s"), `{"o":{"$in":{"$x":1}}}`))
	inner := map[string]any{"_ab_field__Sx": json.Number("1")}
	require.Equal(t, map[string]any{"_ab_field__Sin": inner}, got["o"])
	require.Equal(t, inner, got["o.$in"])
}

// FuzzEscapeName: every name comes back, and names stay different.
func FuzzEscapeName(f *testing.F) {
	f.Add("", "_E")            // the empty name and the marker for it
	f.Add("$", "_S")           // likewise the dollar
	f.Add("_ab_field_", "_id") // the prefix itself
	f.Add("\xff", "a.b$c_d")   // not UTF-8; everything at once
	f.Fuzz(func(t *testing.T, a, b string) {
		back, ok := document.UnescapeName(document.EscapeName(a))
		require.True(t, ok)
		require.Equal(t, a, back)
		require.Equal(t, a == b, document.EscapeName(a) == document.EscapeName(b))
		if source, ok := document.UnescapeName(b); ok {
			require.Equal(t, b, document.EscapeName(source))
		}
	})
}

// TestRenamedFieldsAreNamedAsStored, also below others that are renamed.
func TestRenamedFieldsAreNamedAsStored(t *testing.T) {
	record := build(t, newBuilder(t, document.Options{}), appending("s"), `{"nested":{"$x":1},"$a":[{"$b":2}],"_id":3}`)
	require.ElementsMatch(t, []document.RenamedField{
		{Field: "nested.$x", StoredAs: "nested._ab_field__Sx"},
		{Field: "$a", StoredAs: "_ab_field__Sa"},
		{Field: "$a.$b", StoredAs: "_ab_field__Sa._ab_field__Sb"},
		{Field: "_id", StoredAs: "_ab_field___id"},
	}, record.Renamed)
}
