package astra_test

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
	"destination-astra/localastra"
)

// TestConformance runs the client against the embedded Data API, and against a real one
// where ASTRA_DB_ENDPOINT and ASTRA_DB_TOKEN say where. It creates collections named
// conformance_... in ASTRA_DB_KEYSPACE (default_keyspace if unset) and drops them.
func TestConformance(t *testing.T) {
	for _, backend := range []string{"astra", "cassandra"} {
		t.Run("localastra/"+backend, func(t *testing.T) {
			server, err := localastra.Open(localastra.Options{
				Memory: true, Backend: backend, Token: token, Keyspace: "default_keyspace",
			})
			require.NoError(t, err)
			t.Cleanup(func() { require.NoError(t, server.Close()) })
			conform(t, astra.Options{
				Endpoint: "http://local/v1", Token: token, Transport: server.Transport(),
			}, "default_keyspace")
		})
	}
	t.Run("real", func(t *testing.T) {
		endpoint, secret := os.Getenv("ASTRA_DB_ENDPOINT"), os.Getenv("ASTRA_DB_TOKEN")
		if endpoint == "" || secret == "" {
			t.Skip("set ASTRA_DB_ENDPOINT and ASTRA_DB_TOKEN to test against a real Data API")
		}
		base, _, _ := strings.Cut(strings.TrimRight(endpoint, "/"), "/api/json/v1")
		base = strings.TrimSuffix(base, "/v1")
		keyspace := os.Getenv("ASTRA_DB_KEYSPACE")
		if keyspace == "" {
			keyspace = "default_keyspace"
		}
		conform(t, astra.Options{
			Endpoint: base + "/api/json/v1", AlternateEndpoint: base + "/v1", Token: secret,
		}, keyspace)
	})
}

// conform is the suite: each step uses what the one before left.
func conform(t *testing.T, o astra.Options, keyspace string) {
	o.UserAgent = astra.UserAgent("conformance")
	client, err := astra.NewClient(o)
	require.NoError(t, err)
	t.Cleanup(client.Close)
	database := client.Database(keyspace)
	name := fmt.Sprintf("conformance_%d", time.Now().UnixNano())
	t.Cleanup(func() {
		// The test's own context has ended by now.
		_ = database.DeleteCollection(context.Background(), name)
	})
	collection := database.Collection(name)

	for _, step := range []struct {
		name string
		run  func(t *testing.T)
	}{
		{"errors name what is missing", func(t *testing.T) { conformMissing(t, o, database) }},
		{"a collection is created once", func(t *testing.T) { conformCreate(t, database, name) }},
		{"documents are stored once", func(t *testing.T) { conformInsert(t, collection) }},
		{"one bad document does not harm the rest", func(t *testing.T) { conformBadDocument(t, collection) }},
		{"documents come back", func(t *testing.T) { conformFind(t, collection) }},
		{"the limits are the server's", func(t *testing.T) { conformLimits(t, collection) }},
		{"an update reaches every page", func(t *testing.T) { conformUpdate(t, collection) }},
		{"a deletion goes on to the end", func(t *testing.T) { conformDelete(t, collection) }},
		{"a collection is dropped", func(t *testing.T) { conformDrop(t, database, name) }},
	} {
		require.True(t, t.Run(step.name, step.run))
	}
}

const conformDimension = 4

// point is a document of the suite.
type point struct {
	id     string
	group  string
	vector []float32
}

func (p point) ID() string { return p.id }
func (p point) AppendJSON(dst []byte) []byte {
	return fmt.Appendf(dst, `{"_id":%q,"group":%q,"$vector":%s}`, p.id, p.group, packed(p.vector))
}

func points(group string, n int) []astra.Document {
	docs := make([]astra.Document, n)
	for i := range docs {
		docs[i] = point{fmt.Sprintf("%s-%03d", group, i), group, []float32{1, float32(i), 2, 3}}
	}
	return docs
}

func conformMissing(t *testing.T, o astra.Options, database *astra.Database) {
	_, err := find(t.Context(), database.Collection("conformance_absent"))
	require.True(t, astra.HasCode(err, astra.CodeUnknownCollection), "%v", err)

	o.Token = "AstraCS:wrong:wrong"
	stranger, err := astra.NewClient(o)
	require.NoError(t, err)
	_, err = stranger.FindKeyspaces(t.Context())
	require.Equal(t, 401, asError(t, err).HTTPStatus)
	require.True(t, astra.HasCode(err, astra.CodeUnauthenticated), "%v", err)
}

func conformCreate(t *testing.T, database *astra.Database, name string) {
	options := astra.CollectionOptions{
		Vector:   &astra.VectorOptions{Dimension: conformDimension, Metric: "cosine"},
		Indexing: &astra.IndexingOptions{Deny: []string{"text"}},
		Lexical:  astra.Disabled(),
	}
	require.NoError(t, database.CreateCollection(t.Context(), name, options))
	require.NoError(t, database.CreateCollection(t.Context(), name, options))

	other := options
	other.Vector = &astra.VectorOptions{Dimension: 8, Metric: "cosine"}
	err := database.CreateCollection(t.Context(), name, other)
	require.True(t, astra.HasCode(err, astra.CodeDifferentSettings), "%v", err)

	found, err := database.FindCollections(t.Context())
	require.NoError(t, err)
	for _, descriptor := range found {
		if descriptor.Name == name {
			require.Equal(t, conformDimension, descriptor.Options.Vector.Dimension)
			require.Equal(t, options.Indexing, descriptor.Options.Indexing)
			require.False(t, astra.Enabled(descriptor.Options.Lexical))
			return
		}
	}
	require.Fail(t, "the collection is not listed")
}

func conformInsert(t *testing.T, collection *astra.Collection) {
	docs := points("many", astra.MaxInsertDocuments)
	first, err := collection.InsertMany(t.Context(), docs)
	require.NoError(t, err)
	require.Len(t, first.Inserted, len(docs))
	require.Empty(t, first.Existing)

	again, err := collection.InsertMany(t.Context(), docs)
	require.NoError(t, err)
	require.Empty(t, again.Inserted)
	require.Equal(t, first.Inserted, again.Existing)
}

func conformBadDocument(t *testing.T, collection *astra.Collection) {
	docs := []astra.Document{
		point{"bad-0", "bad", []float32{1, 2, 3, 4}},
		point{"bad-1", "bad", []float32{1, 2}},
		point{"bad-2", "bad", []float32{1, 2, 3, 5}},
	}
	result, err := collection.InsertMany(t.Context(), docs)
	require.Equal(t, []string{"bad-0", "bad-2"}, result.Inserted)
	var batch *astra.BatchError
	require.ErrorAs(t, err, &batch)
	require.Equal(t, astra.FateFailed, batch.Documents[1].Fate)
	require.True(t, astra.HasCode(batch.Documents[1].Err, astra.CodeInvalidVectorLength))
}

func conformFind(t *testing.T, collection *astra.Collection) {
	seen := map[string]bool{}
	query := astra.FindQuery{Filter: fields{"group": "many"}, Projection: fields{"group": 1, "$vector": 1}}
	require.NoError(t, collection.FindAll(t.Context(), query, func(raw json.RawMessage) error {
		var d struct {
			ID     string          `json:"_id"`
			Vector json.RawMessage `json:"$vector"`
		}
		require.NoError(t, json.Unmarshal(raw, &d))
		vector, err := astra.VectorFrom(d.Vector)
		require.NoError(t, err)
		require.Len(t, vector, conformDimension)
		seen[d.ID] = true
		return nil
	}))
	require.Len(t, seen, astra.MaxInsertDocuments)

	nearest, err := collection.Find(t.Context(), astra.FindQuery{
		Sort:       fields{"$vector": []float32{1, 7, 2, 3}},
		Projection: fields{"group": 1}, Limit: 1, IncludeSimilarity: true,
	})
	require.NoError(t, err)
	require.Len(t, nearest.Documents, 1)
	var d struct {
		ID         string  `json:"_id"`
		Similarity float64 `json:"$similarity"`
	}
	require.NoError(t, json.Unmarshal(nearest.Documents[0], &d))
	require.Equal(t, "many-007", d.ID)
	require.InDelta(t, 1, d.Similarity, 1e-3)
}

func conformUpdate(t *testing.T, collection *astra.Collection) {
	ids := make([]string, astra.MaxInValues)
	for i := range ids {
		ids[i] = fmt.Sprintf("many-%03d", i)
	}
	filter := fields{"_id": fields{"$in": ids}}
	update := fields{"$set": fields{"_ab_generation_id": 3}}
	result, err := collection.UpdateMany(t.Context(), filter, update)
	require.NoError(t, err)
	require.Equal(t, astra.UpdateResult{MatchedCount: 100, ModifiedCount: 100}, result)
	result, err = collection.UpdateMany(t.Context(), filter, update)
	require.NoError(t, err)
	require.Equal(t, astra.UpdateResult{MatchedCount: 100}, result)

	n, more, err := collection.CountDocuments(t.Context(), fields{"_ab_generation_id": 3})
	require.NoError(t, err)
	require.Equal(t, 100, n)
	require.False(t, more)
}

// conformLimits goes to each limit and one further.
func conformLimits(t *testing.T, collection *astra.Collection) {
	values := make([]string, astra.MaxInValues+1)
	for i := range values {
		values[i] = fmt.Sprint(i)
	}
	in := func(values []string) astra.FindQuery {
		return astra.FindQuery{Filter: fields{"_id": fields{"$in": values}}}
	}
	nearest := func(limit int) astra.FindQuery {
		return astra.FindQuery{Sort: fields{"$vector": []float32{1, 1, 2, 3}}, Limit: limit}
	}
	ask := func(q astra.FindQuery) error {
		q.Projection = fields{"group": 1}
		_, err := collection.Find(t.Context(), q)
		return err
	}
	require.NoError(t, ask(in(values[:astra.MaxInValues])))
	require.NoError(t, ask(nearest(astra.MaxVectorSearch)))
	for _, err := range []error{ask(in(values)), ask(nearest(astra.MaxVectorSearch + 1))} {
		require.Equal(t, astra.FamilyRequest, asError(t, err).Family)
	}
}

func conformDelete(t *testing.T, collection *astra.Collection) {
	calls := 0
	ctx := astra.WithTrace(t.Context(), &astra.Trace{BeforeWrite: func(context.Context) error {
		calls++
		return nil
	}})
	n, err := collection.DeleteMany(ctx, fields{"group": "many"})
	require.NoError(t, err)
	require.Equal(t, astra.MaxInsertDocuments, n)
	require.Equal(t, astra.MaxInsertDocuments/astra.MaxDeleteDocuments, calls)
	require.NoError(t, collection.DeleteAll(t.Context()))
	n, _, err = collection.CountDocuments(t.Context(), nil)
	require.NoError(t, err)
	require.Zero(t, n)
}

func conformDrop(t *testing.T, database *astra.Database, name string) {
	require.NoError(t, database.DeleteCollection(t.Context(), name))
	require.NoError(t, database.DeleteCollection(t.Context(), name))
	_, err := find(t.Context(), database.Collection(name))
	require.True(t, astra.HasCode(err, astra.CodeUnknownCollection), "%v", err)
}
