package connector_test

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/fault"
	"destination-astra/localastra"
	"destination-astra/protocol"
)

// noSuchQuery is what a Data API answers when its database has no such query: a long
// text with the statement, and the database's own words at the end (Data API v1.0.51 on
// Apache Cassandra 5.0, observed).
func noSuchQuery(words string) string {
	return "The Data API command generated a database query that was syntactically incorrect, and was rejected by " +
		"the database.  \n\nThe Data API should should only generate correct database syntax. \n\nThe command used " +
		"the keyspace and table or collection: default_keyspace.c.\nThe command generated the CQL query: SELECT key, " +
		"tx_id, doc_json FROM default_keyspace.c WHERE (" + strings.Repeat("array_contains CONTAINS ? OR ", 50) + ").\n" +
		"The database error: " + words + "\n\nContact your administrator."
}

// plainCassandra makes the server answer as in front of an Apache Cassandra 5.0 without
// the extensions of HCD, DSE and Astra DB. lacks are what it refuses.
func plainCassandra(w *world, lacks ...string) {
	refuse := refusal(http.StatusOK, "SERVER", "DATABASE", "UNSUPPORTED_DATABASE_QUERY",
		noSuchQuery("line 1:63 mismatched input 'OR' expecting ')'"))
	for _, command := range []string{"find", "deleteMany", "updateMany"} {
		w.server.KeepControl(command, func(r *http.Request, body []byte) (bool, int, []byte) {
			var sent map[string]struct{ Filter map[string]json.RawMessage }
			if json.Unmarshal(body, &sent) != nil {
				return false, 0, nil
			}
			filter := sent[command].Filter
			several := slices.Contains(lacks, "two fields") && len(filter) > 1
			for name, operand := range filter {
				several = several || slices.Contains(lacks, "$in") && name != "_id" && strings.Contains(string(operand), `"$in"`)
			}
			if several {
				return refuse(r, body)
			}
			return false, 0, nil
		})
	}
	if slices.Contains(lacks, "source_model") {
		w.server.KeepControl("createCollection", refusal(http.StatusOK, "SERVER", "DATABASE", "INVALID_DATABASE_QUERY",
			noSuchQuery("Properties specified [source_model] are not understood by StorageAttachedIndex")))
	}
}

// TestDatabaseWithoutTheFilters: check and write name what is missing in a sentence,
// before anything is embedded or stored.
func TestDatabaseWithoutTheFilters(t *testing.T) {
	tests := map[string]struct {
		lacks []string
		want  string
	}{
		"plain":      {[]string{"$in", "two fields"}, "does not answer $in on a field and a filter on two fields, which"},
		"no $in":     {[]string{"$in"}, "does not answer $in on a field, which every sync needs"},
		"two fields": {[]string{"two fields"}, "does not answer a filter on two fields, which every sync needs"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				a := w.someData()
				before := w.stored()
				plainCassandra(w, test.lacks...)

				_, err := w.checked(nil)

				for _, words := range []string{test.want, "mismatched input 'OR'", "HCD or DSE", "indexing.astra_db_endpoint"} {
					requireConfigError(w.t, err, words)
				}
				require.Less(w.t, len(fault.Classify(err).Message), 500)
				r, trace := w.fails(a)
				require.Equal(w.t, fault.Classify(err).Message, trace.Message)
				require.Contains(w.t, trace.InternalMessage, "SELECT key", "the whole answer is there for who looks deeper")
				require.Zero(w.t, r.texts)
				require.Equal(w.t, before, w.stored())
			})
		})
	}
}

// TestDatabaseWithoutSourceModel: the collection cannot be made, which check says it
// cannot know, and write says.
func TestDatabaseWithoutSourceModel(t *testing.T) {
	onBothBackends(t, func(w *world) {
		plainCassandra(w, "$in", "two fields", "source_model")
		notes, err := w.checked(nil)
		require.NoError(w.t, err)
		require.Contains(w.t, strings.Join(notes, " "), "the first write asks before it stores anything")
		_, trace := w.fails(attempt{streams: []configured{stream("n", toAppend)}, lines: []string{row("n", 1, "x")}})
		require.Equal(w.t, protocol.ConfigError, trace.FailureType)
		require.Contains(w.t, trace.Message, "cannot make the indexes of a collection (Properties specified [source_model]")
		require.Less(w.t, len(trace.Message), 500)
	})
}

// TestAnyRefusedQuery, also one that nobody probed, is a sentence of a few words.
func TestAnyRefusedQuery(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.someData()
		w.server.Control("insertMany", refusal(http.StatusOK, "SERVER", "DATABASE", "INVALID_DATABASE_QUERY",
			noSuchQuery("no such thing")))
		_, trace := w.fails(attempt{streams: []configured{stream("n", toAppend)}, lines: []string{row("n", 1, "x")}})
		require.Equal(w.t, protocol.ConfigError, trace.FailureType)
		require.Contains(w.t, trace.Message, "refuses what the connector asks with insertMany (no such thing)")
	})
}

// TestVectorizeMissing: a Data API that embeds nothing, or not so, is told at check, also
// before there is a collection.
func TestVectorizeMissing(t *testing.T) {
	none := refusal(http.StatusOK, "REQUEST", "SCHEMA", "VECTORIZE_FEATURE_NOT_AVAILABLE",
		"Vectorize feature is not available in the environment.")
	offers := func(reply string) localastra.ControlFunc {
		return func(*http.Request, []byte) (bool, int, []byte) {
			return true, http.StatusOK, []byte(`{"status":{"embeddingProviders":` + reply + `}}`)
		}
	}
	tests := map[string]struct {
		answer localastra.ControlFunc
		words  []string // nil = check passes
	}{
		"none":             {none, []string{"does not embed texts itself", "embedding.mode"}},
		"none offered":     {offers(`{}`), []string{"does not embed texts itself", "embedding.mode"}},
		"another provider": {offers(`{"nvidia":{"models":[{"name":"NV-Embed-QA"}]}}`), []string{"embedding.provider", "offers nvidia"}},
		"another model": {offers(`{"openai":{"models":[{"name":"text-embedding-ada-002"}]}}`),
			[]string{"embedding.model", "offers text-embedding-ada-002"}},
		"this one":      {offers(`{"openai":{"models":[{"name":"text-embedding-3-small"}]}}`), nil},
		"an old server": {refusal(http.StatusOK, "REQUEST", "", "COMMAND_UNKNOWN", "no such command"), nil},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.vectorize(map[string]any{"api_key": providerKey})
				w.server.KeepControl("findEmbeddingProviders", test.answer)
				v := newVectorizing(w)
				v.offers = false
				notes, err := w.checked(v)
				require.Equal(w.t, name == "an old server", strings.Contains(strings.Join(notes, " "), "does not say by whom"))
				if test.words == nil {
					require.NoError(w.t, err)
					return
				}
				requireConfigError(w.t, err, test.words...)
			})
		})
	}
}

// TestVectorizeCreateRefused: the write that creates the collection says it in the same words.
func TestVectorizeCreateRefused(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.vectorize(map[string]any{"api_key": providerKey})
		_, trace := w.fails(attempt{streams: []configured{stream("n", toAppend)}, lines: []string{row("n", 1, "x")}})
		require.Equal(w.t, protocol.ConfigError, trace.FailureType)
		require.Contains(w.t, trace.Message, "does not embed texts itself")
	})
}

// TestVectorizeProven: where the collection exists the server embeds one text, by a
// search, and its refusal names the settings and no key.
func TestVectorizeProven(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.vectorize(map[string]any{"api_key": providerKey})
		v := newVectorizing(w)
		w.sync(attempt{streams: []configured{stream("s", toAppend)}, network: v, lines: []string{row("s", 1, "a")}})
		_, err := w.checked(v)
		require.NoError(w.t, err)
		require.Len(w.t, v.searched, 1)
		require.Len(w.t, v.documents, 1, "the trial document is not embedded")

		refuse := refusingKey()
		w.server.KeepControl("find", func(r *http.Request, body []byte) (bool, int, []byte) {
			if !strings.Contains(string(body), `"sort"`) {
				return false, 0, nil
			}
			return refuse(r, body)
		})
		_, err = w.checked(v)
		requireConfigError(w.t, err, "embedding.api_key", "Incorrect API key")
		require.NotContains(w.t, fault.Classify(err).Message, "MARKED")
	})
}
