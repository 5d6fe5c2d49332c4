package langchain_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/tmc/langchaingo/schema"
	"github.com/tmc/langchaingo/vectorstores"

	"destination-astra/astra"
	"destination-astra/connector"
	"destination-astra/embed"
	"destination-astra/internal/clients"
	"destination-astra/langchain"
	"destination-astra/localastra"
	"destination-astra/protocol"
	"destination-astra/spec"
)

// database is one in memory, with the collection "c" for the fake embedder's vectors.
func database(t *testing.T) (*localastra.Server, *astra.Database) {
	t.Helper()
	server, err := localastra.Open(localastra.Options{Memory: true})
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	client, err := astra.NewClient(astra.Options{Endpoint: "http://local/v1", Transport: server.Transport()})
	require.NoError(t, err)
	d := client.Database(localastra.DefaultKeyspace)
	require.NoError(t, d.CreateCollection(t.Context(), "c", astra.CollectionOptions{
		Vector: &astra.VectorOptions{Dimension: embed.NewFake().Dimension(), Metric: "cosine"}}))
	return server, d
}

func newStore(t *testing.T, d *astra.Database, stream string) *langchain.Store {
	t.Helper()
	store, err := langchain.NewStore(langchain.Options{
		Collection: d.Collection("c"), Embedder: langchain.NewEmbedder(embed.NewFake()), Stream: stream})
	require.NoError(t, err)
	return store
}

// TestStoreReadsWhatTheConnectorWrote by the words of the text, within a stream, with
// the record's fields as metadata.
func TestStoreReadsWhatTheConnectorWrote(t *testing.T) {
	server, d := database(t)
	config, _, err := spec.Parse([]byte(`{"embedding":{"mode":"fake"},"processing":{"chunk_size":100,` +
		`"text_fields":["body"]},"indexing":{"astra_db_endpoint":"http://localhost/v1","astra_db_app_token":"t",` +
		`"astra_db_keyspace":"default_keyspace","collection":"c"}}`))
	require.NoError(t, err)
	c, err := clients.Open(clients.Options{Config: config, Writer: protocol.NewWriter(io.Discard),
		Log: slog.New(slog.DiscardHandler), AstraTransport: server.Transport()})
	require.NoError(t, err)
	defer c.Close()
	catalog, err := protocol.ParseCatalog([]byte(`{"streams":[{"stream":{"name":"pages","namespace":"wiki"},` +
		`"sync_mode":"full_refresh","destination_sync_mode":"append_dedup","primary_key":[["id"]]}]}`))
	require.NoError(t, err)
	_, err = connector.New(c).Write(t.Context(), catalog, strings.NewReader(
		`{"type":"RECORD","record":{"stream":"pages","namespace":"wiki","emitted_at":1,`+
			`"data":{"id":7,"rank":2.5,"body":"the harbour at night"}}}`+"\n"+
			`{"type":"RECORD","record":{"stream":"pages","namespace":"wiki","emitted_at":1,`+
			`"data":{"id":8,"body":"a field in summer"}}}`+"\n"))
	require.NoError(t, err)
	_, err = newStore(t, d, "").AddDocuments(t.Context(), []schema.Document{{PageContent: "harbour"}})
	require.NoError(t, err)

	found, err := newStore(t, d, "wiki_pages").SimilaritySearch(t.Context(), "harbour", 5)
	require.NoError(t, err)
	require.Len(t, found, 2, "not those of other streams")
	best := found[0]
	require.Equal(t, "body: the harbour at night", best.PageContent)
	require.Equal(t, int64(7), best.Metadata["id"])
	require.Equal(t, 2.5, best.Metadata["rank"])
	require.Equal(t, "wiki_pages_7", best.Metadata["_ab_record_id"])
	require.NotContains(t, best.Metadata, "$vector")
	require.NotContains(t, best.Metadata, "$similarity")
	require.Greater(t, best.Score, found[1].Score)

	found, err = newStore(t, d, "").SimilaritySearch(t.Context(), "harbour", 5)
	require.NoError(t, err)
	require.Len(t, found, 3)
}

func TestSearchOptions(t *testing.T) {
	_, d := database(t)
	store := newStore(t, d, "")
	docs := []schema.Document{
		{PageContent: "red apple", Metadata: map[string]any{"kind": "fruit", "n": 1}},
		{PageContent: "red brick", Metadata: map[string]any{"kind": "stone", "n": 2}},
		{PageContent: "green leaf", Metadata: map[string]any{"kind": "plant", "n": 3}},
	}
	_, err := store.AddDocuments(t.Context(), docs)
	require.NoError(t, err)
	_, err = store.AddDocuments(t.Context(), docs[:1], vectorstores.WithNameSpace("other"))
	require.NoError(t, err)
	tests := map[string]struct {
		n       int
		options []vectorstores.Option
		want    []string
	}{
		"number":    {1, []vectorstores.Option{vectorstores.WithNameSpace("other")}, []string{"red apple"}},
		"threshold": {9, []vectorstores.Option{vectorstores.WithScoreThreshold(0.99)}, []string{"red apple", "red apple"}},
		"filter": {9, []vectorstores.Option{vectorstores.WithFilters(map[string]any{"kind": "stone"})},
			[]string{"red brick"}},
		"filter with operators": {9, []vectorstores.Option{vectorstores.WithFilters(
			map[string]any{"n": map[string]any{"$gt": 2}})}, []string{"green leaf"}},
		"filter of another type": {9, []vectorstores.Option{vectorstores.WithFilters(
			struct {
				Kind string `json:"kind"`
			}{"plant"})}, []string{"green leaf"}},
		"filter in a namespace": {9, []vectorstores.Option{vectorstores.WithNameSpace("other"),
			vectorstores.WithFilters(map[string]any{"kind": "stone"})}, nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			found, err := store.SimilaritySearch(t.Context(), "red apple", test.n, test.options...)
			require.NoError(t, err)
			var got []string
			for _, d := range found {
				got = append(got, d.PageContent)
			}
			require.Equal(t, test.want, got)
		})
	}
}

func TestAddDocumentsAgainStoresNothing(t *testing.T) {
	server, d := database(t)
	store := newStore(t, d, "s")
	var docs []schema.Document
	for i := range 230 {
		docs = append(docs, schema.Document{PageContent: "same text", Metadata: map[string]any{"i": i}})
	}
	first, err := store.AddDocuments(t.Context(), docs)
	require.NoError(t, err)
	require.Len(t, first, 230)
	require.EqualValues(t, 3, server.Counters()["insertMany"].Requests, "100 documents a call")
	second, err := store.AddDocuments(t.Context(), docs)
	require.NoError(t, err)
	require.Equal(t, first, second)
	n, _, err := d.Collection("c").CountDocuments(t.Context(), nil)
	require.NoError(t, err)
	require.Equal(t, 230, n)
}

func TestDeduplicater(t *testing.T) {
	_, d := database(t)
	ids, err := newStore(t, d, "").AddDocuments(t.Context(),
		[]schema.Document{{PageContent: "old"}, {PageContent: "new"}},
		vectorstores.WithDeduplicater(func(_ context.Context, d schema.Document) bool { return d.PageContent == "old" }))
	require.NoError(t, err)
	require.Len(t, ids, 1)
}

func TestRefused(t *testing.T) {
	_, d := database(t)
	store := newStore(t, d, "")
	for _, name := range []string{"_id", "text", "$vector", "_ab_stream", ""} {
		_, err := store.AddDocuments(t.Context(),
			[]schema.Document{{PageContent: "x", Metadata: map[string]any{name: 1}}})
		require.ErrorContains(t, err, "rename it", name)
	}
	for _, n := range []int{0, -1, 1001} {
		_, err := store.SimilaritySearch(t.Context(), "x", n)
		require.ErrorContains(t, err, "1 to 1000")
	}
	_, err := store.SimilaritySearch(t.Context(), "x", 1, vectorstores.WithScoreThreshold(1.5))
	require.ErrorContains(t, err, "0 to 1")
	_, err = store.SimilaritySearch(t.Context(), "x", 1, vectorstores.WithFilters([]string{"a"}))
	require.ErrorContains(t, err, "not a JSON object")
	_, err = langchain.NewStore(langchain.Options{})
	require.Error(t, err)
}

// TestErrorsOfTheServer come with what astra says about each document.
func TestErrorsOfTheServer(t *testing.T) {
	server, d := database(t)
	server.Control("insertMany", func(*http.Request, []byte) (bool, int, []byte) {
		return true, http.StatusUnauthorized, []byte(`{"errors":[{"errorCode":"UNAUTHORIZED_ACCESS","message":"no"}]}`)
	})
	_, err := newStore(t, d, "").AddDocuments(t.Context(), []schema.Document{{PageContent: "x"}})
	var e *astra.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, http.StatusUnauthorized, e.HTTPStatus)
}

// asymmetric embeds queries in another way than documents.
type asymmetric struct{ embed.Fake }

func (*asymmetric) EmbedQuery(ctx context.Context, text string) (embed.Vector, error) {
	return nil, errors.New("query " + text)
}

func TestEmbedder(t *testing.T) {
	e := langchain.NewEmbedder(embed.NewFake())
	want, err := embed.NewFake().Embed(t.Context(), []string{"a\nb", "c"})
	require.NoError(t, err)
	got, err := e.EmbedDocuments(t.Context(), []string{"a\nb", "c"})
	require.NoError(t, err)
	require.Equal(t, want, got)
	query, err := e.EmbedQuery(t.Context(), "a\nb")
	require.NoError(t, err)
	require.Equal(t, want[0], query)

	_, err = langchain.NewEmbedder(&asymmetric{}).EmbedQuery(t.Context(), "q")
	require.EqualError(t, err, "query q")
}
