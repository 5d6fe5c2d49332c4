package document_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/document"
)

func repeatJoin(s string, n int) string { return strings.TrimSuffix(strings.Repeat(s+",", n), ",") }

// members are n members named a0, a1, ...
func members(prefix string, n int) string {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`"%s%d":1`, prefix, i)
	}
	return strings.Join(all, ",")
}

// TestLimits has a record at each limit of the Data API and one beyond it.
func TestLimits(t *testing.T) {
	// _id, $vector, _ab_stream, _ab_chunk_index and _ab_text_hash; text is not indexed.
	const own = 5
	str := func(n int) string { return `"` + strings.Repeat("x", n) + `"` }
	nested := func(n int) string { return strings.Repeat(`{"n":`, n) + "1" + strings.Repeat("}", n) }
	tests := map[string]struct {
		fits, breaks  string
		field, reason string
	}{
		"depth": {
			`{"o":` + nested(15) + `}`, `{"o":` + nested(16) + `}`,
			"o" + strings.Repeat(".n", 15), "deeper than 16",
		},
		"depth in arrays": {
			`{"o":` + strings.Repeat("[", 15) + strings.Repeat("]", 15) + `}`,
			`{"o":` + strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`, "o", "deeper than 16",
		},
		"path": {
			`{` + str(1000) + `:1}`, `{` + str(1001) + `:1}`, strings.Repeat("x", 40) + "...", "path of 1001 characters",
		},
		"path over two names": {
			`{"ab":[{` + str(997) + `:1}]}`, `{"ab":[{` + str(998) + `:1}]}`,
			"ab." + strings.Repeat("x", 37) + "...", "path of 1001 characters",
		},
		"path in characters": {
			`{"` + strings.Repeat("é", 1000) + `":1}`, `{"` + strings.Repeat("🚢", 501) + `":1}`,
			strings.Repeat("🚢", 10) + "...", "path of 1002 characters",
		},
		"array": {
			`{"l":[` + repeatJoin("1", 1000) + `]}`, `{"l":[` + repeatJoin("1", 1001) + `]}`, "l", "array of 1001",
		},
		"object": {
			`{"o":{` + members("a", 1000) + `}}`, `{"o":{` + members("a", 1001) + `}}`, "o", "1001 indexed properties",
		},
		"top level": {
			`{` + members("a", 1000-own) + `}`, `{` + members("a", 1001-own) + `}`, "", "1001 indexed properties",
		},
		"all properties": {
			`{"o":{` + members("a", 1000) + `},` + members("b", 999-own) + `}`,
			`{"o":{` + members("a", 1000) + `},` + members("b", 999-own-3) + `,"p":{"q":1,"r":[{"s":1}]}}`,
			"", "2001 indexed properties",
		},
		"digits": {
			`{"n":-` + strings.Repeat("1", 100) + `}`, `{"n":` + strings.Repeat("1", 101) + `}`, "n", "101 digits",
		},
		"digits of a float": {
			`{"l":[1.` + strings.Repeat("1", 97) + `e-10]}`, `{"l":[1.` + strings.Repeat("1", 98) + `e-10]}`,
			"l", "101 digits",
		},
		"exponent":          {`{"n":1e+400}`, `{"n":1E401}`, "n", "exponent beyond 400"},
		"negative exponent": {`{"n":1e-0400}`, `{"n":0e-999999999}`, "n", "exponent beyond 400"},
		"absurd exponent":   {`{"n":1e0000000000000000005}`, `{"n":1e99999999999999}`, "n", "exponent beyond 400"},
	}
	// The text leaves out what is tested: only metadata has these limits.
	o := document.Options{TextFields: []string{"*"}, Indexing: denied}
	builder := newBuilder(t, o)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.True(t, json.Valid([]byte(test.fits)))
			fields := stored(t, build(t, builder, appending("s"), test.fits))
			require.NotEmpty(t, fields)
			err := rejected(t, builder, appending("s"), test.breaks)
			require.Contains(t, err.Reason, test.reason)
			if err.Field != "" || test.field != "" {
				require.Contains(t, err.Error(), ": field "+test.field)
			}
		})
	}
}

// A lone surrogate is refused where it would be embedded, stored or part of the key, and only
// there.
func TestLoneSurrogates(t *testing.T) {
	o := document.Options{TextFields: []string{"a"}, MetadataFields: []string{"b", "c"}}
	builder := newBuilder(t, o)
	for record, field := range map[string]string{
		`{"a":"\ud800"}`:                         "a",
		`{"a":["x",{"\udfff\ud800":1}]}`:         "a",
		`{"a":1,"b":"x\ud83dy"}`:                 "b",
		`{"a":1,"c":{"d":[{"\ud83d\u0041":1}]}}`: "c.d.\uFFFDA",
		`{"a":1,"b":"\ud800","k":1}`:             "b",
	} {
		err := rejected(t, builder, appending("s"), record)
		require.Equal(t, field, err.Field)
		require.Contains(t, err.Reason, "lone surrogate")
	}
	require.Equal(t, "k", rejected(t, builder, keyed("s", "k"), `{"a":1,"k":"\ud800"}`).Field)
	one := build(t, builder, appending("s"), `{"a":"\ud83d\udea2","z":"\ud800"}`)
	require.Equal(t, "a: \U0001F6A2", one.Documents[0].Text)
	other := build(t, builder, appending("s"), `{"a":"\ud83d\udea2","z":"\ud801"}`)
	require.NotEqual(t, one.KeyHash(), other.KeyHash(), "what is not stored still tells records apart")
}

// What is not indexed has fewer limits.
func TestLimitsOfUnindexedFields(t *testing.T) {
	record := `{"free":[` + repeatJoin(`{"s":"`+strings.Repeat("x", 8001)+`"}`, 3) + `,` + repeatJoin("1", 1000) + `],
		"key":1}`
	for name, x := range map[string]document.Indexing{
		"denied":       {Deny: []string{"text", "free"}},
		"all denied":   {Deny: []string{"*"}},
		"not allowed":  {Allow: []string{"key", "_ab_stream"}},
		"denied below": {Deny: []string{"text", "free"}},
	} {
		t.Run(name, func(t *testing.T) {
			builder := newBuilder(t, document.Options{TextFields: []string{"key"}, Indexing: x})
			got := stored(t, build(t, builder, appending("s"), record))
			require.Len(t, got["free"], 1003)
			require.NotContains(t, got, "_ab_long")
		})
	}
	builder := newBuilder(t, document.Options{Indexing: document.Indexing{Deny: []string{"*"}}})
	err := rejected(t, builder, appending("s"), `{"n":1e500}`)
	require.Equal(t, "n", err.Field, "numbers have their limits everywhere")
}

func TestDocumentSize(t *testing.T) {
	o := document.Options{TextFields: []string{"id"}, Indexing: denied, Dimension: 1536}
	builder := newBuilder(t, o)
	sizeOf := func(r *document.Record) int { return len(r.Documents[0].AppendJSON(nil, make([]float32, 1536))) }
	record := func(n int) string { return `{"id":1,"s":"` + strings.Repeat("x", n) + `"}` }
	empty := sizeOf(build(t, builder, appending("s"), record(8001))) - 8001
	fits := build(t, builder, appending("s"), record(4_000_000-empty))
	require.Equal(t, 4_000_000, sizeOf(fits))
	err := rejected(t, builder, appending("s"), record(4_000_001-empty))
	require.Contains(t, err.Error(), "document: stream s: the document would have 4000001 characters")

	// Characters, not bytes, are counted.
	wide := `{"id":1,"s":"` + strings.Repeat("é", 3_000_000) + `"}`
	require.Greater(t, sizeOf(build(t, builder, appending("s"), wide)), 6_000_000)

	// One beyond the basic plane counts as two.
	ships := func(n int) string { return `{"id":1,"s":"` + strings.Repeat("🚢", n) + `"}` }
	build(t, builder, appending("s"), ships((4_000_000-empty)/2))
	err = rejected(t, builder, appending("s"), ships((4_000_000-empty)/2+1))
	require.Contains(t, err.Error(), "characters and 4000000 are allowed")
}

func TestBytes(t *testing.T) {
	generation := int64(7)
	s := keyed("s", "id")
	s.GenerationID, s.Attempt = &generation, `no"nce`
	record := build(t, newBuilder(t, document.Options{}), s, `{"id":1,"t":"a\"b\n"}`)
	require.Len(t, record.Documents[0].AppendJSON(nil, nil), record.Bytes)
}
