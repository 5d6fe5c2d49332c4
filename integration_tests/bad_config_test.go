package integration_tests

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// TestBadConfiguration: check answers FAILED with exit code 0, write fails with a
// config_error, and both name every problem.
func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	good := toJSON(t, configFor("http://127.0.0.1:9"))
	tests := map[string]struct {
		config string
		words  []string
	}{
		"empty file":    {"", []string{"not valid JSON"}},
		"invalid JSON":  {"{\n  \"embedding\": {]", []string{"not valid JSON", "line 2"}},
		"text after it": {good + "x", []string{"not valid JSON"}},
		"not an object": {`[1]`, []string{"must be a JSON object"}},
		"nothing in it": {`{}`, []string{"embedding", "processing", "indexing"}},
		"wrong types": {
			`{"embedding":"fake","processing":[],"indexing":7}`, []string{"embedding", "processing", "indexing"},
		},
		"unknown mode":    {edited(t, "embedding", "mode", "magic"), []string{"embedding.mode"}},
		"chunk size":      {edited(t, "processing", "chunk_size", 0), []string{"processing.chunk_size"}},
		"text for number": {edited(t, "processing", "chunk_size", "many"), []string{"processing.chunk_size"}},
		"overlap":         {edited(t, "processing", "chunk_overlap", 501), []string{"processing.chunk_overlap"}},
		"not a separator": {
			edited(t, "processing", "text_splitter", object{"mode": "separator", "separators": []string{"\n"}}),
			[]string{"Invalid separator"},
		},
		"public over http": {
			edited(t, "indexing", "astra_db_endpoint", "http://8.8.8.8"), []string{"indexing.astra_db_endpoint", "https"},
		},
		"no URL":          {edited(t, "indexing", "astra_db_endpoint", "astra"), []string{"indexing.astra_db_endpoint"}},
		"collection name": {edited(t, "indexing", "collection", "with-dash"), []string{"indexing.collection"}},
		"several at once": {
			`{"embedding":{"mode":"magic"},"processing":{"chunk_size":-1,"tokenizer":"abc"},"indexing":` +
				`{"astra_db_endpoint":"ftp://x","astra_db_app_token":"t","astra_db_keyspace":"k k","collection":""}}`,
			[]string{"embedding.mode", "processing.chunk_size", "processing.tokenizer", "indexing.astra_db_endpoint",
				"indexing.astra_db_keyspace", "indexing.collection"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			path := writeFile(t, dir, "config.json", test.config)
			catalog := writeFile(t, dir, "catalog.json", toJSON(t, catalogOf(streamNamed("s", "append"))))

			answer := checkFile(t, dir, path)
			require.Equal(t, "FAILED", answer.Status)
			for _, word := range test.words {
				require.Contains(t, answer.Message, word)
			}
			run(t, dir, nil, "write", "--config", path, "--catalog", catalog).failed(t, "config_error", test.words...)
		})
	}
}

func edited(t *testing.T, section, name string, value any) string {
	t.Helper()
	return toJSON(t, configFor("http://127.0.0.1:9", set(section, name, value)))
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	j := newJob(t, configFor("http://127.0.0.1:9"), catalogOf(streamNamed("s", "append")))
	missing := filepath.Join(j.dir, "missing.json")

	answer := checkFile(t, j.dir, missing)
	require.Equal(t, "FAILED", answer.Status)
	require.Contains(t, answer.Message, "--config")
	answer = checkFile(t, j.dir, j.dir) // a folder
	require.Equal(t, "FAILED", answer.Status)

	run(t, j.dir, nil, "write", "--config", missing, "--catalog", j.catalog).failed(t, "config_error", "--config")
	run(t, j.dir, nil, "write", "--config", j.config, "--catalog", missing).failed(t, "config_error", "--catalog")
	run(t, j.dir, nil, "write", "--config", j.config, "--catalog", j.dir).failed(t, "config_error", "--catalog")
	unreadable := writeFile(t, j.dir, "secret.json", "{}")
	require.NoError(t, os.Chmod(unreadable, 0))
	if _, err := os.ReadFile(unreadable); err == nil {
		t.Skip("this user reads every file")
	}
	require.Equal(t, "FAILED", checkFile(t, j.dir, unreadable).Status)
}

func TestBadCatalog(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		catalog string
		words   []string
	}{
		"empty file":     {"", []string{"catalog"}},
		"invalid JSON":   {`{"streams":[}`, []string{"catalog"}},
		"not an object":  {`[]`, []string{"catalog"}},
		"streams a text": {`{"streams":"users"}`, []string{"streams"}},
		"no name": {
			`{"streams":[{"stream":{"json_schema":{}},"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`,
			[]string{"name"},
		},
		"unknown mode": {toJSON(t, catalogOf(streamNamed("s", "upsert"))), []string{"upsert"}},
		"one _ab_stream for two": {
			toJSON(t, catalogOf(streamNamed("a_b", "append"), streamNamed("b", "append", func(s object) {
				s["stream"].(object)["namespace"] = "a"
			}))), []string{"a_b", "a.b"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newDataAPI(t, localastra.Options{})
			j := newJob(t, configFor(api.url), object{})
			writeFile(t, j.dir, "catalog.json", test.catalog)
			j.write(t, note("s", 1, "x"), state("s", 1)).failed(t, "config_error", test.words...)
			require.Empty(t, api.collections(t), "nothing is created for a catalog that cannot be used")
		})
	}
}

// TestUnknownPropertiesAreAccepted, each with one WARN; in the catalog silently, as
// platforms add properties to it.
func TestUnknownPropertiesAreAccepted(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	config := configFor(api.url, set("indexing", "color", "green"), func(c object) { c["extra"] = object{"x": 1} })
	stream := streamNamed("s", "append")
	stream["extra"] = object{"y": 2}
	j := newJob(t, config, object{"streams": []object{stream}, "extra": 3})

	require.Equal(t, "SUCCEEDED", checkFile(t, j.dir, j.config).Status)
	r := j.write(t, note("s", 1, "x"), state("s", 1)).succeeded(t)

	require.Contains(t, r.logs(t, "WARN"), "setting=extra")
	require.Contains(t, r.logs(t, "WARN"), "setting=indexing.color")
	require.Len(t, api.documents(t), 1)
}

// TestCollectionThatDoesNotFit: check says FAILED and write fails before it reads
// anything, and both leave the collection alone.
func TestCollectionThatDoesNotFit(t *testing.T) {
	t.Parallel()
	vector := object{"dimension": 1536, "metric": "cosine"}
	tests := map[string]struct {
		options object
		words   []string
	}{
		"other dimension": {object{"vector": object{"dimension": 8, "metric": "cosine"}}, []string{"8", "1536"}},
		"no vectors":      {object{}, []string{"no vectors"}},
		"fields not indexed": {
			object{"vector": vector, "indexing": object{"deny": []string{"_ab_stream", "_ab_text_hash"}}},
			[]string{"_ab_stream", "_ab_text_hash"},
		},
		"only others indexed": {
			object{"vector": vector, "indexing": object{"allow": []string{"id"}}},
			[]string{"_ab_stream", "_ab_record_id", "_ab_generation_id", "_ab_text_hash"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newDataAPI(t, localastra.Options{})
			api.createCollection(t, test.options)
			words := append([]string{collection}, test.words...)
			j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))

			answer := checkFile(t, j.dir, j.config)
			require.Equal(t, "FAILED", answer.Status)
			for _, word := range words {
				require.Contains(t, answer.Message, word)
			}
			r := j.write(t, note("s", 1, "x"), state("s", 1)).failed(t, "config_error", words...)
			require.Empty(t, r.states(t))
			require.Empty(t, api.documents(t))
		})
	}
}

// TestCollectionOfThePythonConnector indexes everything: it is used, with a WARN,
// and refuses only what it cannot hold.
func TestCollectionOfThePythonConnector(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	api.createCollection(t, object{"vector": object{"dimension": 1536, "metric": "cosine"}})
	config := configFor(api.url, skipping(1), set("processing", "chunk_size", 8000))
	j := newJob(t, config, catalogOf(streamNamed("s", "append")))

	answer := checkFile(t, j.dir, j.config)
	require.Equal(t, "SUCCEEDED", answer.Status)
	require.Contains(t, answer.Message, "8000")
	r := j.write(t, note("s", 1, "short"), note("s", 2, longText()), state("s", 1)).succeeded(t)

	require.Equal(t, []string{"text: short"}, texts(api.documents(t), "text"))
	require.Equal(t, 1.0, r.stats(t)[0].RejectedRecordCount)
	require.Contains(t, r.logs(t, "WARN"), "8000")
}

// longText is one chunk of more than 8,000 bytes.
func longText() string {
	text := make([]byte, 0, 10_000)
	for len(text) < 9_000 {
		text = append(text, "nine thousand bytes of text "...)
	}
	return string(text)
}

// TestNewCollectionHoldsLongStrings: text and metadata beyond 8,000 bytes, whole.
func TestNewCollectionHoldsLongStrings(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	config := configFor(api.url, set("processing", "chunk_size", 8000),
		set("processing", "metadata_fields", []string{"id", "body"}))
	j := newJob(t, config, catalogOf(streamNamed("s", "append")))
	data := toJSON(t, object{"id": 1, "text": longText(), "body": longText()})

	j.write(t, record("s", data), state("s", 1)).succeeded(t)

	stored := api.documents(t)
	require.Len(t, stored, 1)
	require.Equal(t, "text: "+longText()[:len(longText())-1], stored[0].text("text"))
	require.Equal(t, object{"body": longText()}, stored[0]["_ab_long"])
	require.NotContains(t, stored[0], "body")
}

// TestServerSaysNo: the message names the setting to look at.
func TestServerSaysNo(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		edit func(object)
		word string
	}{
		"wrong token":      {set("indexing", "astra_db_app_token", "AstraCS:wrong"), "indexing.astra_db_app_token"},
		"unknown keyspace": {set("indexing", "astra_db_keyspace", "elsewhere"), "indexing.astra_db_keyspace"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newDataAPI(t, localastra.Options{Token: "AstraCS:right"})
			right := set("indexing", "astra_db_app_token", "AstraCS:right")
			j := newJob(t, configFor(api.url, right, test.edit), catalogOf(streamNamed("s", "append")))

			answer := checkFile(t, j.dir, j.config)
			require.Equal(t, "FAILED", answer.Status)
			require.Contains(t, answer.Message, test.word)
			r := j.write(t, note("s", 1, "x"), state("s", 1)).failed(t, "config_error", test.word)
			require.Empty(t, r.states(t))
			require.NotContains(t, r.stdout, "AstraCS:")
		})
	}
}

// TestEndpointIsNoDataAPI: a web server that answers something else.
func TestEndpointIsNoDataAPI(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	api.KeepControl("", answering(200, "<html>It works</html>"))
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))
	answer := checkFile(t, j.dir, j.config)
	require.Equal(t, "FAILED", answer.Status)
	require.Contains(t, answer.Message, "indexing.astra_db_endpoint")

	j = newJob(t, configFor(api.url+"/other/path"), catalogOf(streamNamed("s", "append")))
	answer = checkFile(t, j.dir, j.config)
	require.Equal(t, "FAILED", answer.Status)
	require.Contains(t, answer.Message, "indexing.astra_db_endpoint")
}

// TestLocalIsRefusedOnThePlatform, where the folder would be gone after the sync.
func TestLocalIsRefusedOnThePlatform(t *testing.T) {
	t.Parallel()
	j := newJob(t, configFor("local:data"), catalogOf(streamNamed("s", "append")))
	answer := checkFile(t, j.dir, j.config, "WORKER_JOB_ID=42")
	require.Equal(t, "FAILED", answer.Status)
	require.Contains(t, answer.Message, "indexing.astra_db_endpoint")

	r := runEnv(t, j.dir, []string{"WORKER_JOB_ID=42"}, nil, j.args()...).failed(t, "config_error", "local:")
	require.Empty(t, r.states(t))
	require.NoDirExists(t, filepath.Join(j.dir, "data"))
	require.Equal(t, "SUCCEEDED", checkFile(t, j.dir, j.config).Status, "elsewhere it may be used")
}
