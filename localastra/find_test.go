package localastra_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

func TestFilters(t *testing.T) {
	c := openVec(t)
	c.insert(
		`{"_id":"a","n":1,"s":"x","tags":["red","blue"],"o":{"p":1},"when":{"$date":1000}}`,
		`{"_id":"b","n":2.5,"s":"y","tags":[],"o":{"p":2,"q":null}}`,
		`{"_id":"c","n":3,"dotted.name":true,"tags":"red","$vector":[1,0]}`,
		`{"_id":"d","n":null,"list":[{"k":1},{"k":2}]}`,
	)
	tests := map[string]struct {
		filter string
		want   []any
	}{
		"everything":                {`{}`, []any{"a", "b", "c", "d"}},
		"implicit equality":         {`{"s":"x"}`, []any{"a"}},
		"numbers compare by value":  {`{"n":1.0}`, []any{"a"}},
		"string is not a number":    {`{"n":"1"}`, []any{}},
		"null is explicit":          {`{"n":null}`, []any{"d"}},
		"null is not absence":       {`{"s":null}`, []any{}},
		"equality in an array":      {`{"tags":"red"}`, []any{"a", "c"}},
		"equality of an array":      {`{"tags":["red","blue"]}`, []any{"a"}},
		"equality of an object":     {`{"o":{"p":1}}`, []any{"a"}},
		"nested path":               {`{"o.p":2}`, []any{"b"}},
		"path into an array":        {`{"list.1.k":2}`, []any{"d"}},
		"escaped dot":               {`{"dotted&.name":true}`, []any{"c"}},
		"in":                        {`{"s":{"$in":["y","z"]}}`, []any{"b"}},
		"in of none":                {`{"s":{"$in":[]}}`, []any{}},
		"nin keeps absent ones":     {`{"s":{"$nin":["x"]}}`, []any{"b", "c", "d"}},
		"ne keeps absent ones":      {`{"s":{"$ne":"x"}}`, []any{"b", "c", "d"}},
		"ne looks into arrays":      {`{"tags":{"$ne":"red"}}`, []any{"b", "d"}},
		"lt":                        {`{"n":{"$lt":2.5}}`, []any{"a"}},
		"lte and gt":                {`{"n":{"$gt":1,"$lte":3}}`, []any{"b", "c"}},
		"gte":                       {`{"n":{"$gte":2.50}}`, []any{"b", "c"}},
		"date range":                {`{"when":{"$lt":{"$date":2000}}}`, []any{"a"}},
		"exists":                    {`{"s":{"$exists":true}}`, []any{"a", "b"}},
		"exists not":                {`{"s":{"$exists":false}}`, []any{"c", "d"}},
		"exists vector":             {`{"$vector":{"$exists":true}}`, []any{"c"}},
		"all":                       {`{"tags":{"$all":["blue","red"]}}`, []any{"a"}},
		"size":                      {`{"tags":{"$size":0}}`, []any{"b"}},
		"and":                       {`{"$and":[{"n":{"$gt":0}},{"tags":"red"}]}`, []any{"a", "c"}},
		"or":                        {`{"$or":[{"s":"y"},{"n":3}]}`, []any{"b", "c"}},
		"not":                       {`{"$not":{"tags":"red"}}`, []any{"b", "d"}},
		"not below a path":          {`{"n":{"$not":{"$gt":1}}}`, []any{"a", "d"}},
		"by _id in the asked order": {`{"_id":{"$in":["c","a","nope","c"]}}`, []any{"c", "a"}},
		"by _id and more":           {`{"_id":{"$in":["c","a"]},"n":{"$gt":2}}`, []any{"c"}},
		"two indexes":               {`{"tags":"red","n":{"$lt":2}}`, []any{"a"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := c.must("c", `{"find":{"filter":`+test.filter+`}}`)
			require.Equal(t, test.want, got.ids())
		})
	}
}

func TestFilterErrors(t *testing.T) {
	tests := map[string]struct{ filter, code string }{
		"unknown operator":    {`{"n":{"$foo":1}}`, "FILTER_UNSUPPORTED_OPERATOR"},
		"second one unknown":  {`{"n":{"$gt":1,"foo":1}}`, "FILTER_UNSUPPORTED_OPERATOR"},
		"not indexed":         {`{"text":"x"}`, "FILTER_PATH_UNINDEXED"},
		"below not indexed":   {`{"text.x":1}`, "FILTER_PATH_UNINDEXED"},
		"lone ampersand":      {`{"a&b":1}`, "FILTER_INVALID_EXPRESSION"},
		"ampersand at an end": {`{"a&":1}`, "FILTER_INVALID_EXPRESSION"},
		"empty name":          {`{"a..b":1}`, "FILTER_INVALID_EXPRESSION"},
		"in of no array":      {`{"n":{"$in":1}}`, "FILTER_INVALID_EXPRESSION"},
		"exists of no bool":   {`{"n":{"$exists":1}}`, "FILTER_INVALID_EXPRESSION"},
		"size of a string":    {`{"n":{"$size":"1"}}`, "FILTER_INVALID_EXPRESSION"},
		"all of nothing":      {`{"n":{"$all":[]}}`, "FILTER_INVALID_EXPRESSION"},
		"or of no array":      {`{"$or":{}}`, "FILTER_INVALID_EXPRESSION"},
		"_id inside or":       {`{"$or":[{"_id":"a"}]}`, "FILTER_INVALID_EXPRESSION"},
		"unknown $ field":     {`{"$foo":1}`, "FILTER_INVALID_EXPRESSION"},
		"an array":            {`[]`, "FILTER_INVALID_EXPRESSION"},
	}
	c := openVec(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := c.send("c", `{"find":{"filter":`+test.filter+`}}`)
			require.Equal(t, []string{test.code}, got.codes(), got.text)
		})
	}
}

func TestProjection(t *testing.T) {
	tests := map[string]struct{ projection, want string }{
		"none":                      {`null`, `{"_id":"a","n":1,"o":{"p":1,"q":2},"l":[{"p":1,"q":2}]}`},
		"_id alone does not narrow": {`{"_id":1}`, `{"_id":"a","n":1,"o":{"p":1,"q":2},"l":[{"p":1,"q":2}]}`},
		"with the vector": {`{"$vector":1}`,
			`{"_id":"a","n":1,"$vector":[1,0.5],"o":{"p":1,"q":2},"l":[{"p":1,"q":2}]}`},
		"star":            {`{"*":1}`, `{"_id":"a","n":1,"$vector":[1,0.5],"o":{"p":1,"q":2},"l":[{"p":1,"q":2}]}`},
		"no star":         {`{"*":0}`, `{}`},
		"include":         {`{"n":1}`, `{"_id":"a","n":1}`},
		"include no _id":  {`{"n":true,"_id":false}`, `{"n":1}`},
		"include vector":  {`{"n":1,"$vector":1}`, `{"_id":"a","n":1,"$vector":[1,0.5]}`},
		"include nested":  {`{"o.p":1,"l.q":1}`, `{"_id":"a","o":{"p":1},"l":[{"q":2}]}`},
		"include absent":  {`{"nope":1}`, `{"_id":"a"}`},
		"exclude":         {`{"n":0,"l":0}`, `{"_id":"a","o":{"p":1,"q":2}}`},
		"exclude nested":  {`{"o.p":0,"l.q":0,"n":0}`, `{"_id":"a","o":{"q":2},"l":[{"p":1}]}`},
		"exclude the _id": {`{"_id":0,"l":0,"o":0}`, `{"n":1}`},
	}
	c := openVec(t)
	c.insert(`{"_id":"a","n":1,"$vector":[1.0,0.50],"o":{"p":1,"q":2},"l":[{"p":1,"q":2}]}`)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := c.must("c", `{"find":{"projection":`+test.projection+`}}`)
			require.JSONEq(t, test.want, got.documents()[0])
		})
	}
}

func TestPages(t *testing.T) {
	c := openVec(t)
	for batch := range 3 {
		var documents []string
		for i := range 50 {
			documents = append(documents, fmt.Sprintf(`{"_id":"%d-%02d","s":"x"}`, batch, i))
		}
		c.insert(documents...)
	}
	read := func(options string) (sizes []int) {
		state := "null"
		for {
			got := c.must("c", `{"find":{"filter":{"s":"x"},"options":{`+options+`"pageState":`+state+`}}}`)
			sizes = append(sizes, len(got.ids()))
			next, more := got.Data["nextPageState"].(string)
			if !more {
				return sizes
			}
			state = fmt.Sprintf("%q", next)
		}
	}
	require.Equal(t, []int{50, 50, 50, 0}, read(""), "a full last page is followed by an empty one")
	require.Equal(t, []int{50, 20}, read(`"limit":70,`))
	require.Equal(t, []int{7}, read(`"limit":7,`))
	require.Len(t, c.must("c", `{"find":{"sort":{"s":1},"options":{"limit":80}}}`).ids(), 50, "sorted reads are cut")
	require.Equal(t, []any{"0-03"}, c.must("c", `{"find":{"sort":{"s":1},"options":{"limit":1,"skip":3}}}`).ids())
}

func TestSortByVector(t *testing.T) {
	tests := map[string]struct {
		metric string
		want   string
	}{
		"cosine":      {"cosine", `["east 1.0","far 1.0","north 0.5"]`},
		"dot product": {"dot_product", `["far 2.0","east 1.0","north 0.5"]`},
		"euclidean":   {"euclidean", `["east 1.0","north 0.33333334","far 0.2"]`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, localastra.Options{Memory: true})
			c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":2,"metric":"`+test.metric+`"}}}}`)
			c.insert(`{"_id":"east","k":1,"$vector":[1,0]}`, `{"_id":"north","k":1,"$vector":[0,1]}`,
				`{"_id":"far","k":1,"$vector":[3,0]}`, `{"_id":"none","k":1}`)
			got := c.must("c", `{"find":{"sort":{"$vector":[1,0]},"filter":{"k":1},
				"options":{"includeSimilarity":true,"includeSortVector":true}}}`)
			require.Equal(t, []any{json.Number("1.0"), json.Number("0.0")}, got.Status["sortVector"])
			hits := []string{}
			for _, d := range got.Data["documents"].([]any) {
				m := d.(map[string]any)
				hits = append(hits, fmt.Sprintf("%s %s", m["_id"], m["$similarity"]))
			}
			text, err := json.Marshal(hits)
			require.NoError(t, err)
			require.JSONEq(t, test.want, string(text))
		})
	}
}

// TestVectorsFollowWrites checks that vectors in memory are those in the store.
func TestVectorsFollowWrites(t *testing.T) {
	c := openVec(t)
	nearest := func() []any {
		return c.must("c", `{"find":{"sort":{"$vector":[1,0]},"projection":{"_id":1}}}`).ids()
	}
	c.insert(`{"_id":"a","$vector":[1,0]}`, `{"_id":"b","$vector":[0,1]}`, `{"_id":"c","$vector":[1,1]}`)
	require.Equal(t, []any{"a", "c", "b"}, nearest())
	c.must("c", `{"deleteOne":{"filter":{"_id":"a"}}}`)
	require.Equal(t, []any{"c", "b"}, nearest())
	c.must("c", `{"updateOne":{"filter":{"_id":"b"},"update":{"$set":{"$vector":[1,0]}}}}`)
	require.Equal(t, []any{"b", "c"}, nearest())
	c.must("c", `{"updateOne":{"filter":{"_id":"b"},"update":{"$set":{"n":1}}}}`)
	require.Equal(t, []any{"b", "c"}, nearest(), "another field does not touch the vector")
	c.must("c", `{"findOneAndReplace":{"filter":{"_id":"b"},"replacement":{"n":2}}}`)
	require.Equal(t, []any{"c"}, nearest())
	c.must("c", `{"deleteMany":{}}`)
	require.Empty(t, nearest())
}

func TestCassandraRefuses(t *testing.T) {
	tests := map[string]struct{ command, code string }{
		"ne":            {`{"find":{"filter":{"s":{"$ne":1}}}}`, "UNSUPPORTED_DATABASE_QUERY"},
		"nin":           {`{"find":{"filter":{"s":{"$nin":[1]}}}}`, "UNSUPPORTED_DATABASE_QUERY"},
		"not":           {`{"find":{"filter":{"$not":{"s":1}}}}`, "UNSUPPORTED_DATABASE_QUERY"},
		"exists false":  {`{"deleteMany":{"filter":{"s":{"$exists":false}}}}`, "UNSUPPORTED_DATABASE_QUERY"},
		"range":         {`{"deleteMany":{"filter":{"s":{"$lt":1}}}}`, "INVALID_DATABASE_QUERY"},
		"filter beside": {`{"find":{"filter":{"s":1},"sort":{"$vector":[1,0]}}}`, "INVALID_DATABASE_QUERY"},
	}
	c := open(t, localastra.Options{Memory: true, Backend: localastra.BackendCassandra})
	c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":2}}}}`)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, []string{test.code}, c.send("c", test.command).codes())
		})
	}
	var documents []string
	for i := range 70 {
		documents = append(documents, fmt.Sprintf(`{"s":%d}`, i%2))
	}
	c.insert(documents...)
	whole := c.must("c", `{"find":{"filter":{"s":{"$in":[0,1]}}}}`)
	require.Len(t, whole.ids(), 70, "$in comes in one page")
	require.Nil(t, whole.Data["nextPageState"])
	require.Len(t, c.must("c", `{"find":{}}`).ids(), 50)
}
