package localastra_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

func TestInsertManyPartialFailure(t *testing.T) {
	const documents = `[{"_id":"new"},{"_id":"old"},{"_id":"bad","$x":1},{"_id":"last"}]`
	tests := map[string]struct {
		options string
		status  string
		codes   []string
	}{
		"unordered": {`{}`, `{"insertedIds":["new","last"]}`,
			[]string{"DOCUMENT_ALREADY_EXISTS", "SHRED_BAD_FIELD_NAME"}},
		"ordered stops": {`{"ordered":true}`, `{"insertedIds":["new"]}`, []string{"DOCUMENT_ALREADY_EXISTS"}},
		"responses": {`{"returnDocumentResponses":true}`, `{"documentResponses":[{"_id":"new","status":"OK"},
			{"_id":"old","status":"ERROR","errorsIdx":0},{"_id":"bad","status":"ERROR","errorsIdx":1},
			{"_id":"last","status":"OK"}]}`, []string{"DOCUMENT_ALREADY_EXISTS", "SHRED_BAD_FIELD_NAME"}},
		"ordered responses": {`{"ordered":true,"returnDocumentResponses":true}`, `{"documentResponses":[
			{"_id":"new","status":"OK"},{"_id":"old","status":"ERROR","errorsIdx":0},
			{"_id":"bad","status":"SKIPPED"},{"_id":"last","status":"SKIPPED"}]}`,
			[]string{"DOCUMENT_ALREADY_EXISTS"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := openVec(t)
			c.insert(`{"_id":"old"}`)
			got := c.send("c", `{"insertMany":{"documents":`+documents+`,"options":`+test.options+`}}`)
			require.Equal(t, test.codes, got.codes())
			status, err := json.Marshal(got.Status)
			require.NoError(t, err)
			require.JSONEq(t, test.status, string(status))
		})
	}
}

// TestDocumentChecks covers what the captures do not.
func TestDocumentChecks(t *testing.T) {
	long := strings.Repeat("x", 8001)
	tests := map[string]struct{ document, code string }{
		"long string, not indexed": {`{"text":"` + long + `"}`, ""},
		"long string":              {`{"s":"` + long + `"}`, "SHRED_DOC_LIMIT_VIOLATION"},
		"long string in an array":  {`{"s":["` + long + `"]}`, "SHRED_DOC_LIMIT_VIOLATION"},
		"vector true":              {`{"$vector":true}`, "SHRED_BAD_DOCUMENT_VECTOR_TYPE"},
		"similarity":               {`{"$similarity":1}`, "SHRED_BAD_FIELD_NAME"},
		"bad uuid":                 {`{"u":{"$uuid":"x"}}`, "SHRED_BAD_EJSON_VALUE"},
		"half surrogate":           {`{"s":"\udc00"}`, "UNEXPECTED_DRIVER_ERROR"},
		"half surrogate in a name": {`{"\ud800x":1}`, "UNEXPECTED_DRIVER_ERROR"},
		"whole surrogate pair":     {`{"s":"\ud83d\ude00"}`, ""},
	}
	c := openVec(t)
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			got := c.send("c", `{"insertOne":{"document":`+test.document+`}}`)
			if test.code == "" {
				require.Empty(t, got.codes(), got.text)
				return
			}
			require.Equal(t, []string{test.code}, got.codes(), got.text)
		})
	}
}

func TestNumbersComeBackNormalised(t *testing.T) {
	tests := map[string]string{
		"1.0": "1", "1": "1", "-0": "0", "-0.0": "0", "0.10": "0.1", "1E5": "1E+5", "123.4500": "123.45",
		"12345678901234567890123": "12345678901234567890123", "1e20": "1E+20", "100000000000000000000.0": "1E+20",
		"1e-7": "1E-7", "0.000001": "0.000001", "1.5e300": "1.5E+300", "1e400": "1E+400", "-2.50e-3": "-0.0025",
	}
	c := openVec(t)
	for sent, want := range tests {
		t.Run(sent, func(t *testing.T) {
			c.must("c", `{"insertOne":{"document":{"_id":"`+sent+`","n":`+sent+`}}}`)
			got := c.must("c", `{"findOne":{"filter":{"_id":"`+sent+`"}}}`)
			require.Contains(t, got.text, `"n":`+want+`}`)
			require.Len(t, c.must("c", `{"find":{"filter":{"n":`+want+`,"_id":"`+sent+`"}}}`).ids(), 1)
		})
	}
}

func TestUpdateOperators(t *testing.T) {
	tests := map[string]struct{ update, want string }{
		"set nested":   {`{"$set":{"o.x.y":1}}`, `{"_id":"a","n":1,"l":[1,2],"o":{"p":1,"x":{"y":1}}}`},
		"set in array": {`{"$set":{"l.1":9}}`, `{"_id":"a","n":1,"l":[1,9],"o":{"p":1}}`},
		"unset":        {`{"$unset":{"o.p":""}}`, `{"_id":"a","n":1,"l":[1,2],"o":{}}`},
		"inc":          {`{"$inc":{"n":0.1,"new":-2}}`, `{"_id":"a","n":1.1,"l":[1,2],"o":{"p":1},"new":-2}`},
		"mul":          {`{"$mul":{"n":2.5,"new":3}}`, `{"_id":"a","n":2.5,"l":[1,2],"o":{"p":1},"new":0}`},
		"min and max":  {`{"$min":{"n":0},"$max":{"o.p":0}}`, `{"_id":"a","n":0,"l":[1,2],"o":{"p":1}}`},
		"rename":       {`{"$rename":{"n":"m"}}`, `{"_id":"a","m":1,"l":[1,2],"o":{"p":1}}`},
		"push":         {`{"$push":{"l":3,"k":1}}`, `{"_id":"a","n":1,"l":[1,2,3],"o":{"p":1},"k":[1]}`},
		"push each": {`{"$push":{"l":{"$each":[8,9],"$position":0}}}`,
			`{"_id":"a","n":1,"l":[8,9,1,2],"o":{"p":1}}`},
		"add to set":    {`{"$addToSet":{"l":2}}`, `{"_id":"a","n":1,"l":[1,2],"o":{"p":1}}`},
		"pop":           {`{"$pop":{"l":1}}`, `{"_id":"a","n":1,"l":[1],"o":{"p":1}}`},
		"pop first":     {`{"$pop":{"l":-1}}`, `{"_id":"a","n":1,"l":[2],"o":{"p":1}}`},
		"set on insert": {`{"$setOnInsert":{"n":5}}`, `{"_id":"a","n":1,"l":[1,2],"o":{"p":1}}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := openVec(t)
			c.insert(`{"_id":"a","n":1,"l":[1,2],"o":{"p":1}}`)
			got := c.must("c", `{"findOneAndUpdate":{"filter":{"_id":"a"},"update":`+test.update+
				`,"options":{"returnDocument":"after"}}}`)
			text, err := json.Marshal(got.Data["document"])
			require.NoError(t, err)
			require.JSONEq(t, test.want, string(text))
		})
	}
}

// TestUpdateManyPages raises a field on 120 documents: by filter in pages of 50 and, as
// the diff does, by _id.
func TestUpdateManyPages(t *testing.T) {
	c := openVec(t)
	ids := insertNumbered(c, 120)
	state, matched := "null", 0
	for state != "" {
		got := c.must("c", `{"updateMany":{"filter":{"g":1},"update":{"$set":{"h":2}},"options":{"pageState":`+state+`}}}`)
		n, err := got.Status["matchedCount"].(json.Number).Int64()
		require.NoError(t, err)
		matched += int(n)
		state = ""
		if next, more := got.Status["nextPageState"].(string); more {
			require.Equal(t, true, got.Status["moreData"])
			state = fmt.Sprintf("%q", next)
		}
	}
	require.Equal(t, 120, matched)
	got := c.must("c", `{"updateMany":{"filter":{"_id":{"$in":["`+strings.Join(ids[:100], `","`)+
		`"]}},"update":{"$set":{"g":2}}}}`)
	require.Equal(t, json.Number("100"), got.Status["modifiedCount"])
	require.NotContains(t, got.Status, "moreData")
	require.Len(t, c.must("c", `{"find":{"filter":{"g":{"$lt":2}}}}`).ids(), 20)
}

// insertNumbered inserts n documents {"_id": "0007", "g": 1, "h": 1}.
func insertNumbered(c caller, n int) []string {
	var ids, documents []string
	for i := range n {
		ids = append(ids, fmt.Sprintf("%04d", i))
		documents = append(documents, fmt.Sprintf(`{"_id":"%04d","g":1,"h":1}`, i))
		if len(documents) == 100 || i == n-1 {
			c.insert(documents...)
			documents = nil
		}
	}
	return ids
}

func TestDeleteMany(t *testing.T) {
	c := openVec(t)
	insertNumbered(c, 45)
	var counts []any
	for more := any(true); more == true; {
		got := c.must("c", `{"deleteMany":{"filter":{"g":{"$lte":1}}}}`)
		counts = append(counts, got.Status["deletedCount"])
		more = got.Status["moreData"]
	}
	require.Equal(t, []any{json.Number("20"), json.Number("20"), json.Number("5")}, counts)
	insertNumbered(c, 3)
	require.Equal(t, json.Number("-1"), c.must("c", `{"deleteMany":{"filter":{}}}`).Status["deletedCount"])
	require.Equal(t, json.Number("0"), c.must("c", `{"countDocuments":{}}`).Status["count"])
	require.EqualValues(t, 45, c.server.Documents("deleteMany"), "a truncation is not counted")
}

// TestConcurrentInserts checks that batches which share a transaction keep apart: each
// _id is stored by exactly one of its writers.
func TestConcurrentInserts(t *testing.T) {
	c := open(t, localastra.Options{Dir: t.TempDir()})
	c.must("", `{"createCollection":{"name":"c"}}`)
	const writers, documents = 8, 20
	stored := make([]int, writers)
	var group errgroup.Group
	for w := range writers {
		group.Go(func() error {
			for i := range documents {
				got := c.send("c", fmt.Sprintf(`{"insertOne":{"document":{"_id":%d,"by":%d}}}`, i, w))
				stored[w] += len(got.Status["insertedIds"].([]any))
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
	total := 0
	for _, n := range stored {
		total += n
	}
	require.Equal(t, documents, total)
	require.EqualValues(t, writers*documents, c.server.Requests("insertOne"))
	require.EqualValues(t, documents, c.server.Documents("insertOne"))
}

func TestUpsert(t *testing.T) {
	c := openVec(t)
	got := c.must("c", `{"updateOne":{"filter":{"_id":"u","k":"v"},"update":{"$set":{"n":1},"$setOnInsert":{"m":2}},
		"options":{"upsert":true}}}`)
	require.Equal(t, "u", got.Status["upsertedId"])
	require.JSONEq(t, `{"_id":"u","k":"v","n":1,"m":2}`, c.must("c", `{"find":{}}`).documents()[0])
	require.Equal(t, []string{"DOCUMENT_ALREADY_EXISTS"}, c.send("c", `{"updateOne":{"filter":{"_id":"u","k":"w"},
		"update":{"$set":{"n":1}},"options":{"upsert":true}}}`).codes())
}
