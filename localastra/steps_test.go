package localastra_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// step is one command and its whole answer, in which each error is its code alone.
type step struct {
	at   string // path below the base: keyspace, or keyspace/collection
	send string
	want string
}

const (
	keyspace  = localastra.DefaultKeyspace
	documents = keyspace + "/c"
	okAnswer  = `{"status":{"ok":1}}`
)

// refused is the answer that consists of one error.
func refused(code string) string { return `{"errors":["` + code + `"]}` }

// playSteps sends the steps over HTTP to a fresh server, one after the other.
func playSteps(t *testing.T, o localastra.Options, steps []step) {
	t.Helper()
	web := httptest.NewServer(open(t, o).server)
	defer web.Close()
	for i, s := range steps {
		got := post(t, web.URL+"/v1/"+s.at, s.send)
		require.JSONEq(t, s.want, brief(t, got), "step %d: %s: %s", i, s.send, got)
	}
}

func post(t testing.TB, url, body string) []byte {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Token", "any")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return text
}

// brief reduces errors and warnings to their codes.
func brief(t testing.TB, text []byte) string {
	t.Helper()
	var answer map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&answer), string(text))
	codes := func(in map[string]any, key string) {
		list, has := in[key].([]any)
		if !has {
			return
		}
		for i := range list {
			list[i] = list[i].(map[string]any)["errorCode"]
		}
	}
	codes(answer, "errors")
	if status, has := answer["status"].(map[string]any); has {
		codes(status, "warnings")
	}
	short, err := json.Marshal(answer)
	require.NoError(t, err)
	return string(short)
}

// withDocuments starts with a collection c of two dimensions and three documents.
func withDocuments(more ...step) []step {
	return append([]step{
		{keyspace, `{"createCollection":{"name":"c","options":{"vector":{"dimension":2,"metric":"dot_product"}}}}`, okAnswer},
		{documents, `{"insertMany":{"documents":[{"_id":"a","n":1,"l":[1,2,3,4],"$vector":[1,0]},
			{"_id":"b","n":2,"o":{"p":1,"q":{"r":2}},"$vector":[0,1]},{"_id":"c","n":3}]}}`,
			`{"status":{"insertedIds":["a","b","c"]}}`},
	}, more...)
}
