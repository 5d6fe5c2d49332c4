package connector_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

// storedDocument is a document as the collection holds it.
type storedDocument struct {
	ID         string          `json:"_id"`
	Vector     json.RawMessage `json:"$vector"`
	Text       string          `json:"text"`
	Stream     string          `json:"_ab_stream"`
	RecordID   string          `json:"_ab_record_id"`
	Generation *int64          `json:"_ab_generation_id"`
	Attempt    string          `json:"_ab_attempt"`
	Index      int             `json:"_ab_chunk_index"`
	TextHash   string          `json:"_ab_text_hash"`
	Embedder   string          `json:"_ab_embedder"`

	Key      any    `json:"id"` // what most tests use as primary key
	Metadata string `json:"-"`  // all fields whose names are not ours, as JSON
}

// command sends a command to the collection, past the client under test.
func (w *world) command(text string) map[string]json.RawMessage {
	w.t.Helper()
	reply, err := w.post(text)
	require.NoError(w.t, err)
	require.NotContains(w.t, reply, "errors", "%s: %s", text, reply["errors"])
	return reply
}

func (w *world) post(text string) (map[string]json.RawMessage, error) {
	const url = "http://localhost/v1/default_keyspace/c"
	request, err := http.NewRequest(http.MethodPost, url, strings.NewReader(text))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := w.server.Transport().RoundTrip(request)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	var reply map[string]json.RawMessage
	return reply, json.Unmarshal(body, &reply)
}

// documents returns all documents by stream, text and chunk, after a look at
// what holds of each of them.
func (w *world) documents() []storedDocument {
	w.t.Helper()
	all, err := w.dump()
	require.NoError(w.t, err)
	return all
}

func (w *world) dump() ([]storedDocument, error) {
	var all []storedDocument
	for page := "null"; ; {
		reply, err := w.post(`{"find":{"filter":{},"projection":{"*":1},"options":{"pageState":` + page + `}}}`)
		if err != nil {
			return nil, err
		}
		if reply["errors"] != nil {
			if bytes.Contains(reply["errors"], []byte(astra.CodeUnknownCollection)) {
				return nil, nil
			}
			return nil, fmt.Errorf("find: %s", reply["errors"])
		}
		var data struct {
			Documents     []json.RawMessage
			NextPageState json.RawMessage
		}
		if err := json.Unmarshal(reply["data"], &data); err != nil {
			return nil, err
		}
		for _, raw := range data.Documents {
			d, err := decodeDocument(raw)
			if err != nil {
				return nil, err
			}
			if strings.HasPrefix(d.ID, "_ab_sync:") {
				continue // the mark of a sync that runs
			}
			all = append(all, d)
		}
		if page = string(data.NextPageState); page == "" || page == "null" {
			break
		}
	}
	slices.SortFunc(all, func(a, b storedDocument) int {
		return strings.Compare(a.order(), b.order())
	})
	return all, nil
}

func (d storedDocument) order() string {
	return fmt.Sprintf("%s\x00%s\x00%s\x00%09d\x00%s", d.Stream, d.Metadata, d.Text, d.Index, d.ID)
}

// decodeDocument reads a document, and makes sure that the vector of one of
// ours is the one of its text.
func decodeDocument(raw json.RawMessage) (storedDocument, error) {
	var d storedDocument
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, err
	}
	var fields map[string]json.RawMessage
	if err := json.Unmarshal(raw, &fields); err != nil {
		return d, err
	}
	for name := range fields {
		if name == "_id" || name == "$vector" || name == "text" || strings.HasPrefix(name, "_ab_") {
			delete(fields, name)
		}
	}
	metadata, err := json.Marshal(fields)
	if err != nil {
		return d, err
	}
	d.Metadata = string(metadata)
	if d.Embedder == "" || d.Text == "" {
		return d, nil
	}
	vector, err := astra.VectorFrom(d.Vector)
	if err == nil && !slices.Equal(vector, vectorOf(d.Text)) {
		err = fmt.Errorf("document %s has another text's vector", raw)
	}
	return d, err
}

func vectorOf(text string) embed.Vector { return embedtest.Vectors([]string{text}, dimensions)[0] }

// summary of a collection: what each document says, in the order of documents.
func (w *world) texts() []string {
	w.t.Helper()
	texts := []string{}
	for _, d := range w.documents() {
		texts = append(texts, strings.TrimPrefix(d.Text, "text: "))
	}
	slices.Sort(texts)
	return texts
}

// foreign stores a document as the Python connector does: under a UUID and
// without our fields.
func (w *world) foreign(id, stream, recordID, text string) {
	w.t.Helper()
	document, err := json.Marshal(map[string]any{
		"_id": id, "$vector": vectorOf(text), "text": text, "_ab_stream": stream, "_ab_record_id": recordID,
	})
	require.NoError(w.t, err)
	w.command(`{"insertOne":{"document":` + string(document) + `}}`)
}
