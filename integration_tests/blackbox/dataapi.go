package blackbox

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

// DataAPI is a Data API on a socket, for the binary to write to.
type DataAPI struct {
	*localastra.Server
	URL   string
	token string
}

// NewDataAPI serves an empty database, in memory unless o says otherwise.
func NewDataAPI(t *testing.T, o localastra.Options) *DataAPI {
	t.Helper()
	o.Memory = o.Dir == ""
	server, err := localastra.Open(o)
	require.NoError(t, err)
	listener := httptest.NewServer(server)
	t.Cleanup(func() {
		listener.Close()
		require.NoError(t, server.Close())
	})
	return &DataAPI{Server: server, URL: listener.URL, token: o.Token}
}

// Answer is what the Data API replies to any command.
type Answer struct {
	Status json.RawMessage
	Data   struct {
		Documents     []json.RawMessage
		NextPageState *string
	}
	Errors []struct{ ErrorCode, Message string }
}

// Command asks the Data API and requires an answer without errors.
func Command(t *testing.T, client *http.Client, url, token string, body any) Answer {
	t.Helper()
	text := ToJSON(t, body)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(text))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Token", token)
	res, err := client.Do(req)
	require.NoError(t, err)
	defer res.Body.Close()
	reply, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	var a Answer
	require.NoError(t, json.Unmarshal(reply, &a), "%s", reply)
	require.Empty(t, a.Errors, "%s", text)
	return a
}

// Command sends one to the keyspace, or to a collection of it when path names one.
func (d *DataAPI) Command(t *testing.T, path string, body any) Answer {
	t.Helper()
	url := d.URL + "/v1/default_keyspace"
	if path != "" {
		url += "/" + path
	}
	return Command(t, http.DefaultClient, url, d.token, body)
}

// Collections are the names of the collections that exist.
func (d *DataAPI) Collections(t *testing.T) []string {
	t.Helper()
	var status struct{ Collections []string }
	a := d.Command(t, "", map[string]any{"findCollections": map[string]any{}})
	require.NoError(t, json.Unmarshal(a.Status, &status))
	return status.Collections
}

// CreateCollection makes the tests' collection with the given options.
func (d *DataAPI) CreateCollection(t *testing.T, options any) {
	t.Helper()
	d.Command(t, "", map[string]any{"createCollection": map[string]any{"name": Collection, "options": options}})
}

// Stored are all documents of the tests' collection; none when there is no collection.
func (d *DataAPI) Stored(t *testing.T) []Document {
	t.Helper()
	if !slices.Contains(d.Collections(t), Collection) {
		return nil
	}
	return FindAll(t, http.DefaultClient, d.URL+"/v1/default_keyspace/"+Collection, d.token)
}

// StoredIn are all documents of a folder that no process holds.
func StoredIn(t *testing.T, dir string) []Document {
	t.Helper()
	server, err := localastra.Open(localastra.Options{Dir: dir})
	require.NoError(t, err)
	defer func() { require.NoError(t, server.Close()) }()
	client := &http.Client{Transport: server.Transport()}
	return FindAll(t, client, "http://local/v1/default_keyspace/"+Collection, "any")
}

// FindAll reads page by page, and passes over the marks that say who writes (ADR 0017).
// The projection leaves the vectors out.
func FindAll(t *testing.T, client *http.Client, url, token string) []Document {
	t.Helper()
	var all []Document
	state := ""
	for {
		find := map[string]any{"projection": map[string]any{"$vector": 0}}
		if state != "" {
			find["options"] = map[string]any{"pageState": state}
		}
		a := Command(t, client, url, token, map[string]any{"find": find})
		for _, raw := range a.Data.Documents {
			if d := DecodeDocument(t, raw); !strings.HasPrefix(d.Text("_id"), "_ab_sync:") {
				all = append(all, d)
			}
		}
		if a.Data.NextPageState == nil {
			return all
		}
		state = *a.Data.NextPageState
	}
}

// Document is a stored one; its numbers are json.Number.
type Document map[string]any

// DecodeDocument reads a document of an answer.
func DecodeDocument(t *testing.T, raw []byte) Document {
	t.Helper()
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	var d Document
	require.NoError(t, decoder.Decode(&d), "%s", raw)
	return d
}

// Text is a field that holds a string; "" when it does not.
func (d Document) Text(name string) string {
	text, _ := d[name].(string)
	return text
}

// Texts are the named field of each document, sorted.
func Texts(documents []Document, field string) []string {
	all := make([]string, len(documents))
	for i, d := range documents {
		all[i] = d.Text(field)
	}
	slices.Sort(all)
	return all
}

// Content are the documents in a canonical form, sorted, without the named fields:
// equal for equal multisets of documents, numbers compared by value.
func Content(t *testing.T, documents []Document, without func(name string) bool) []string {
	t.Helper()
	all := make([]string, len(documents))
	for i, d := range documents {
		kept := map[string]any{}
		for name, value := range d {
			if !without(name) {
				kept[name] = ByValue(t, value)
			}
		}
		all[i] = ToJSON(t, kept)
	}
	slices.Sort(all)
	return all
}

// Everything is for content: all fields count.
func Everything(string) bool { return false }

// ByValue writes each number in its shortest exact form.
func ByValue(t *testing.T, value any) any {
	t.Helper()
	switch v := value.(type) {
	case json.Number:
		exact, ok := new(big.Rat).SetString(v.String())
		require.True(t, ok, v)
		return fmt.Sprintf("number %s", exact.RatString())
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = ByValue(t, v[i])
		}
		return out
	case map[string]any:
		out := make(map[string]any, len(v))
		for name := range v {
			out[name] = ByValue(t, v[name])
		}
		return out
	default:
		return value
	}
}

// RecordRequests notes the order in which the commands come; the function it
// returns tells it.
func RecordRequests(d *DataAPI, commands ...string) func() []string {
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

// Answering takes over requests with the same reply.
func Answering(status int, reply string) localastra.ControlFunc {
	return func(*http.Request, []byte) (bool, int, []byte) { return true, status, []byte(reply) }
}

// Unique are the strings of all, sorted, each once.
func Unique(all []string) []string {
	all = slices.Clone(all)
	slices.Sort(all)
	return slices.Compact(all)
}

// Backends are the faces of the local server.
func Backends() []string { return []string{localastra.BackendAstra, localastra.BackendCassandra} }
