package astra_test

import (
	"bufio"
	"compress/gzip"
	"context"
	"encoding/json"
	"net/http"
	"os"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
	"destination-astra/internal/retry"
)

// capture is one answer of a Data API v1.0.51 on Cassandra 5.0 to the command named.
type capture struct {
	Name     string            `json:"name"`
	Method   string            `json:"method"`
	Command  string            `json:"command"`
	IDs      []json.RawMessage `json:"ids"`
	Status   int               `json:"status"`
	Response json.RawMessage   `json:"response"`
}

func loadCaptures(t testing.TB) []capture {
	t.Helper()
	file, err := os.Open("testdata/captures.jsonl.gz")
	require.NoError(t, err)
	defer file.Close()
	unzipped, err := gzip.NewReader(file)
	require.NoError(t, err)
	var all []capture
	lines := bufio.NewScanner(unzipped)
	lines.Buffer(nil, 8<<20)
	for lines.Scan() {
		var c capture
		require.NoError(t, json.Unmarshal(lines.Bytes(), &c))
		all = append(all, c)
	}
	require.NoError(t, lines.Err())
	return all
}

// body is the answer's text: a JSON string stands for an answer that is not JSON.
func (c capture) body() string {
	var text string
	if json.Unmarshal(c.Response, &text) == nil {
		return text
	}
	return string(c.Response)
}

type capturedError struct {
	ID, Family, Scope, ErrorCode, Title, Message string
	DocumentIDs                                  []json.RawMessage `json:"documentIds"`
}

// rawDocument has the id of a captured request, whatever its type.
type rawDocument struct{ id json.RawMessage }

func (d rawDocument) ID() string {
	var s string
	if json.Unmarshal(d.id, &s) == nil {
		return s
	}
	return string(d.id)
}
func (d rawDocument) AppendJSON(dst []byte) []byte { return append(dst, "{}"...) }

// run sends the client's command of the capture's name; a command that this client does
// not have is read through deleteCollection, whose answer has the same envelope.
func run(ctx context.Context, client *astra.Client, c capture) error {
	database := client.Database("lab")
	collection := database.Collection("vec8")
	filter := map[string]string{"a": "b"}
	var err error
	switch c.Command {
	case "find":
		_, err = find(ctx, collection)
	case "deleteMany":
		_, err = collection.DeleteMany(ctx, filter)
	case "updateMany":
		_, err = collection.UpdateMany(ctx, filter, map[string]any{"$set": filter})
	case "countDocuments":
		_, _, err = collection.CountDocuments(ctx, nil)
	case "createCollection":
		err = database.CreateCollection(ctx, "c", astra.CollectionOptions{})
	case "findKeyspaces":
		_, err = client.FindKeyspaces(ctx)
	case "findCollections":
		_, err = database.FindCollections(ctx)
	case "insertMany":
		docs := []astra.Document{note("a")}
		if len(c.IDs) > 0 {
			docs = nil
		}
		for _, id := range c.IDs {
			docs = append(docs, rawDocument{id})
		}
		_, err = collection.InsertMany(ctx, docs)
	default:
		err = database.DeleteCollection(ctx, "c")
	}
	return err
}

func TestEveryCapturedAnswerDecodes(t *testing.T) {
	once := func(o *astra.Options) { o.Retry = retry.Policy{MaxAttempts: 1} }
	seen := map[string]int{}
	for _, c := range loadCaptures(t) {
		t.Run(c.Name, func(t *testing.T) {
			// A deletion or update with moreData goes on: the second answer ends it.
			client := newClient(t, script(answer(c.Status, c.body()),
				reply(`{"status":{"deletedCount":0,"matchedCount":0}}`)), once)
			err := run(t.Context(), client, c)
			var want struct{ Errors []capturedError }
			_ = json.Unmarshal([]byte(c.body()), &want)
			seen[c.Command]++
			if len(want.Errors) > 0 {
				requireErrors(t, c, want.Errors, err)
				return
			}
			switch {
			case c.Status != http.StatusOK:
				e := asError(t, err)
				require.Equal(t, c.Status, e.HTTPStatus)
				require.False(t, e.Retryable())
			case c.Name == "accept text/html":
				require.ErrorIs(t, err, astra.ErrNotDataAPI)
			}
		})
	}
	require.Greater(t, seen["insertMany"], 40)
	require.Greater(t, seen["find"], 50)
}

// requireErrors finds each captured error, with all its fields, in what the client says.
func requireErrors(t *testing.T, c capture, want []capturedError, err error) {
	t.Helper()
	found := map[string]*astra.Error{}
	collect := func(e *astra.Error) {
		for _, one := range append([]*astra.Error{e}, e.Others...) {
			found[one.ID] = one
		}
	}
	var batch *astra.BatchError
	if c.Command == "insertMany" {
		if err == nil {
			// Every error was DOCUMENT_ALREADY_EXISTS: nothing is lost.
			for _, w := range want {
				require.Equal(t, astra.CodeDocumentAlreadyExists, w.ErrorCode)
			}
			return
		}
		require.ErrorAs(t, err, &batch)
		collect(asError(t, batch.Err))
		for _, d := range batch.Documents {
			if d.Err != nil {
				collect(asError(t, d.Err))
			}
		}
	} else {
		collect(asError(t, err))
	}
	for _, w := range want {
		got := found[w.ID]
		if got == nil && w.ErrorCode == astra.CodeDocumentAlreadyExists {
			continue // told by FateExisting
		}
		if got == nil && len(w.DocumentIDs) == 0 {
			continue // a document without an _id, which this client never sends
		}
		require.NotNil(t, got, "%s %s", w.ErrorCode, w.ID)
		require.Equal(t, w.Family, got.Family)
		require.Equal(t, w.Scope, got.Scope)
		require.Equal(t, w.ErrorCode, got.Code)
		require.Equal(t, w.Title, got.Title)
		require.Equal(t, w.Message, got.Message)
		require.Equal(t, c.Status, got.HTTPStatus)
		require.Len(t, got.DocumentIDs, len(w.DocumentIDs))
		if w.Family == "REQUEST" {
			require.False(t, got.Retryable(), got.Code)
		}
		require.NotContains(t, got.Error(), "\n")
	}
}

func TestCapturedVectorsDecode(t *testing.T) {
	vectors := 0
	for _, c := range loadCaptures(t) {
		var answer struct {
			Data struct {
				Documents []struct {
					Vector json.RawMessage `json:"$vector"`
				}
			}
		}
		if json.Unmarshal([]byte(c.body()), &answer) != nil {
			continue
		}
		for _, d := range answer.Data.Documents {
			vector, err := astra.VectorFrom(d.Vector)
			require.NoError(t, err, c.Name)
			if vector != nil {
				vectors++
			}
		}
	}
	require.Positive(t, vectors)
}
