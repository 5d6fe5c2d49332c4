package localastra_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// TestIndexingRules tells for each rule which fields can be filtered by. _id, $vector and
// $lexical have indexes of their own, which no rule takes away.
func TestIndexingRules(t *testing.T) {
	const allowed = `{"_id":"a"} {"$vector":{"$exists":true}} {"$lexical":{"$match":"fox"}} `
	tests := map[string]struct{ rule, can, cannot string }{
		"none":       {`{}`, `{"a":1} {"a.b":1} {"c":1}`, ``},
		"allow":      {`{"indexing":{"allow":["a"]}}`, `{"a":1} {"a.b":1}`, `{"c":1} {"ab":1}`},
		"allow deep": {`{"indexing":{"allow":["a.b"]}}`, `{"a.b":1} {"a.b.c":1}`, `{"a":1} {"a.c":1} {"b":1}`},
		"allow all":  {`{"indexing":{"allow":["*"]}}`, `{"a":1} {"a.b":1}`, ``},
		"deny":       {`{"indexing":{"deny":["a"]}}`, `{"c":1} {"ab":1}`, `{"a":1} {"a.b":1}`},
		"deny deep":  {`{"indexing":{"deny":["a.b"]}}`, `{"a":1} {"a.c":1}`, `{"a.b":1} {"a.b.c":1}`},
		"deny all":   {`{"indexing":{"deny":["*"]}}`, ``, `{"a":1} {"a.b":1}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, localastra.Options{Memory: true})
			options := `{"vector":{"dimension":2},` + test.rule[1:]
			options = strings.Replace(options, ",}", "}", 1)
			c.must("", `{"createCollection":{"name":"c","options":`+options+`}}`)
			for _, filter := range strings.Fields(allowed + test.can) {
				c.must("c", `{"find":{"filter":`+filter+`}}`)
			}
			for _, filter := range strings.Fields(test.cannot) {
				require.Equal(t, []string{"FILTER_PATH_UNINDEXED"}, c.send("c", `{"find":{"filter":`+filter+`}}`).codes(), filter)
				sort := strings.Replace(filter, "{", `{"find":{"sort":{`, 1) + "}}"
				require.Equal(t, []string{"SORT_CLAUSE_PATH_UNINDEXED"}, c.send("c", sort).codes(), sort)
			}
		})
	}
}

// TestVectorSettings reads a dimension and a metric in each way in which they may be written.
func TestVectorSettings(t *testing.T) {
	const bad, invalid = "INVALID_CREATE_COLLECTION_OPTIONS", "COMMAND_FIELD_VALUE_INVALID"
	tests := map[string]struct{ vector, want string }{
		"least":         {`{"dimension":1}`, `"dimension":1,"metric":"cosine"`},
		"most":          {`{"dimension":4096}`, `"dimension":4096,"metric":"cosine"`},
		"text":          {`{"dimension":"8"}`, `"dimension":8,"metric":"cosine"`},
		"fraction":      {`{"dimension":8.5}`, `"dimension":8,"metric":"cosine"`},
		"old names":     {`{"size":3,"function":"euclidean"}`, `"dimension":3,"metric":"euclidean"`},
		"null metric":   {`{"dimension":3,"metric":null,"sourceModel":null}`, `"dimension":3,"metric":"cosine"`},
		"null":          {`{"dimension":null}`, bad},
		"no dimension":  {`{"metric":"cosine"}`, bad},
		"less than one": {`{"dimension":0.5}`, invalid},
		"negative":      {`{"dimension":-1}`, invalid},
		"no number":     {`{"dimension":"many"}`, invalid},
		"another kind":  {`{"dimension":true}`, invalid},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, localastra.Options{Memory: true})
			got := c.send("", `{"createCollection":{"name":"c","options":{"vector":`+test.vector+`}}}`)
			if test.want == bad || test.want == invalid {
				require.Equal(t, []string{test.want}, got.codes(), got.text)
				return
			}
			require.Contains(t, c.must("", `{"findCollections":{"options":{"explain":true}}}`).text, test.want)
		})
	}
}
