package localastra_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// TestFilteredSearch compares what indexes decide with what each filter means, arrays and
// absent fields included.
func TestFilteredSearch(t *testing.T) {
	tests := map[string]struct {
		filter string
		want   []any
	}{
		"equal":           {`{"n":1}`, []any{"a", "l"}},
		"not equal":       {`{"n":{"$ne":1}}`, []any{"b", "none"}},
		"not in":          {`{"n":{"$nin":[1,2]}}`, []any{"none"}},
		"above":           {`{"n":{"$gt":0}}`, []any{"a", "b"}},
		"all":             {`{"n":{"$all":[1,3]}}`, []any{"l"}},
		"absent":          {`{"n":{"$exists":false}}`, []any{"none"}},
		"two fields":      {`{"n":1,"k":"x"}`, []any{"a"}},
		"one of":          {`{"$or":[{"n":2},{"k":"y"}]}`, []any{"b", "l"}},
		"not":             {`{"$not":{"k":"x"}}`, []any{"l", "none"}},
		"not equal plain": {`{"k":{"$ne":"x"}}`, []any{"l", "none"}},
		"ids":             {`{"_id":{"$in":["none","b","a"]}}`, []any{"a", "b", "none"}},
		"nothing":         {`{"n":9}`, []any{}},
		"empty":           {`{"$and":[]}`, []any{"a", "b", "l", "none"}},
	}
	c := open(t, localastra.Options{Memory: true})
	c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":2}}}}`)
	c.insert(`{"_id":"a","n":1,"k":"x","$vector":[1,0],"$lexical":"w"}`,
		`{"_id":"b","n":2,"k":"x","$vector":[1,0.1],"$lexical":"w"}`,
		`{"_id":"l","n":[1,3],"k":"y","$vector":[1,0.2],"$lexical":"w"}`,
		`{"_id":"none","$vector":[1,0.3],"$lexical":"w"}`)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, sort := range []string{`{"$vector":[1,0]}`, `{"$lexical":"w"}`} {
				got := c.must("c", `{"find":{"filter":`+test.filter+`,"sort":`+sort+`}}`)
				require.Equal(t, test.want, got.ids(), sort)
			}
		})
	}
	c.must("c", `{"deleteOne":{"filter":{"_id":"l"}}}`)
	require.Equal(t, []any{"b", "none"}, c.must("c", `{"find":{"filter":{"n":{"$ne":1}},"sort":{"$vector":[1,0]}}}`).ids(),
		"the array is gone")
}
