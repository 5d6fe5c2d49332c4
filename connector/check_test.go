package connector_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/fault"
	"destination-astra/protocol"
	"destination-astra/spec"
)

// ownIndexes are the fields of ours that a sync filters by.
func ownIndexes() []string {
	return []string{
		"_ab_stream", "_ab_record_id", "_ab_generation_id", "_ab_text_hash", "_ab_embedder", "_ab_attempt",
	}
}

// createCollection makes the collection with these indexing options, as somebody else did.
func (w *world) createCollection(indexing string) {
	w.t.Helper()
	text := fmt.Sprintf(`{"createCollection":{"name":"c","options":{"vector":{"dimension":%d,"metric":"cosine"},`+
		`"indexing":%s}}}`, dimensions, indexing)
	request, err := http.NewRequest(http.MethodPost, "http://localhost/v1/default_keyspace", strings.NewReader(text))
	require.NoError(w.t, err)
	request.Header.Set("Content-Type", "application/json")
	response, err := w.server.Transport().RoundTrip(request)
	require.NoError(w.t, err)
	require.NoError(w.t, response.Body.Close())
}

// TestOwnFieldsMustBeIndexed: a collection that lacks one of the indexes is refused by
// check, and by write before it reads a record, with the field's name.
func TestOwnFieldsMustBeIndexed(t *testing.T) {
	for _, field := range ownIndexes() {
		t.Run(field, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.createCollection(`{"deny":["` + field + `"]}`)
				_, err := w.checked(nil)
				requireConfigError(w.t, err, field, "indexing.collection")
				r, trace := w.fails(attempt{
					streams: []configured{stream("s", toDedup, key("id"), syncID(1))},
					lines:   []string{row("s", 1, "a"), streamState("s", 1)},
				})
				require.Equal(w.t, protocol.ConfigError, trace.FailureType)
				require.Contains(w.t, trace.Message, field)
				require.Zero(w.t, r.texts, "nothing is embedded before")
			})
		})
	}
}

// TestOwnIndexesSuffice: the six are all that any kind of stream filters by.
func TestOwnIndexesSuffice(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.createCollection(`{"allow":["` + strings.Join(ownIndexes(), `","`) + `"]}`)
		for _, text := range []string{"a", "b"} {
			w.sync(attempt{
				streams: []configured{stream("s", toDedup, key("id"), syncID(1)), stream("t", toAppend, syncID(1))},
				lines:   []string{row("s", 1, text), row("t", 1, text), streamState("s", 1), streamState("t", 2)},
			})
		}
		for generation, text := range []string{"c", "d"} {
			n := int64(generation + 2)
			w.sync(attempt{
				streams: []configured{stream("s", toAppend, numbered(n, n, n), fullRefresh(false))},
				lines:   []string{row("s", 1, text), streamState("s", 1), complete("s")},
			})
		}
		_, err := w.checked(nil)
		require.NoError(w.t, err)
	})
}

// TestDenyOfOwnFields: the configuration cannot leave out what the collection must index.
func TestDenyOfOwnFields(t *testing.T) {
	t.Parallel()
	for _, field := range ownIndexes() {
		text := fmt.Sprintf(`{"embedding":{"mode":"fake"},"processing":{"chunk_size":9},"indexing":{`+
			`"astra_db_endpoint":"local:x","astra_db_app_token":"","astra_db_keyspace":"k","collection":"c",`+
			`"indexing_deny":[%q]}}`, field)
		_, _, err := spec.Parse([]byte(text))
		requireConfigError(t, err, "indexing.indexing_deny[0]", field)
	}
}

// requireConfigError requires an error that is shown as the user's to mend, with these words.
func requireConfigError(t *testing.T, err error, words ...string) {
	t.Helper()
	require.Error(t, err)
	trace := fault.Classify(err)
	require.Equal(t, protocol.ConfigError, trace.FailureType, "%s", err)
	for _, word := range words {
		require.Contains(t, trace.Message, word)
	}
}
