package astra_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
)

// FuzzDecodeResponse feeds arbitrary answers to commands that read every part of one.
// Whatever comes, each document has a fate, and errors carry no token.
func FuzzDecodeResponse(f *testing.F) {
	f.Add(200, `{"status":{"documentResponses":[{"_id":"a","status":"OK"},`+
		`{"_id":"b","status":"ERROR","errorsIdx":0}]},"errors":[{"errorCode":"X"}]}`)
	f.Add(200, `{"status":{"documentResponses":[{"_id":"a","status":"ERROR","errorsIdx":-1}]}}`)
	f.Add(401, `{"status":{"insertedIds":[]},"errors":[{"scope":"SECURITY","documentIds":["a",5]}]}`)
	f.Add(200, `{"data":{"documents":[{"a":1}],"nextPageState":"p"},`+
		`"status":{"moreData":true,"matchedCount":1,"nextPageState":"q"}}`)
	f.Add(200, `{"errors":[]}`)        // an empty list is no error
	f.Add(200, `<html>sign in</html>`) // a captive portal
	f.Add(404, ``)                     // an unknown path
	f.Add(503, ``)                     // a hibernated database
	f.Add(200, `{"status":{"deletedCount":-1}}`)
	f.Fuzz(func(t *testing.T, status int, body string) {
		collection := articles(t, script(answer(status, body)), func(o *astra.Options) {
			o.Retry.MaxAttempts = 1
		})
		result, err := collection.InsertMany(t.Context(), notes("a", "b"))
		if err != nil {
			var batch *astra.BatchError
			require.ErrorAs(t, err, &batch)
			require.NotNil(t, batch.Err)
			require.Len(t, batch.Documents, 2)
			stored := 0
			for _, d := range batch.Documents {
				require.Equal(t, d.Fate.Stored(), d.Err == nil)
				if d.Fate.Stored() {
					stored++
				}
			}
			require.Equal(t, len(result.Inserted)+len(result.Existing), stored)
		} else {
			require.Equal(t, 2, len(result.Inserted)+len(result.Existing))
		}
		page, err := find(t.Context(), collection)
		if err == nil {
			require.NotNil(t, page.Documents)
			for _, d := range page.Documents {
				require.True(t, json.Valid(d))
			}
		}
		_, err = collection.UpdateMany(t.Context(), fields{"a": 1}, fields{"$set": fields{"a": 2}})
		if err != nil {
			require.NotEmpty(t, err.Error())
		}
	})
}
