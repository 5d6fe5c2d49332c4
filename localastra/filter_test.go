package localastra_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// filtered are documents that differ in every way in which a filter can tell them apart.
func filtered(t *testing.T) caller {
	c := open(t, localastra.Options{Memory: true})
	c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":2}}}}`)
	c.insert(`{"_id":"a","n":1,"o":{"p":1},"l":[1,2]}`, `{"_id":"b","n":2,"o":{},"l":[]}`, `{"_id":"c","n":null,"o":{"p":1,"q":2}}`,
		`{"_id":1,"n":"2","t":{"$date":10}}`, `{"_id":2,"n":3,"l":[{"p":1}],"$vector":[1,0],"$lexical":"fox"}`)
	return c
}

// TestFiltersFind holds each operator to what it finds. A filter that finds too little makes a
// client write twice; one that finds too much deletes what nobody meant.
func TestFiltersFind(t *testing.T) {
	tests := map[string]struct{ filter, want string }{
		"everything":              {`{}`, `["a","b","c",1,2]`},
		"_id":                     {`{"_id":"b"}`, `["b"]`},
		"_id in the list's order": {`{"_id":{"$in":[2,"a","none","a"]}}`, `[2,"a"]`},
		"_id in nothing":          {`{"_id":{"$in":[]}}`, `[]`},
		"_id and more":            {`{"_id":{"$in":["a","b"]},"n":2}`, `["b"]`},
		"_id above a text":        {`{"_id":{"$gt":"a"}}`, `["b","c"]`},
		"_id above a number":      {`{"_id":{"$gte":1}}`, `[1,2]`},
		"_id below":               {`{"_id":{"$lt":2}}`, `[1]`},
		"_id not equal":           {`{"_id":{"$ne":"a"}}`, `["b","c",1,2]`},
		"_id not in":              {`{"_id":{"$nin":["a",1]}}`, `["b","c",2]`},
		"_id exists":              {`{"_id":{"$exists":true}}`, `["a","b","c",1,2]`},
		"_id does not exist":      {`{"_id":{"$exists":false}}`, `[]`},
		"not this _id":            {`{"$not":{"_id":"a"}}`, `["b","c",1,2]`},
		"not this _id, within":    {`{"_id":{"$not":{"$eq":"a"}}}`, `["b","c",1,2]`},
		"in":                      {`{"n":{"$in":[1,3]}}`, `["a",2]`},
		"in, by type":             {`{"n":{"$in":["2",null]}}`, `["c",1]`},
		"in nothing":              {`{"n":{"$in":[]}}`, `[]`},
		"above":                   {`{"n":{"$gt":1}}`, `["b",2]`},
		"from and to":             {`{"n":{"$gte":1,"$lt":3}}`, `["a","b"]`},
		"to":                      {`{"n":{"$lte":2}}`, `["a","b"]`},
		"a text's order":          {`{"n":{"$gt":"1"}}`, `[1]`},
		"a date":                  {`{"t":{"$lte":{"$date":10}}}`, `[1]`},
		"a date is equal":         {`{"t":{"$date":10}}`, `[1]`},
		"a date's order":          {`{"t":{"$lt":{"$date":10}}}`, `[]`},
		"null":                    {`{"n":null}`, `["c"]`},
		"not a comparison":        {`{"n":{"$not":{"$gt":1}}}`, `["a","c",1]`},
		"not a filter":            {`{"$not":{"n":{"$gt":1},"_id":2}}`, `["a","b","c",1]`},
		"absent":                  {`{"l":{"$exists":false}}`, `["c",1]`},
		"an empty object":         {`{"o":{}}`, `["b"]`},
		"an object":               {`{"o":{"p":1}}`, `["a"]`},
		"an array":                {`{"l":[1,2]}`, `["a"]`},
		"an item of an array":     {`{"l":2}`, `["a"]`},
		"size":                    {`{"l":{"$size":0}}`, `["b"]`},
		"all":                     {`{"l":{"$all":[2,1]}}`, `["a"]`},
		"all but one":             {`{"l":{"$all":[2,3]}}`, `[]`},
		"or":                      {`{"$or":[{"n":1},{"n":{"$gt":2}}]}`, `["a",2]`},
		"or of one without index": {`{"$or":[{"n":1},{"l":{"$size":0}}]}`, `["a","b"]`},
		"or of nothing":           {`{"$or":[]}`, `["a","b","c",1,2]`},
		"and":                     {`{"$and":[{"n":{"$gt":0}},{"o.p":1}]}`, `["a"]`},
		"and of nothing":          {`{"$and":[]}`, `["a","b","c",1,2]`},
		"words":                   {`{"$lexical":{"$match":"FOX"}}`, `[2]`},
		"with a vector":           {`{"$vector":{"$exists":true}}`, `[2]`},
	}
	c := filtered(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := c.must("c", fmt.Sprintf(`{"find":{"filter":%s}}`, test.filter))
			require.Equal(t, test.want, compact(t, got.ids()))
			count := c.must("c", fmt.Sprintf(`{"find":{"filter":%s,"sort":{"n":1}}}`, test.filter))
			require.ElementsMatch(t, got.ids(), count.ids(), "sorted, it finds the same")
		})
	}
}

// TestFilterProblems refuses what the Data API refuses, and refuses all of it: an operand
// that is ignored would make a filter wider.
func TestFilterProblems(t *testing.T) {
	const invalid, unknown = "FILTER_INVALID_EXPRESSION", "FILTER_UNSUPPORTED_OPERATOR"
	tests := map[string]struct{ filter, code string }{
		"no object":                    {`5`, invalid},
		"and of an object":             {`{"$and":{"n":1}}`, invalid},
		"and of a number":              {`{"$and":[1]}`, invalid},
		"not a number":                 {`{"$not":1}`, invalid},
		"not something bad":            {`{"$not":{"n":{"$gt":true,"$foo":1}}}`, unknown},
		"not within, of a value":       {`{"n":{"$not":1}}`, unknown},
		"not within, of nothing":       {`{"n":{"$not":{}}}`, unknown},
		"not within, of something bad": {`{"n":{"$not":{"$size":-1}}}`, invalid},
		"operators as an operand":      {`{"n":{"$gt":{"$lt":1}}}`, invalid},
		"unknown operator":             {`{"n":{"$foo":1}}`, unknown},
		"a name among operators":       {`{"n":{"$gt":1,"m":2}}`, unknown},
		"unknown at the top":           {`{"$foo":1}`, invalid},
		"_id below or":                 {`{"$or":[{"_id":1}]}`, invalid},
		"_id below and below or":       {`{"$or":[{"$and":[{"_id":1}]}]}`, invalid},
		"above null":                   {`{"n":{"$gt":null}}`, invalid},
		"above an object":              {`{"n":{"$gt":{"p":1}}}`, invalid},
		"above an array":               {`{"n":{"$lte":[1]}}`, invalid},
		"in a value":                   {`{"n":{"$in":1}}`, invalid},
		"exists 1":                     {`{"n":{"$exists":1}}`, invalid},
		"all of nothing":               {`{"l":{"$all":[]}}`, invalid},
		"all of a value":               {`{"l":{"$all":1}}`, invalid},
		"a negative size":              {`{"l":{"$size":-1}}`, invalid},
		"a text as a size":             {`{"l":{"$size":"1"}}`, invalid},
		"words elsewhere":              {`{"n":{"$match":"fox"}}`, invalid},
		"words in another way":         {`{"$lexical":{"$eq":"fox"}}`, invalid},
		"words and more":               {`{"$lexical":{"$match":"fox","$exists":true}}`, invalid},
		"words as they are":            {`{"$lexical":"fox"}`, invalid},
		"words as a number":            {`{"$lexical":{"$match":1}}`, invalid},
	}
	c := filtered(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, command := range []string{`{"find":{"filter":%s}}`, `{"deleteMany":{"filter":%s}}`} {
				got := c.send("c", fmt.Sprintf(command, test.filter))
				require.Equal(t, []string{test.code}, got.codes(), got.text)
			}
			require.Len(t, c.must("c", `{"find":{}}`).ids(), 5, "nothing was deleted")
		})
	}
}

// TestCassandraPages holds a Cassandra backend to its observed pages: what it finds by $or, or
// by $in on another field, comes in one answer without a next page.
func TestCassandraPages(t *testing.T) {
	tests := map[string]struct {
		filter string
		whole  bool
	}{
		"everything":    {`{}`, false},
		"equal":         {`{"g":1}`, false},
		"and":           {`{"$and":[{"g":1}]}`, false},
		"or":            {`{"$or":[{"g":1},{"g":2}]}`, true},
		"or of nothing": {`{"$or":[]}`, false},
		"in":            {`{"g":{"$in":[1,2]}}`, true},
		"in below and":  {`{"$and":[{"g":{"$in":[1,2]}}]}`, true},
	}
	for _, backend := range []string{localastra.BackendCassandra, localastra.BackendAstra} {
		c := open(t, localastra.Options{Memory: true, Backend: backend, PageSize: 3})
		c.must("", `{"createCollection":{"name":"c"}}`)
		c.insert(repeat(7, func(i int) string { return fmt.Sprintf(`{"_id":%d,"g":1}`, i) }))
		for name, test := range tests {
			t.Run(backend+" "+name, func(t *testing.T) {
				got := c.must("c", fmt.Sprintf(`{"find":{"filter":%s}}`, test.filter))
				whole := test.whole && backend == localastra.BackendCassandra
				require.Equal(t, whole, got.Data["nextPageState"] == nil)
				require.Equal(t, whole, len(got.ids()) == 7)
			})
		}
	}
}
