package parity_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// goldenCase is one run of the Python connector: what went in, what it embedded,
// what it inserted (without _id and $vector) and what it printed.
type goldenCase struct {
	Name       string `json:"name"`
	Config     string `json:"config.json"`
	Catalog    string `json:"catalog.json"`
	Input      string `json:"input.jsonl"`
	Documents  string `json:"documents.jsonl"`
	Embeddings string `json:"embeddings.jsonl"`
	Output     string `json:"output.jsonl"`
}

func goldenCases(t *testing.T) []goldenCase {
	t.Helper()
	var all []goldenCase
	for line := range bytes.Lines(Gunzip(t, "cases.jsonl.gz")) {
		var c goldenCase
		require.NoError(t, json.Unmarshal(line, &c))
		all = append(all, c)
	}
	require.Len(t, all, 45)
	return all
}

// newerVersions are the cases in which a record comes again or is deleted. There
// the Python connector kept what it should have replaced, or embedded versions
// that never had to be stored.
var newerVersions = []string{"dedup_simple", "cdc_deletes", "multi_stream_batches"}

// failedInPython is the case that ended in an error of the Python connector after
// its first batch was embedded.
const failedInPython = "cohere"

// TestGoldenWrites runs each case with the fake embedder where it has that one, and
// again with an embedding service that records the texts. The modes of other services
// get that service too: texts and documents do not depend on who embeds.
func TestGoldenWrites(t *testing.T) {
	t.Parallel()
	for _, c := range goldenCases(t) {
		if c.Catalog == "" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			if mode(t, c.Config) == "fake" {
				c.write(t, object{"mode": "fake"})
			}
			service := embedtest.NewServer(embedtest.Options{APIKey: "k"})
			listener := httptest.NewServer(service)
			defer listener.Close()
			kept := c.write(t, object{
				"mode": "openai_compatible", "base_url": listener.URL + "/v1", "api_key": "k", "dimensions": 1536,
			})
			c.compareTexts(t, service.Texts(), kept)
		})
	}
}

// write runs the case and holds documents and states against the golden ones. It
// returns the documents stored.
func (c goldenCase) write(t *testing.T, embedding object) []Document {
	t.Helper()
	api := NewDataAPI(t, localastra.Options{Token: "AstraCS:test"})
	var config object
	require.NoError(t, json.Unmarshal([]byte(c.Config), &config))
	config["embedding"] = embedding
	Set("indexing", "astra_db_endpoint", api.URL)(config)
	j := NewJob(t, config, json.RawMessage(c.Catalog))

	r := Run(t, j.Dir, strings.NewReader(c.Input), j.Args()...).Succeeded(t)

	CompareStates(t, c.Input, r)
	got := api.Stored(t)
	if c.Name == failedInPython {
		require.Len(t, got, strings.Count(c.Input, `"RECORD"`))
		return got
	}
	want := c.remaining(t)
	require.Equal(t, Content(t, want, Everything), Content(t, got, ours))
	return got
}

// ours are the fields that the Python connector did not write.
func ours(name string) bool {
	switch name {
	case "_id", "_ab_chunk_index", "_ab_text_hash", "_ab_embedder", "_ab_generation_id", "_ab_attempt":
		return true
	}
	return strings.HasPrefix(name, "_ab_field_")
}

// remaining are the golden documents that a correct connector leaves: the last
// version of each key, nothing deleted, and no field under a name that the source
// spoofed or that the Data API refuses (we store those as _ab_field_*).
func (c goldenCase) remaining(t *testing.T) []Document {
	t.Helper()
	var all []Document
	for line := range strings.Lines(c.Documents) {
		all = append(all, DecodeDocument(t, []byte(line)))
	}
	keyed := keyedStreams(t, c.Catalog)
	last := map[string]int{}
	for i, d := range all {
		for name := range d {
			if name == "" || name[0] == '$' || name == "_ab_record_id" && !keyed[d.Text("_ab_stream")] {
				delete(d, name)
			}
		}
		last[d.Text("_ab_record_id")] = i
	}
	if !slices.Contains(newerVersions, c.Name) {
		return all
	}
	gone := deletedKeys(t, c.Input)
	var kept []Document
	for i, d := range all {
		id := d.Text("_ab_record_id")
		if id == "" || last[id] == i && !gone[id] {
			kept = append(kept, d)
		}
	}
	return kept
}

// keyedStreams are the _ab_stream of the streams that deduplicate.
func keyedStreams(t *testing.T, catalog string) map[string]bool {
	t.Helper()
	var parsed struct {
		Streams []struct {
			Stream     struct{ Name, Namespace string }
			Mode       string     `json:"destination_sync_mode"`
			PrimaryKey [][]string `json:"primary_key"`
		}
	}
	require.NoError(t, json.Unmarshal([]byte(catalog), &parsed))
	keyed := map[string]bool{}
	for _, s := range parsed.Streams {
		name := strings.TrimPrefix(s.Stream.Namespace+"_"+s.Stream.Name, "_")
		keyed[name] = s.Mode == "append_dedup" && len(s.PrimaryKey) > 0
	}
	return keyed
}

// deletedKeys are the _ab_record_id of the records that the input deletes at last.
func deletedKeys(t *testing.T, input string) map[string]bool {
	t.Helper()
	gone := map[string]bool{}
	for line := range strings.Lines(input) {
		var m struct {
			Record struct {
				Stream string
				Data   struct {
					ID      any `json:"id"`
					Deleted any `json:"_ab_cdc_deleted_at"`
				}
			}
		}
		require.NoError(t, json.Unmarshal([]byte(line), &m))
		gone[fmt.Sprintf("%s_%v", m.Record.Stream, m.Record.Data.ID)] = m.Record.Data.Deleted != nil
	}
	return gone
}

// compareTexts holds what was embedded against what the Python connector embedded.
func (c goldenCase) compareTexts(t *testing.T, got []string, kept []Document) {
	t.Helper()
	var want []string
	for line := range strings.Lines(c.Embeddings) {
		var call struct{ Texts []string }
		require.NoError(t, json.Unmarshal([]byte(line), &call))
		want = append(want, call.Texts...)
	}
	switch {
	case c.Name == failedInPython:
		require.Subset(t, got, want)
	case slices.Contains(newerVersions, c.Name):
		require.Subset(t, want, got)
		require.Subset(t, got, Texts(kept, "text"))
	default:
		require.Equal(t, Unique(want), Unique(got))
	}
}

// TestGoldenChecks compares the answer to check.
func TestGoldenChecks(t *testing.T) {
	t.Parallel()
	for _, c := range goldenCases(t) {
		if c.Catalog != "" {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{Token: "AstraCS:test"})
			var config object
			require.NoError(t, json.Unmarshal([]byte(c.Config), &config))
			Set("indexing", "astra_db_endpoint", api.URL)(config)
			var service embedtest.Options
			address := func(string) {}
			var env []string
			switch mode(t, c.Config) {
			case "openai":
				service = embedtest.Options{APIKey: "sk-test", Path: "/v1/embeddings", Model: "text-embedding-ada-002"}
				address = func(url string) { env = append(env, "OPENAI_BASE_URL="+url+"/v1") }
			case "azure_openai":
				service = embedtest.Options{API: embedtest.Azure, APIKey: "az-test", Deployment: "my-dep"}
				address = func(url string) { Set("embedding", "api_base", url)(config) }
			case "openai_compatible":
				service = embedtest.Options{APIKey: "k", Path: "/v1/embeddings", Dimensions: 8}
				address = func(url string) { Set("embedding", "base_url", url+"/v1")(config) }
			}
			listener := httptest.NewServer(embedtest.NewServer(service))
			defer listener.Close()
			address(listener.URL)
			var want Message
			require.NoError(t, json.Unmarshal([]byte(c.Output), &want))

			got := Check(t, config, env...)

			require.Equal(t, want.ConnectionStatus.Status, got.Status, got.Message)
			require.Contains(t, got.Message, want.ConnectionStatus.Message)
			require.Empty(t, api.Collections(t), "check creates nothing")
		})
	}
}

func mode(t *testing.T, config string) string {
	t.Helper()
	var c struct{ Embedding struct{ Mode string } }
	require.NoError(t, json.Unmarshal([]byte(config), &c))
	return c.Embedding.Mode
}

// TestReservedNamesLoseNothing: what the Python connector dropped or let spoil the
// document is stored under a name of its own (golden case reserved_names).
func TestReservedNamesLoseNothing(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	config := ConfigFor(api.URL, func(c object) { c["processing"] = object{"chunk_size": 500} })
	j := NewJob(t, config, CatalogOf(StreamNamed("m", "append")))

	r := j.Write(t,
		Record("m", `{"_id":77,"$vector":[1,2],"$vectorize":"zz","$set":1,"a.b":2,"_ab_stream":"spoof",`+
			`"_ab_record_id":"spoof2","text":"own text","":"nameless","_ab_cdc_deleted_at":null,"deep":{"$x":1}}`),
		Record("m", `{"_id":78,"body":"b"}`), State("m", 1)).Succeeded(t)

	got := api.Stored(t)
	require.Len(t, got, 2)
	d := got[slices.IndexFunc(got, func(d Document) bool { return d["a.b"] != nil })]
	require.Len(t, d.Text("_id"), 64)
	delete(d, "_id")
	delete(d, "_ab_text_hash")
	require.JSONEq(t, `{
		"_ab_stream": "m", "_ab_chunk_index": 0, "_ab_embedder": "fake/hashed-words-ngrams-v1/1536",
		"a.b": 2, "_ab_cdc_deleted_at": null, "deep": {"_ab_field__Sx": 1},
		"text": "_id: 77\n$vector: 1\n2\n$vectorize: zz\n$set: 1\na.b: 2\n_ab_stream: spoof\n`+
		`_ab_record_id: spoof2\ntext: own text\n: nameless\n_ab_cdc_deleted_at: None\ndeep: \n$x: 1",
		"_ab_field___id": 77, "_ab_field__Svector": [1, 2], "_ab_field__Svectorize": "zz", "_ab_field__Sset": 1,
		"_ab_field___ab__stream": "spoof", "_ab_field___ab__record__id": "spoof2",
		"_ab_field_text": "own text", "_ab_field__E": "nameless"
	}`, ToJSON(t, d))
	require.Equal(t, 1, strings.Count(r.Logs(t, "WARN"), "_ab_field___id"), "one warning a stream and name")
}
