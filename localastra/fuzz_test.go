package localastra_test

import (
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// FuzzFilter sends any text as a filter. Whatever is accepted must find, through the
// indexes, the same documents as its double negation finds by looking at all.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1}`, `{"a":{"$in":[1,"x",null]}}`, `{"$or":[{"a":1},{"b":{"$gt":1}}]}`, `{"a&.b":1.50}`,
		`{"$not":{"a":{"$exists":false}}}`, `{"a":{"$not":{"$lt":{"$date":5}}}}`, `{"l":{"$all":[1,2]}}`,
		`{"l.0":{"$size":1}}`, `{"a":{"$date":1e999999999}}`, `{"$and":[]}`, `{"_id":{"$in":["1","2"]}}`,
	} {
		f.Add(seed)
	}
	c := openVec(f)
	c.insert(`{"_id":"1","a":1,"b":2,"l":[1,2]}`, `{"_id":"2","a":"x","a.b":1.5,"l":[[3]]}`, `{"_id":"3","a":null}`,
		`{"_id":"4","a":{"$date":5},"b":[1,{"c":2}]}`)
	f.Fuzz(func(t *testing.T, filter string) {
		c.t = t
		plain := c.send("c", `{"find":{"filter":`+filter+`,"projection":{"_id":1}}}`)
		if len(plain.Errors) > 0 || !json.Valid([]byte(filter)) {
			return
		}
		twice := c.send("c", `{"find":{"filter":{"$not":{"$not":`+filter+`}}}}`)
		if len(twice.Errors) == 0 && filter != "null" {
			require.ElementsMatch(t, plain.ids(), twice.ids())
		}
	})
}

// FuzzRequest sends any body. The answer is JSON with a status that the Data API has,
// and what was stored is still readable.
func FuzzRequest(f *testing.F) {
	for _, seed := range []string{
		`{"find":{}}`, `{"insertOne":{"document":{"a":1e-400,"b":"\ud83d\ude00"}}}`, `{"findOne":`,
		`{"updateMany":{"filter":{"a":1},"update":{"$inc":{"n":1e5},"$push":{"l":{"$each":[1]}}}}}`,
		`{"insertMany":{"documents":[{"_id":{"$uuid":"x"}},{"$vector":{"$binary":"AAAA"}}],"options":{"ordered":true}}}`,
		`{"find":{"sort":{"a":-1},"projection":{"a.b":0}}}`, `{"deleteMany":{"filter":{}}}`, "\"\x00",
	} {
		f.Add(seed)
	}
	c := openVec(f)
	f.Fuzz(func(t *testing.T, body string) {
		request, err := http.NewRequest(http.MethodPost, "http://x/v1/default_keyspace/c", strings.NewReader(body))
		require.NoError(t, err)
		response, err := c.server.Transport().RoundTrip(request)
		require.NoError(t, err)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		require.Equal(t, http.StatusOK, response.StatusCode)
		require.True(t, json.Valid(text), "%s", text)
		c.t = t
		c.must("c", `{"find":{"projection":{"*":1}}}`)
	})
}
