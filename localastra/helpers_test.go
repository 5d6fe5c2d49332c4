package localastra_test

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// caller sends commands to a server without a socket.
type caller struct {
	t      testing.TB
	server *localastra.Server
}

// answer is a decoded response.
type answer struct {
	Data   map[string]any   `json:"data"`
	Status map[string]any   `json:"status"`
	Errors []map[string]any `json:"errors"`
	text   string
}

// codes lists the error codes.
func (a answer) codes() []string {
	codes := []string{}
	for _, e := range a.Errors {
		codes = append(codes, e["errorCode"].(string))
	}
	return codes
}

// documents returns the documents as compact JSON texts.
func (a answer) documents() []string {
	list, _ := a.Data["documents"].([]any)
	texts := make([]string, len(list))
	for i, d := range list {
		text, _ := json.Marshal(d)
		texts[i] = string(text)
	}
	return texts
}

// ids returns the _id of each document.
func (a answer) ids() []any {
	list, _ := a.Data["documents"].([]any)
	ids := make([]any, len(list))
	for i, d := range list {
		ids[i] = d.(map[string]any)["_id"]
	}
	return ids
}

func open(t testing.TB, o localastra.Options) caller {
	t.Helper()
	server, err := localastra.Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return caller{t, server}
}

// openVec opens a memory server with a collection c of dimension 2.
func openVec(t testing.TB) caller {
	t.Helper()
	c := open(t, localastra.Options{Memory: true})
	c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":2},"indexing":{"deny":["text"]}}}}`)
	return c
}

// send posts a body to a path below the default keyspace.
func (c caller) send(collection, body string) answer {
	c.t.Helper()
	return c.post("/"+localastra.DefaultKeyspace+"/"+collection, body)
}

// post sends a body to a path below the base.
func (c caller) post(path, body string) answer {
	c.t.Helper()
	request, err := http.NewRequest(http.MethodPost, "http://local/v1"+path, strings.NewReader(body))
	require.NoError(c.t, err)
	response, err := c.server.Transport().RoundTrip(request)
	require.NoError(c.t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(c.t, err)
	a := answer{text: string(text)}
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	require.NoError(c.t, decoder.Decode(&a), a.text)
	return a
}

// must is send for commands that cannot fail.
func (c caller) must(collection, body string) answer {
	c.t.Helper()
	a := c.send(collection, body)
	require.Empty(c.t, a.Errors, a.text)
	return a
}

// insert inserts documents given as JSON texts.
func (c caller) insert(documents ...string) answer {
	c.t.Helper()
	return c.must("c", `{"insertMany":{"documents":[`+strings.Join(documents, ",")+`]}}`)
}

// binaryVector is {"$binary": ...} of a vector that depends on seed.
func binaryVector(dimension, seed int) string {
	raw := make([]byte, 0, 4*dimension)
	for i := range dimension {
		raw = binary.BigEndian.AppendUint32(raw, math.Float32bits(float32(math.Sin(float64(seed+i*i)))))
	}
	return fmt.Sprintf(`{"$binary":%q}`, base64.StdEncoding.EncodeToString(raw))
}

// general sends a command that cannot fail to the base path.
func (c caller) general(body string) answer {
	c.t.Helper()
	a := c.post("", body)
	require.Empty(c.t, a.Errors, a.text)
	return a
}

// compact is a decoded value as JSON.
func compact(t testing.TB, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}
