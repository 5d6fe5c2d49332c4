package document_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"destination-astra/document"
)

// FuzzBuild: any JSON object makes documents that are valid JSON and the same each time, or is
// rejected; anything else is a mistake. Nothing panics.
func FuzzBuild(f *testing.F) {
	f.Add(`{"a":1,"b":{"c":[1,"x",null,true,{"d":1e5}]}}`, "b.c.*", "a")             // all kinds
	f.Add(`{"":1,"$x":{"_id":2},"_ab_field_":3}`, "**", "")                          // names that cannot stay
	f.Add(`{"a":"\ud800","a":"\u0000\ud83d\udea2"}`, "a", "[!a]")                    // duplicates, surrogates
	f.Add(`{"v":[1,2],"a":-0.0,"_ab_cdc_deleted_at":""}`, "*.?", "*")                // numbers
	f.Add(`{"a":`+strings.Repeat("[", 20)+strings.Repeat("]", 20)+`}`, "a.0.0", "b") // too deep to store
	f.Fuzz(func(t *testing.T, record, field, exclude string) {
		o := document.Options{
			TextFields: []string{"a", field}, ExcludeFields: []string{exclude}, Indexing: denied,
			FieldNameMappings: []document.FieldNameMapping{{FromField: field, ToField: "text"}},
		}
		builder, err := document.NewBuilder(o)
		if err != nil {
			return
		}
		for _, s := range []*document.Stream{appending("s"), replacing("s"), keyed("s", "a")} {
			built, err := builder.Build(s, data(record))
			if err != nil {
				var reject *document.RejectError
				require.Equal(t, isObject(record), errors.As(err, &reject), "%v", err)
				require.True(t, utf8.ValidString(err.Error()))
				continue
			}
			require.True(t, isObject(record))
			built.SetOrdinal(0)
			again := build(t, builder, s, record)
			require.Len(t, again.Documents, len(built.Documents))
			total := 0
			for i := range built.Documents {
				text := built.Documents[i].AppendJSON(nil, nil)
				total += len(text)
				require.True(t, json.Valid(text) && utf8.Valid(text), "%q", text)
				require.Equal(t, string(text), string(again.Documents[i].AppendJSON(nil, nil)))
			}
			require.Equal(t, total, built.Bytes)
		}
	})
}

func isObject(text string) bool {
	return json.Valid([]byte(text)) && strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{")
}

// FuzzValues: what is stored is what encoding/json reads in the record, to the digit.
func FuzzValues(f *testing.F) {
	f.Add(`{"a":"\"\\\/\b\f\n\r\t\u00e9","b":[1.50,-0,1E+5]}`) // every escape, odd numbers
	f.Add(`{"a":{"b":1,"b":{"c":[]}},"a":{}}`)                 // duplicates
	f.Add("{\"a\":\"\u2028\x7f<>&\"}")                         // what some writers escape
	f.Fuzz(func(t *testing.T, record string) {
		builder := newBuilder(t, document.Options{Indexing: document.Indexing{Deny: []string{"*"}}})
		built, err := builder.Build(appending("s"), data(record))
		if err != nil || built.Deleted || len(built.Renamed) > 0 {
			return // other tests say when
		}
		got := decode(t, built.Documents[0].AppendJSON(nil, nil))
		for _, name := range append([]string{"text", "_ab_stream"}, own...) {
			delete(got, name)
		}
		decoder := json.NewDecoder(bytes.NewReader([]byte(record)))
		decoder.UseNumber()
		var want map[string]any
		require.NoError(t, decoder.Decode(&want))
		require.Equal(t, want, got)
	})
}
