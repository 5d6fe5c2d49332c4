package localastra_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// TestUpdateOperatorsChange holds each operator to what it leaves behind, and to whether it
// counts as a change: a document that is told to be modified is one that a client reads again.
func TestUpdateOperatorsChange(t *testing.T) {
	const same = ""
	tests := map[string]struct{ update, want string }{
		"min of less":                {`{"$min":{"n":1}}`, `{"n":1,"l":[1,2,1],"s":"x"}`},
		"min of more":                {`{"$min":{"n":3}}`, same},
		"min of the same":            {`{"$min":{"n":2.0}}`, same},
		"min of an absent one":       {`{"$min":{"m":9}}`, `{"n":2,"l":[1,2,1],"s":"x","m":9}`},
		"max of more":                {`{"$max":{"n":3}}`, `{"n":3,"l":[1,2,1],"s":"x"}`},
		"max of less":                {`{"$max":{"n":1}}`, same},
		"max of the same":            {`{"$max":{"n":2.0}}`, same},
		"max of an absent one":       {`{"$max":{"m":-9}}`, `{"n":2,"l":[1,2,1],"s":"x","m":-9}`},
		"unset below a text":         {`{"$unset":{"s.x":1}}`, same},
		"unset an absent one":        {`{"$unset":{"m":1}}`, same},
		"rename an absent one":       {`{"$rename":{"m":"k"}}`, same},
		"rename below a text":        {`{"$rename":{"s.x":"k"}}`, same},
		"pop below a text":           {`{"$pop":{"s.x":1}}`, same},
		"pop an absent one":          {`{"$pop":{"m":1}}`, same},
		"push what is there":         {`{"$push":{"l":1}}`, `{"n":2,"l":[1,2,1,1],"s":"x"}`},
		"push in the middle":         {`{"$push":{"l":{"$each":[8,9],"$position":1}}}`, `{"n":2,"l":[1,8,9,2,1],"s":"x"}`},
		"push far behind":            {`{"$push":{"l":{"$each":[8],"$position":99}}}`, `{"n":2,"l":[1,2,1,8],"s":"x"}`},
		"add what is new":            {`{"$addToSet":{"l":3}}`, `{"n":2,"l":[1,2,1,3],"s":"x"}`},
		"add what is there":          {`{"$addToSet":{"l":2}}`, same},
		"add each once":              {`{"$addToSet":{"l":{"$each":[3,1,3]}}}`, `{"n":2,"l":[1,2,1,3],"s":"x"}`},
		"set beyond the end":         {`{"$set":{"l.4":5}}`, `{"n":2,"l":[1,2,1,null,5],"s":"x"}`},
		"set the same":               {`{"$set":{"n":2}}`, same},
		"set on an insert only":      {`{"$setOnInsert":{"n":5}}`, same},
		"increase by nothing":        {`{"$inc":{"n":0}}`, same},
		"multiply by one":            {`{"$mul":{"n":1}}`, same},
		"increase by a large number": {`{"$inc":{"n":1E+900}}`, `{"n":1E+900,"l":[1,2,1],"s":"x"}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := openVec(t)
			const before = `{"n":2,"l":[1,2,1],"s":"x"}`
			c.insert(before)
			got := c.must("c", `{"updateOne":{"filter":{},"update":`+test.update+`}}`)
			modified, want := json.Number("1"), test.want
			if test.want == same {
				modified, want = "0", before
			}
			require.Equal(t, modified, got.Status["modifiedCount"])
			require.Equal(t, json.Number("1"), got.Status["matchedCount"])
			found := c.must("c", `{"find":{"projection":{"_id":0,"n":1,"m":1,"l":1,"s":1,"k":1}}}`)
			if name == "increase by a large number" {
				return // its digits are those of the sum
			}
			require.JSONEq(t, want, found.documents()[0])
		})
	}
}

// TestUpdateOperatorsRefuse changes nothing when one of several changes is refused.
func TestUpdateOperatorsRefuse(t *testing.T) {
	tests := map[string]string{
		"set below a text":        `{"$set":{"n":9,"s.x":1}}`,
		"set below a number":      `{"$set":{"s":"y","n.x.y":1}}`,
		"set a name in an array":  `{"$set":{"n":9,"l.x":1}}`,
		"set before a list":       `{"$set":{"l.-1":5}}`,
		"set far behind a list":   `{"$set":{"l.1000":5}}`,
		"set no number":           `{"$set":{"l.+1":5}}`,
		"set a padded number":     `{"$set":{"l.01":5}}`,
		"push before a list":      `{"$push":{"l.-1":5}}`,
		"rename below a text":     `{"$rename":{"n":"s.x"}}`,
		"rename into a list":      `{"$rename":{"n":"l.x"}}`,
		"rename before a list":    `{"$rename":{"n":"l.-1"}}`,
		"push to a text":          `{"$push":{"s":1}}`,
		"push below a text":       `{"$push":{"s.x":1}}`,
		"pop a text":              `{"$pop":{"s":1}}`,
		"add to a number":         `{"$addToSet":{"n":1}}`,
		"increase a text":         `{"$inc":{"s":1}}`,
		"multiply a list":         `{"$mul":{"l":2}}`,
		"increase by a text":      `{"$inc":{"n":"1"}}`,
		"increase below a text":   `{"$inc":{"s.x":1}}`,
		"beyond all numbers":      `{"$inc":{"n":1E+1002}}`,
		"nearer than all numbers": `{"$inc":{"n":1E-1002}}`,
		"multiplied beyond them":  `{"$mul":{"n":1E+1002}}`,
		"set the _id":             `{"$set":{"_id":"b"}}`,
		"unset the _id":           `{"$unset":{"_id":1}}`,
		"no operator":             `{"n":1}`,
		"an unknown operator":     `{"$foo":{"n":1}}`,
		"no object":               `{"$set":1}`,
		"one path twice":          `{"$set":{"n":1},"$inc":{"n":1}}`,
		"a path in another":       `{"$set":{"o":1,"o.p":1}}`,
	}
	for name, update := range tests {
		t.Run(name, func(t *testing.T) {
			c := openVec(t)
			c.insert(`{"_id":"a","n":2,"l":[1],"s":"x"}`)
			before := c.must("c", `{"find":{}}`).text
			for _, command := range []string{"updateOne", "updateMany", "findOneAndUpdate"} {
				got := c.send("c", fmt.Sprintf(`{%q:{"filter":{"_id":"a"},"update":%s}}`, command, update))
				require.Len(t, got.Errors, 1, got.text)
				require.Equal(t, "REQUEST", got.Errors[0]["family"], got.text)
			}
			require.Equal(t, before, c.must("c", `{"find":{}}`).text)
		})
	}
}

// TestUpsertOfImpossiblePaths refuses to make a document of a filter that no document can meet.
func TestUpsertOfImpossiblePaths(t *testing.T) {
	c := openVec(t)
	for _, filter := range []string{`{"l":[1],"l.999999999":2}`, `{"l":[1],"l.x":2}`, `{"l":"x","l.y":2}`} {
		got := c.send("c", `{"updateOne":{"filter":`+filter+`,"update":{"$set":{"n":1}},"options":{"upsert":true}}}`)
		require.Equal(t, []string{"UNSUPPORTED_UPDATE_OPERATION"}, got.codes(), got.text)
	}
	require.Empty(t, c.must("c", `{"find":{}}`).ids())
}

// TestWholePages reads and writes as many documents as a limit allows: the answer says that
// there is more only where there is.
func TestWholePages(t *testing.T) {
	tests := map[string]struct {
		command   string
		none      string // of the status or data when there is no more
		documents int
		more      bool
	}{
		"deleteMany, a page":         {`{"deleteMany":{"filter":{"g":1}}}`, "moreData", 20, false},
		"deleteMany, one more":       {`{"deleteMany":{"filter":{"g":1}}}`, "moreData", 21, true},
		"countDocuments, its limit":  {`{"countDocuments":{"filter":{"g":1}}}`, "moreData", 1000, false},
		"countDocuments, one more":   {`{"countDocuments":{"filter":{"g":1}}}`, "moreData", 1001, true},
		"updateMany, less":           {`{"updateMany":{"filter":{"g":1},"update":{"$set":{"h":2}}}}`, "moreData", 49, false},
		"updateMany, one more":       {`{"updateMany":{"filter":{"g":1},"update":{"$set":{"h":2}}}}`, "moreData", 51, true},
		"find, less":                 {`{"find":{"filter":{"g":1}}}`, "nextPageState", 49, false},
		"find, one more":             {`{"find":{"filter":{"g":1}}}`, "nextPageState", 51, true},
		"find, a limit within":       {`{"find":{"filter":{"g":1},"options":{"limit":20}}}`, "nextPageState", 51, false},
		"find, a limit beyond":       {`{"find":{"filter":{"g":1},"options":{"limit":51}}}`, "nextPageState", 60, true},
		"find, no limit":             {`{"find":{"filter":{"g":1},"options":{"limit":null}}}`, "nextPageState", 51, true},
		"find, sorted":               {`{"find":{"sort":{"g":1}}}`, "nextPageState", 51, false},
		"find, sorted, none skipped": {`{"find":{"sort":{"g":1},"options":{"skip":0}}}`, "nextPageState", 51, false},
		"find, sorted, no skip":      {`{"find":{"sort":{"g":1},"options":{"skip":null}}}`, "nextPageState", 51, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := openVec(t)
			insertNumbered(c, test.documents)
			got := c.must("c", test.command)
			more := got.Status[test.none]
			if test.none == "nextPageState" {
				more = got.Data[test.none]
			}
			require.Equal(t, test.more, more != nil, got.text[:min(len(got.text), 200)])
		})
	}
}

// TestUpsertOnLaterPages creates no document for a page behind the first: what the filter
// looked for was found before.
func TestUpsertOnLaterPages(t *testing.T) {
	c := openVec(t)
	insertNumbered(c, 50)
	first := c.must("c", `{"updateMany":{"filter":{"g":1},"update":{"$set":{"h":2}},"options":{"upsert":true}}}`)
	state, more := first.Status["nextPageState"].(string)
	require.True(t, more, "a full page cannot know that it was the last")
	last := c.must("c", fmt.Sprintf(`{"updateMany":{"filter":{"g":1},"update":{"$set":{"h":2}},
		"options":{"upsert":true,"pageState":%q}}}`, state))
	require.Equal(t, json.Number("0"), last.Status["matchedCount"])
	require.NotContains(t, last.Status, "upsertedId")
	require.Equal(t, json.Number("50"), c.must("c", `{"countDocuments":{}}`).Status["count"])

	none := c.must("c", `{"updateMany":{"filter":{"g":7},"update":{"$set":{"h":2}}}}`)
	require.NotContains(t, none.Status, "upsertedId", "nobody asked for it")
	created := c.must("c", `{"updateMany":{"filter":{"g":7},"update":{"$set":{"h":2}},"options":{"upsert":true}}}`)
	require.Contains(t, created.Status, "upsertedId")
}

// TestCassandraSearches lets a Cassandra backend search by a vector, but not with a filter.
func TestCassandraSearches(t *testing.T) {
	c := open(t, localastra.Options{Memory: true, Backend: localastra.BackendCassandra})
	c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":2}}}}`)
	c.insert(`{"_id":"a","n":1,"$vector":[1,0]}`, `{"_id":"b","n":1,"$vector":[0,1]}`)
	require.Equal(t, []any{"b", "a"}, c.must("c", `{"find":{"sort":{"$vector":[0.1,1]}}}`).ids())
	require.Equal(t, []any{"b", "a"}, c.must("c", `{"find":{"filter":{},"sort":{"$vector":[0.1,1]}}}`).ids())
	require.Equal(t, []string{"INVALID_DATABASE_QUERY"},
		c.send("c", `{"find":{"filter":{"n":1},"sort":{"$vector":[0.1,1]}}}`).codes())
}
