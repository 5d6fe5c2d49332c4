package localastra_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// embedWords is an embedder of two dimensions: how often a text says "cat" and "dog",
// and a little of both so that no vector is zero.
func embedWords(_ context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	for i, text := range texts {
		if strings.Contains(text, "unembeddable") {
			return nil, errors.New("no vector for this")
		}
		vectors[i] = []float32{0.1 + float32(strings.Count(text, "cat")), 0.1 + float32(strings.Count(text, "dog"))}
	}
	return vectors, nil
}

func TestSearchFamilies(t *testing.T) {
	stories := map[string]struct {
		backend string
		steps   []step
	}{
		"lexical":              {localastra.BackendAstra, lexicalSteps()},
		"lexical on Cassandra": {localastra.BackendCassandra, cassandraLexicalSteps()},
		"no lexical":           {localastra.BackendAstra, noLexicalSteps()},
		"vectorize":            {localastra.BackendAstra, vectorizeSteps()},
		"findAndRerank":        {localastra.BackendAstra, rerankSteps()},
		"rerank problems":      {localastra.BackendAstra, badRerankSteps()},
		"rerank on Cassandra":  {localastra.BackendCassandra, cassandraRerankSteps()},
	}
	for name, story := range stories {
		t.Run(name, func(t *testing.T) {
			playSteps(t, localastra.Options{Memory: true, Backend: story.backend, Embed: embedWords, EmbedModel: "m"}, story.steps)
		})
	}
}

// lexicalSteps follow the index through inserts, updates and deletes.
func lexicalSteps() []step {
	find := func(args, ids string) step {
		return step{documents, `{"find":{"projection":{"n":1},` + args + `}}`,
			`{"data":{"documents":` + ids + `,"nextPageState":null}}`}
	}
	return []step{
		{keyspace, `{"createCollection":{"name":"c"}}`, okAnswer},
		{documents, `{"insertMany":{"documents":[{"_id":1,"$lexical":"The quick brown fox"},
			{"_id":2,"$lexical":"A lazy dog, and a quick one"},{"_id":3,"$lexical":"Fox and fox again"},{"_id":4},
			{"_id":5,"$lexical":null}]}}`, `{"status":{"insertedIds":[1,2,3,4,5]}}`},
		find(`"sort":{"$lexical":"fox"}`, `[{"_id":3},{"_id":1}]`),
		find(`"sort":{"$lexical":"FOX lazy"}`, `[{"_id":2},{"_id":3},{"_id":1}]`),
		find(`"sort":{"$lexical":"fox"},"options":{"limit":1,"includeSimilarity":true}`, `[{"_id":3}]`),
		find(`"sort":{"$lexical":"fox"},"filter":{"_id":{"$in":[1,2]}}`, `[{"_id":1}]`),
		find(`"sort":{"$lexical":"unicorn"}`, `[]`),
		find(`"filter":{"$lexical":{"$match":"quick fox"}}`, `[{"_id":1}]`),
		find(`"filter":{"$lexical":{"$match":"and"}},"sort":{"$lexical":"dog"}`, `[{"_id":2}]`),
		{documents, `{"updateOne":{"filter":{"_id":1},"update":{"$set":{"$lexical":"a unicorn"}}}}`,
			`{"status":{"matchedCount":1,"modifiedCount":1}}`},
		find(`"sort":{"$lexical":"unicorn"}`, `[{"_id":1}]`),
		find(`"sort":{"$lexical":"brown"}`, `[]`),
		{documents, `{"findOneAndDelete":{"sort":{"$lexical":"fox"},"projection":{"*":0}}}`,
			`{"data":{"document":{}},"status":{"deletedCount":1}}`},
		find(`"sort":{"$lexical":"fox"}`, `[]`),
		{documents, `{"deleteMany":{}}`, `{"status":{"deletedCount":-1}}`},
		find(`"sort":{"$lexical":"unicorn"}`, `[]`),
	}
}

func cassandraLexicalSteps() []step {
	return []step{
		{keyspace, `{"createCollection":{"name":"c"}}`, okAnswer},
		{documents, `{"insertOne":{"document":{"_id":1,"$lexical":"fox"}}}`, `{"status":{"insertedIds":[1]}}`},
		{documents, `{"find":{"sort":{"$lexical":"fox"}}}`, refused("UNSUPPORTED_DATABASE_QUERY")},
		{documents, `{"find":{"filter":{"$lexical":{"$match":"fox"}}}}`, refused("UNSUPPORTED_DATABASE_QUERY")},
	}
}

func noLexicalSteps() []step {
	const code = "LEXICAL_NOT_ENABLED_FOR_COLLECTION"
	return []step{
		{keyspace, `{"createCollection":{"name":"c","options":{"lexical":{"enabled":false}}}}`, okAnswer},
		{documents, `{"insertOne":{"document":{"_id":1,"$lexical":"fox"}}}`,
			`{"status":{"insertedIds":[]},"errors":["` + code + `"]}`},
		{documents, `{"find":{"sort":{"$lexical":"fox"}}}`, refused(code)},
		{documents, `{"find":{"filter":{"$lexical":{"$match":"fox"}}}}`, refused(code)},
	}
}

// createVectorizing creates a collection whose dimension the embedder decides.
const createVectorizing = `{"createCollection":{"name":"c","options":{"vector":{"metric":"cosine","service":{
	"provider":"openai","modelName":"m"}},"rerank":{"enabled":true}}}}`

func vectorizeSteps() []step {
	nearest := func(text, ids string) step {
		return step{documents, `{"find":{"sort":{"$vectorize":"` + text + `"},"projection":{"n":1}}}`,
			`{"data":{"documents":` + ids + `,"nextPageState":null}}`}
	}
	return []step{
		{keyspace, createVectorizing, okAnswer},
		{keyspace, `{"findCollections":{"options":{"explain":true}}}`,
			`{"status":{"collections":[{"name":"c","options":{
			"vector":{"dimension":2,"metric":"cosine","sourceModel":"other","service":{"provider":"openai","modelName":"m"}},
			"lexical":{"enabled":true,"analyzer":"standard"},"rerank":{"enabled":true,"service":{"provider":"nvidia",
			"modelName":"nvidia/llama-3.2-nv-rerankqa-1b-v2"}}}}]}}`},
		{documents, `{"insertMany":{"documents":[{"_id":"cats","$vectorize":"cat cat"},{"_id":"dogs","$vectorize":"dog"},
			{"_id":"both","$hybrid":"cat dog"},{"_id":"none","$vectorize":""},
			{"_id":"apart","$hybrid":{"$vectorize":"dog dog","$lexical":"wolf"}}]}}`,
			`{"status":{"insertedIds":["cats","dogs","both","none","apart"]}}`},
		nearest("cat", `[{"_id":"cats"},{"_id":"both"},{"_id":"dogs"},{"_id":"apart"}]`),
		{documents, `{"findOne":{"filter":{"_id":"both"},"projection":{"$vectorize":1,"$lexical":1}}}`,
			`{"data":{"document":{"_id":"both","$vectorize":"cat dog","$lexical":"cat dog"}}}`},
		{documents, `{"findOne":{"sort":{"$lexical":"wolf"},"projection":{"$vectorize":1,"$lexical":1}}}`,
			`{"data":{"document":{"_id":"apart","$vectorize":"dog dog","$lexical":"wolf"}}}`},
		{documents, `{"updateOne":{"filter":{"_id":"dogs"},"update":{"$set":{"$vectorize":"cat cat cat"}}}}`,
			`{"status":{"matchedCount":1,"modifiedCount":1}}`},
		nearest("cat cat cat", `[{"_id":"dogs"},{"_id":"cats"},{"_id":"both"},{"_id":"apart"}]`),
		{documents, `{"updateOne":{"filter":{"_id":"dogs"},"update":{"$unset":{"$vectorize":""}}}}`,
			`{"status":{"matchedCount":1,"modifiedCount":1}}`},
		{documents, `{"findOneAndReplace":{"filter":{"_id":"cats"},"replacement":{"$vectorize":"dog"},
			"projection":{"*":0}}}`, `{"data":{"document":{}},"status":{"matchedCount":1,"modifiedCount":1}}`},
		nearest("cat", `[{"_id":"both"},{"_id":"cats"},{"_id":"apart"}]`),
		{documents, `{"insertOne":{"document":{"$vectorize":5}}}`, refused("INVALID_VECTORIZE_VALUE_TYPE")},
		{documents, `{"insertOne":{"document":{"$vectorize":"x","$vector":[1,0]}}}`,
			refused("INVALID_USAGE_OF_VECTORIZE")},
		{documents, `{"insertOne":{"document":{"$vectorize":"unembeddable"}}}`,
			refused("EMBEDDING_PROVIDER_SERVER_ERROR")},
		{documents, `{"find":{"sort":{"$vectorize":" "}}}`, refused("SORT_CLAUSE_INVALID")},
		{documents, `{"insertOne":{"document":{"_id":"own","$vector":[1,0]}}}`, `{"status":{"insertedIds":["own"]}}`},
	}
}

func rerankSteps() []step {
	return []step{
		{keyspace, createVectorizing, okAnswer},
		{documents, `{"insertMany":{"documents":[{"_id":"cats","$hybrid":"cat cat"},{"_id":"dogs","$hybrid":"dog"},
			{"_id":"both","$hybrid":"cat dog"},{"_id":"words","$lexical":"cat"},{"_id":"own","$vector":[1,0]}]}}`,
			`{"status":{"insertedIds":["cats","dogs","both","words","own"]}}`},
		{documents, `{"findAndRerank":{"sort":{"$hybrid":"dog"},"projection":{"_id":1,"n":1},
			"options":{"limit":2,"includeScores":true}}}`,
			`{"data":{"documents":[{"_id":"dogs"},{"_id":"both"}],"nextPageState":null},"status":{"documentResponses":[
			{"scores":{"$rerank":0.032786883,"$vector":1.0,"$vectorRank":1,"$bm25Rank":1,"$rrf":0.032786883}},
			{"scores":{"$rerank":0.032258064,"$vector":0.8841107,"$vectorRank":2,"$bm25Rank":2,"$rrf":0.032258064}}]}}`},
		{documents, `{"findAndRerank":{"sort":{"$hybrid":{"$vectorize":"cat","$lexical":"dog"}},
			"projection":{"n":1},"options":{"hybridLimits":{"$vector":1,"$lexical":0}}}}`,
			`{"data":{"documents":[{"_id":"cats"}],"nextPageState":null}}`},
		{documents, `{"findAndRerank":{"sort":{"$hybrid":{"$vectorize":"cat"}},"filter":{"_id":{"$in":["dogs","both"]}},
			"projection":{"n":1}}}`, `{"data":{"documents":[{"_id":"both"},{"_id":"dogs"}],"nextPageState":null}}`},
		{documents, `{"findAndRerank":{"sort":{"$hybrid":{"$vector":[1,0],"$lexical":"cat"}},"projection":{"n":1},
			"options":{"rerankOn":"$lexical","rerankQuery":"cat","hybridLimits":10,"includeSortVector":true}}}`,
			`{"data":{"documents":[{"_id":"cats"},{"_id":"both"},{"_id":"words"},{"_id":"dogs"}],"nextPageState":null},
			"status":{"sortVector":[1.0,0.0]}}`},
	}
}

func badRerankSteps() []step {
	rerank := func(at, args, code string) step {
		return step{keyspace + "/" + at, `{"findAndRerank":` + args + `}`, refused(code)}
	}
	return []step{
		{keyspace, createVectorizing, okAnswer},
		{keyspace, `{"createCollection":{"name":"plain","options":{"vector":{"dimension":2},"rerank":{"enabled":false}}}}`, okAnswer},
		{keyspace, `{"createCollection":{"name":"flat","options":{"rerank":{"enabled":true}}}}`, okAnswer},
		{keyspace, `{"createCollection":{"name":"mute","options":{"vector":{"dimension":2},"rerank":{"enabled":true},
			"lexical":{"enabled":false}}}}`, okAnswer},
		rerank("c", `{}`, "SORT_CLAUSE_INVALID"),
		rerank("c", `{"sort":{"$vector":[1,0]}}`, "SORT_CLAUSE_INVALID"),
		rerank("c", `{"sort":{"$hybrid":{"$lexical":"x"}}}`, "SORT_CLAUSE_INVALID"),
		rerank("c", `{"sort":{"$hybrid":"x"},"options":{"hybridLimits":101}}`, "COMMAND_FIELD_VALUE_INVALID"),
		rerank("c", `{"sort":{"$hybrid":"x"},"options":{"limit":0}}`, "COMMAND_FIELD_VALUE_INVALID"),
		rerank("c", `{"sort":{"$hybrid":"x"},"options":{"rerankOn":"a..b"}}`, "COMMAND_FIELD_VALUE_INVALID"),
		rerank("c", `{"sort":{"$hybrid":"x"},"filter":{"$foo":1}}`, "FILTER_INVALID_EXPRESSION"),
		rerank("c", `{"sort":{"$hybrid":"x"},"projection":1}`, "UNSUPPORTED_PROJECTION_PARAM"),
		rerank("c", `{"sort":{"$hybrid":{"$vector":[1,0]}}}`, "COMMAND_FIELD_VALUE_INVALID"),
		rerank("c", `{"sort":{"$hybrid":{"$vector":[1,0]}},"options":{"rerankQuery":"x"}}`,
			"COMMAND_FIELD_VALUE_INVALID"),
		rerank("plain", `{"sort":{"$hybrid":"x"}}`, "EMBEDDING_SERVICE_NOT_CONFIGURED"),
		rerank("plain", `{"sort":{"$hybrid":{"$vector":[1,0]}}}`, "UNSUPPORTED_RERANKING_COMMAND"),
		rerank("flat", `{"sort":{"$hybrid":"x"}}`, "VECTOR_SEARCH_NOT_SUPPORTED"),
		rerank("mute", `{"sort":{"$hybrid":{"$vector":[1,0],"$lexical":"x"}}}`, "LEXICAL_NOT_ENABLED_FOR_COLLECTION"),
	}
}

func cassandraRerankSteps() []step {
	return []step{
		{keyspace, `{"createCollection":{"name":"c","options":{"rerank":{"enabled":true}}}}`,
			refused("RERANKING_FEATURE_NOT_ENABLED")},
		{keyspace, `{"createCollection":{"name":"c"}}`, okAnswer},
	}
}

// TestSearchAfterRestart wants what is searched in memory to come back from the file.
func TestSearchAfterRestart(t *testing.T) {
	options := localastra.Options{Dir: t.TempDir(), Embed: embedWords, EmbedModel: "m"}
	server, err := localastra.Open(options)
	require.NoError(t, err)
	c := caller{t, server}
	c.must("", createVectorizing)
	c.insert(`{"_id":"cats","$hybrid":"cat cat"}`, `{"_id":"dogs","$hybrid":"dog"}`)
	require.NoError(t, server.Close())
	again := open(t, options)
	require.Equal(t, []any{"dogs"}, again.must("c", `{"find":{"sort":{"$lexical":"dog"}}}`).ids())
	require.Equal(t, []any{"cats", "dogs"}, again.must("c", `{"find":{"sort":{"$vectorize":"cat"}}}`).ids())
}
