package localastra_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// repeat joins n texts that are made from their number.
func repeat(n int, one func(i int) string) string {
	texts := make([]string, n)
	for i := range texts {
		texts[i] = one(i)
	}
	return strings.Join(texts, ",")
}

// nested is a value below so many objects.
func nested(depth int) string {
	return strings.Repeat(`{"a":`, depth) + "1" + strings.Repeat("}", depth)
}

// TestDocumentLimits tries each limit of a document from both sides. "deny" is not
// indexed in the collection.
func TestDocumentLimits(t *testing.T) {
	field := func(i int) string { return fmt.Sprintf(`"f%d":%d`, i, i) }
	number := func(i int) string { return fmt.Sprint(i) }
	object := func(i int) string { return fmt.Sprintf(`"o%d":{%s}`, i, repeat(999, field)) }
	tests := map[string]struct{ fits, breaks string }{
		"string": {`{"s":"` + strings.Repeat("x", 8000) + `"}`, `{"s":"` + strings.Repeat("x",
			8001) + `"}`},
		"string in bytes": {`{"s":"` + strings.Repeat("é", 4000) + `"}`, `{"s":"` + strings.Repeat("é",
			4001) + `"}`},
		"array":              {`{"l":[` + repeat(1000, number) + `]}`, `{"l":[` + repeat(1001, number) + `]}`},
		"object":             {`{"o":{` + repeat(1000, field) + `}}`, `{"o":{` + repeat(1001, field) + `}}`},
		"root, with its _id": {`{` + repeat(999, field) + `}`, `{` + repeat(1000, field) + `}`},
		"document": {`{"o":{` + repeat(998, field) + `},"p":{` + repeat(999, field) + `}}`, `{` +
			repeat(3, object) + `}`},
		"depth":              {`{"a":` + nested(15) + `}`, `{"a":` + nested(16) + `}`},
		"depth, not indexed": {`{"deny":` + nested(15) + `}`, `{"deny":` + nested(16) + `}`},
		"depth of arrays": {`{"a":` + strings.Repeat("[", 15) + strings.Repeat("]", 15) + `}`, `{"a":` +
			strings.Repeat("[", 16) + strings.Repeat("]", 16) + `}`},
		"path": {`{"` + strings.Repeat("p", 1000) + `":1}`, `{"` + strings.Repeat("p", 1001) + `":1}`},
		"path of two names": {`{"a":{"` + strings.Repeat("p", 998) + `":1}}`, `{"a":{"` + strings.Repeat("p",
			999) + `":1}}`},
		"path in characters": {`{"` + strings.Repeat("é", 1000) + `":1}`, `{"` + strings.Repeat("é", 1001) + `":1}`},
		"path, not indexed": {`{"deny":{"` + strings.Repeat("p", 995) + `":1}}`, `{"deny":{"` +
			strings.Repeat("p", 996) + `":1}}`},
		"size": {`{"deny":"` + strings.Repeat("x", 3_999_900) + `"}`, `{"deny":"` +
			strings.Repeat("x", 4_000_000) + `"}`},
		"size in characters": {`{"deny":"` + strings.Repeat("é", 3_999_900) + `"}`, `{"deny":"` +
			strings.Repeat("é", 4_000_000) + `"}`},
		"not indexed at all": {`{"deny":{"l":[` + repeat(5000, number) + `],"s":"` + strings.Repeat("x",
			9000) + `",` + repeat(3000, field) + `}}`, ``},
		"lexical is no index": {`{"$lexical":"` + strings.Repeat("x ", 8000) + `"}`, ``},
	}
	c := open(t, localastra.Options{Memory: true})
	c.must("", `{"createCollection":{"name":"c","options":{"indexing":{"deny":["deny"]}}}}`)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c.must("c", `{"insertOne":{"document":`+test.fits+`}}`)
			if test.breaks == "" {
				return
			}
			got := c.send("c", `{"insertOne":{"document":`+test.breaks+`}}`)
			require.Equal(t, []string{"SHRED_DOC_LIMIT_VIOLATION"}, got.codes())
			many := c.send("c", `{"insertMany":{"documents":[{"n":1},`+test.breaks+`,{"n":2}]}}`)
			require.Len(t, many.Status["insertedIds"], 2, "the others are stored")
		})
	}
}

// TestRequestLimits tries the limits of commands from both sides.
func TestRequestLimits(t *testing.T) {
	value := func(i int) string { return fmt.Sprint(i) }
	condition := func(i int) string { return fmt.Sprintf(`"f%d":%d`, i, i) }
	document := func(i int) string { return fmt.Sprintf(`{"n":%d}`, i) }
	tests := map[string]struct{ fits, breaks, code string }{
		"documents": {`{"insertMany":{"documents":[` + repeat(100, document) + `]}}`,
			`{"insertMany":{"documents":[` + repeat(101, document) + `]}}`, "COMMAND_FIELD_VALUE_INVALID"},
		"$in": {`{"find":{"filter":{"n":{"$in":[` + repeat(100, value) + `]}}}}`,
			`{"find":{"filter":{"n":{"$in":[` + repeat(101, value) + `]}}}}`, "FILTER_INVALID_EXPRESSION"},
		"$nin": {`{"find":{"filter":{"n":{"$nin":[` + repeat(100, value) + `]}}}}`,
			`{"find":{"filter":{"n":{"$nin":[` + repeat(101, value) + `]}}}}`, "FILTER_INVALID_EXPRESSION"},
		"filter fields": {`{"find":{"filter":{` + repeat(64, condition) + `}}}`,
			`{"find":{"filter":{` + repeat(65, condition) + `}}}`, "FILTER_FIELDS_LIMIT_VIOLATION"},
		"vector search": {`{"find":{"sort":{"$vector":[1,0]},"options":{"limit":1000}}}`,
			`{"find":{"sort":{"$vector":[1,0]},"options":{"limit":1001}}}`, "COMMAND_FIELD_VALUE_INVALID"},
		"digits": {`{"find":{"filter":{"n":` + digits(100) + `}}}`, `{"find":{"filter":{"n":` + digits(101) + `}}}`,
			"SHRED_DOC_LIMIT_VIOLATION"},
		"number in an exponent": {`{"find":{"filter":{"n":1e` + digits(98) + `}}}`,
			`{"find":{"filter":{"n":1e` + digits(99) + `}}}`, "SHRED_DOC_LIMIT_VIOLATION"},
		"nesting": {`{"insertOne":{"document":{"a":` + nested(15) + `}}}`,
			`{"insertOne":{"document":{"a":` + nested(1100) + `}}}`, "REQUEST_NOT_JSON"},
	}
	c := openVec(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c.must("c", test.fits)
			require.Equal(t, []string{test.code}, c.send("c", test.breaks).codes())
		})
	}
}

// TestDatabaseLimits fills a database with collections, in two keyspaces.
func TestDatabaseLimits(t *testing.T) {
	c := open(t, localastra.Options{Memory: true, MaxCollections: 4, MaxIndexes: 25})
	create := func(name, options string) []string {
		return c.send("", `{"createCollection":{"name":"`+name+`","options":`+options+`}}`).codes()
	}
	const plain, onlyVectors = `{}`, `{"vector":{"dimension":2},"indexing":{"deny":["*"]}}`
	require.Empty(t, create("a", plain))
	require.Empty(t, create("b", onlyVectors), "takes one index of the 25")
	require.Empty(t, create("c", plain))
	require.Equal(t, []string{"TOO_MANY_INDEXES_FOR_COLLECTION"}, create("d", plain), "10 are reserved, 4 are left")
	require.Empty(t, create("a", plain), "what is there may be asked for again")
	c.must("", `{"deleteCollection":{"name":"c"}}`)
	require.Empty(t, create("d", onlyVectors))
	require.Empty(t, create("e", onlyVectors))
	require.Equal(t, []string{"TOO_MANY_COLLECTIONS"}, create("f", onlyVectors))
}

// TestCountLimit counts beyond 1000.
func TestCountLimit(t *testing.T) {
	c := openVec(t)
	insertNumbered(c, 1000)
	require.NotContains(t, c.must("c", `{"countDocuments":{}}`).Status, "moreData")
	c.insert(`{"_id":"one more"}`)
	got := c.must("c", `{"countDocuments":{}}`)
	require.Equal(t, "1000", fmt.Sprint(got.Status["count"]))
	require.Equal(t, true, got.Status["moreData"])
	require.Equal(t, "1001", fmt.Sprint(c.must("c", `{"estimatedDocumentCount":{}}`).Status["count"]))
}

// TestSortLimit sorts as many documents as the server will, and one more.
func TestSortLimit(t *testing.T) {
	c := openVec(t)
	insertNumbered(c, 10_000)
	require.Len(t, c.must("c", `{"find":{"sort":{"g":1}}}`).ids(), 50)
	c.insert(`{"_id":"one more"}`)
	require.Equal(t, []string{"OVERLOADED_SORT_ROW_LIMIT"}, c.send("c", `{"find":{"sort":{"g":1}}}`).codes())
	require.Len(t, c.must("c", `{"find":{"filter":{"g":1},"sort":{"g":1}}}`).ids(), 50, "10,000 match")
}
