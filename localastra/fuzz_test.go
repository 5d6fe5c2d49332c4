package localastra_test

import (
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// fuzzDocuments are what filters look at. No object has two names: their order would
// count.
func fuzzDocuments() []string {
	return []string{
		`{"_id":"1","a":1,"b":2,"l":[1,2]}`, `{"_id":"2","a":"x","a.b":1.5,"l":[[3],{"k":1}]}`, `{"_id":"3","a":null}`,
		`{"_id":"4","a":{"$date":5},"b":[1,{"c":2}]}`, `{"_id":"5","a":true,"o":{"p":{"q":1.0}}}`, `{"_id":"6","a":{}}`,
		`{"_id":"7","a":["x",null,1e2]}`, `{"_id":"8","l":[]}`,
	}
}

// FuzzFilter sends any text as a filter. Whatever is accepted must find the documents
// that the reference finds, and as many again when it is asked twice around a $not.
func FuzzFilter(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"a":1}`, `{"a":{"$in":[1,"x",null]}}`, `{"$or":[{"a":1},{"b":{"$gt":1}}]}`, `{"a&.b":1.50}`,
		`{"$not":{"a":{"$exists":false}}}`, `{"a":{"$not":{"$lt":{"$date":5}}}}`, `{"l":{"$all":[1,2]}}`,
		`{"l.0":{"$size":1}}`, `{"a":{"$date":1e999999999}}`, `{"$and":[]}`, `{"_id":{"$in":["1","2"]}}`,
		`{"a":{"$gte":"w","$lt":"y"}}`, `{"o.p":{"q":1}}`, `{"o.p.q":{"$lte":1.00}}`, `{"a":{"$nin":[100,true]}}`,
		`{"l":[]}`, `{"l":{"$size":0}}`, `{"b.1.c":{"$ne":2}}`, `{"a":{}}`, `{"a":{"$gt":false}}`,
		`{"l.1.k":{"$exists":true}}`,
		`{"$or":[]}`, `{"_id":{"$gt":"3"},"a":{"$exists":true}}`, `{"a":{"$eq":["x",null,100]}}`,
	} {
		f.Add(seed)
	}
	c := openVec(f)
	c.insert(fuzzDocuments()...)
	f.Fuzz(func(t *testing.T, filter string) {
		c.t = t
		plain := c.send("c", `{"find":{"filter":`+filter+`,"projection":{"_id":1}}}`)
		if len(plain.Errors) > 0 || !json.Valid([]byte(filter)) || strings.TrimSpace(filter) == "null" {
			return
		}
		decoded, err := decodeAny(filter)
		require.NoError(t, err)
		wanted := []any{}
		for _, text := range fuzzDocuments() {
			document, err := decodeAny(text)
			require.NoError(t, err)
			match, err := refMatches(document, decoded)
			if errors.Is(err, errBeyond) {
				return
			}
			require.NoError(t, err)
			if match {
				wanted = append(wanted, document.(map[string]any)["_id"])
			}
		}
		require.ElementsMatch(t, wanted, plain.ids(), filter)
		twice := c.send("c", `{"find":{"filter":{"$not":{"$not":`+filter+`}}}}`)
		if len(twice.Errors) == 0 {
			require.ElementsMatch(t, plain.ids(), twice.ids(), filter)
		}
	})
}

// fuzzDocument is what projections and updates change.
const fuzzDocument = `{"_id":"a","n":1,"s":"x","l":[1,2,3],"o":{"p":1,"q":{"r":2}},"m":[{"k":1,"j":2},5]}`

// FuzzProjection sends any text as a projection and compares with the reference.
func FuzzProjection(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{"n":1}`, `{"n":0,"o.p":false}`, `{"o":{"q":1},"_id":0}`, `{"l":{"$slice":-2}}`, `{"m.k":1}`,
		`{"m.k":0}`,
		`{"l":{"$slice":[1,1]},"n":1}`, `{"*":1}`, `{"*":0}`, `{"_id":1}`, `{"$vector":1,"s":1}`, `{"l.0":1}`,
		`{"x&.y":0}`,
		`{"o":{"q":{"r":{"$slice":1}}}}`, `{"o.q.r.z":1}`, `{"n.z":0}`,
	} {
		f.Add(seed)
	}
	c := openVec(f)
	c.insert(fuzzDocument)
	f.Fuzz(func(t *testing.T, projection string) {
		c.t = t
		got := c.send("c", `{"find":{"projection":`+projection+`}}`)
		if len(got.Errors) > 0 || !json.Valid([]byte(projection)) {
			return
		}
		decoded, err := decodeAny(projection)
		require.NoError(t, err)
		document, err := decodeAny(fuzzDocument)
		require.NoError(t, err)
		wanted, err := json.Marshal(refProject(document.(map[string]any), decoded))
		require.NoError(t, err)
		require.JSONEq(t, string(wanted), got.documents()[0], projection)
	})
}

// FuzzUpdate sends any text as an update and compares with the reference.
func FuzzUpdate(f *testing.F) {
	for _, seed := range []string{
		`{"$set":{"n":2,"o.x.y":[1]}}`, `{"$unset":{"o.p":"","s":1}}`, `{"$inc":{"n":0.5,"z":1}}`,
		`{"$mul":{"n":-3,"z":2}}`,
		`{"$min":{"n":0,"z":"a"},"$max":{"o.p":7}}`, `{"$push":{"l":4,"k":1}}`, `{"$addToSet":{"l":2,"m":5}}`,
		`{"$push":{"l":{"$each":[7,8],"$position":1}}}`, `{"$pop":{"l":-1,"m":1}}`, `{"$rename":{"n":"o.n"}}`,
		`{"$set":{"l.5":1}}`, `{"$set":{"m.0.k":{"z":1}}}`, `{"$setOnInsert":{"n":1}}`,
		`{"$addToSet":{"l":{"$each":[1,9]}}}`,
	} {
		f.Add(seed)
	}
	c := openVec(f)
	f.Fuzz(func(t *testing.T, update string) {
		c.t = t
		c.must("c", `{"findOneAndReplace":{"filter":{"_id":"a"},"replacement":`+fuzzDocument+`,"options":{"upsert":true}}}`)
		got := c.send("c", `{"findOneAndUpdate":{"filter":{"_id":"a"},"update":`+update+
			`,"options":{"returnDocument":"after"}}}`)
		if len(got.Errors) > 0 || !json.Valid([]byte(update)) || strings.Contains(update, "$vector") {
			return
		}
		decoded, err := decodeAny(update)
		require.NoError(t, err)
		document, err := decodeAny(fuzzDocument)
		require.NoError(t, err)
		changed, err := refUpdate(document, decoded)
		if errors.Is(err, errBeyond) {
			return
		}
		require.NoError(t, err)
		same, err := refSameTree(changed, got.Data["document"])
		if errors.Is(err, errBeyond) {
			return
		}
		require.NoError(t, err)
		require.True(t, same, "%s: got %v, the reference makes %v", update, got.Data["document"], changed)
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
		`{"findAndRerank":{"sort":{"$hybrid":{"$vector":[1,0],"$lexical":"x"}}}}`,
		`{"find":{"sort":{"$lexical":"x y"}}}`,
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
