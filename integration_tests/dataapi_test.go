package integration_tests

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// dataAPI is a Data API on a socket, for the binary to write to.
type dataAPI struct {
	*localastra.Server
	url   string
	token string
}

// newDataAPI serves an empty database, in memory unless o says otherwise.
func newDataAPI(t *testing.T, o localastra.Options) *dataAPI {
	t.Helper()
	o.Memory = o.Dir == ""
	server, err := localastra.Open(o)
	require.NoError(t, err)
	listener := httptest.NewServer(server)
	t.Cleanup(func() {
		listener.Close()
		require.NoError(t, server.Close())
	})
	return &dataAPI{Server: server, url: listener.URL, token: o.Token}
}

// answer is what the Data API replies to any command.
type answer struct {
	Status json.RawMessage
	Data   struct {
		Documents     []json.RawMessage
		NextPageState *string
	}
	Errors []struct{ ErrorCode, Message string }
}

// command asks the Data API and requires an answer without errors.
func command(t *testing.T, client *http.Client, url, token string, body any) answer {
	t.Helper()
	text := toJSON(t, body)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(text))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Token", token)
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	reply, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var a answer
	require.NoError(t, json.Unmarshal(reply, &a), "%s", reply)
	require.Empty(t, a.Errors, "%s", text)
	return a
}

// command sends one to the keyspace, or to a collection of it when path names one.
func (d *dataAPI) command(t *testing.T, path string, body any) answer {
	t.Helper()
	url := d.url + "/v1/default_keyspace"
	if path != "" {
		url += "/" + path
	}
	return command(t, http.DefaultClient, url, d.token, body)
}

// collections are the names of the collections that exist.
func (d *dataAPI) collections(t *testing.T) []string {
	t.Helper()
	var status struct{ Collections []string }
	a := d.command(t, "", map[string]any{"findCollections": map[string]any{}})
	require.NoError(t, json.Unmarshal(a.Status, &status))
	return status.Collections
}

// createCollection makes the tests' collection with the given options.
func (d *dataAPI) createCollection(t *testing.T, options any) {
	t.Helper()
	d.command(t, "", map[string]any{"createCollection": map[string]any{"name": collection, "options": options}})
}

// documents are all documents of the tests' collection; none when there is no collection.
func (d *dataAPI) documents(t *testing.T) []document {
	t.Helper()
	if !slices.Contains(d.collections(t), collection) {
		return nil
	}
	return findAll(t, http.DefaultClient, d.url+"/v1/default_keyspace/"+collection, d.token)
}

// storedIn are all documents of a folder that no process holds.
func storedIn(t *testing.T, dir string) []document {
	t.Helper()
	server, err := localastra.Open(localastra.Options{Dir: dir})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	client := &http.Client{Transport: server.Transport()}
	return findAll(t, client, "http://local/v1/default_keyspace/"+collection, "any")
}

// findAll reads page by page. The projection leaves the vectors out.
func findAll(t *testing.T, client *http.Client, url, token string) []document {
	t.Helper()
	var all []document
	state := ""
	for {
		find := map[string]any{"projection": map[string]any{"$vector": 0}}
		if state != "" {
			find["options"] = map[string]any{"pageState": state}
		}
		a := command(t, client, url, token, map[string]any{"find": find})
		for _, raw := range a.Data.Documents {
			all = append(all, decodeDocument(t, raw))
		}
		if a.Data.NextPageState == nil {
			return all
		}
		state = *a.Data.NextPageState
	}
}

// document is a stored one; its numbers are json.Number.
type document map[string]any

func decodeDocument(t *testing.T, raw []byte) document {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var d document
	require.NoError(t, decoder.Decode(&d), "%s", raw)
	return d
}

func (d document) text(name string) string {
	text, _ := d[name].(string)
	return text
}

// texts are the named field of each document, sorted.
func texts(documents []document, field string) []string {
	all := make([]string, len(documents))
	for i, d := range documents {
		all[i] = d.text(field)
	}
	slices.Sort(all)
	return all
}

// content are the documents in a canonical form, sorted, without the named fields:
// equal for equal multisets of documents, numbers compared by value.
func content(t *testing.T, documents []document, without func(name string) bool) []string {
	t.Helper()
	all := make([]string, len(documents))
	for i, d := range documents {
		kept := map[string]any{}
		for name, value := range d {
			if !without(name) {
				kept[name] = byValue(t, value)
			}
		}
		all[i] = toJSON(t, kept)
	}
	slices.Sort(all)
	return all
}

// everything is for content: all fields count.
func everything(string) bool { return false }

// byValue writes each number in its shortest exact form.
func byValue(t *testing.T, value any) any {
	t.Helper()
	switch v := value.(type) {
	case json.Number:
		exact, ok := new(big.Rat).SetString(v.String())
		require.True(t, ok, v)
		return fmt.Sprintf("number %s", exact.RatString())
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = byValue(t, v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name := range v {
			out[name] = byValue(t, v[name])
		}
		return out
	default:
		return value
	}
}

// recordRequests notes the order in which the commands come; the function it
// returns tells it.
func recordRequests(d *dataAPI, commands ...string) func() []string {
	var mu sync.Mutex
	var order []string
	for _, name := range commands {
		d.KeepControl(name, func(*http.Request, []byte) (bool, int, []byte) {
			mu.Lock()
			defer mu.Unlock()
			order = append(order, name)
			return false, 0, nil
		})
	}
	return func() []string {
		mu.Lock()
		defer mu.Unlock()
		return slices.Clone(order)
	}
}

// answering takes over requests with the same reply.
func answering(status int, reply string) localastra.ControlFunc {
	return func(*http.Request, []byte) (bool, int, []byte) { return true, status, []byte(reply) }
}
