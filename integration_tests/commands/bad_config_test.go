package commands_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/localastra"
)

// object is JSON in the making.
type object = map[string]any

// TestBadConfiguration: check answers FAILED with exit code 0, write fails with a
// config_error, and both name every problem.
func TestBadConfiguration(t *testing.T) {
	t.Parallel()
	good := ToJSON(t, ConfigFor("http://127.0.0.1:9"))
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
			path := WriteFile(t, dir, "config.json", test.config)
			catalog := WriteFile(t, dir, "catalog.json", ToJSON(t, CatalogOf(StreamNamed("s", "append"))))

			answer := CheckFile(t, dir, path)
			require.Equal(t, "FAILED", answer.Status)
			for _, word := range test.words {
				require.Contains(t, answer.Message, word)
			}
			Run(t, dir, nil, "write", "--config", path, "--catalog", catalog).Failed(t, "config_error", test.words...)
		})
	}
}

func edited(t *testing.T, section, name string, value any) string {
	t.Helper()
	return ToJSON(t, ConfigFor("http://127.0.0.1:9", Set(section, name, value)))
}

func TestFilesThatCannotBeRead(t *testing.T) {
	t.Parallel()
	j := NewJob(t, ConfigFor("http://127.0.0.1:9"), CatalogOf(StreamNamed("s", "append")))
	missing := filepath.Join(j.Dir, "missing.json")

	answer := CheckFile(t, j.Dir, missing)
	require.Equal(t, "FAILED", answer.Status)
	require.Contains(t, answer.Message, "--config")
	answer = CheckFile(t, j.Dir, j.Dir) // a folder
	require.Equal(t, "FAILED", answer.Status)

	Run(t, j.Dir, nil, "write", "--config", missing, "--catalog", j.Catalog).Failed(t, "config_error", "--config")
	Run(t, j.Dir, nil, "write", "--config", j.Config, "--catalog", missing).Failed(t, "config_error", "--catalog")
	Run(t, j.Dir, nil, "write", "--config", j.Config, "--catalog", j.Dir).Failed(t, "config_error", "--catalog")
	unreadable := WriteFile(t, j.Dir, "secret.json", "{}")
	require.NoError(t, os.Chmod(unreadable, 0))
	if _, err := os.ReadFile(unreadable); err == nil {
		t.Skip("this user reads every file")
	}
	require.Equal(t, "FAILED", CheckFile(t, j.Dir, unreadable).Status)
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
		"unknown mode": {ToJSON(t, CatalogOf(StreamNamed("s", "upsert"))), []string{"upsert"}},
		"one _ab_stream for two": {
			ToJSON(t, CatalogOf(StreamNamed("a_b", "append"), StreamNamed("b", "append", func(s object) {
				s["stream"].(object)["namespace"] = "a"
			}))), []string{"a_b", "a.b"},
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{})
			j := NewJob(t, ConfigFor(api.URL), object{})
			WriteFile(t, j.Dir, "catalog.json", test.catalog)
			j.Write(t, Note("s", 1, "x"), State("s", 1)).Failed(t, "config_error", test.words...)
			require.Empty(t, api.Collections(t), "nothing is created for a catalog that cannot be used")
		})
	}
}

// TestUnknownPropertiesAreAccepted, each with one WARN; in the catalog silently, as
// platforms add properties to it.
func TestUnknownPropertiesAreAccepted(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	config := ConfigFor(api.URL, Set("indexing", "color", "green"), func(c object) { c["extra"] = object{"x": 1} })
	stream := StreamNamed("s", "append")
	stream["extra"] = object{"y": 2}
	j := NewJob(t, config, object{"streams": []object{stream}, "extra": 3})

	require.Equal(t, "SUCCEEDED", CheckFile(t, j.Dir, j.Config).Status)
	r := j.Write(t, Note("s", 1, "x"), State("s", 1)).Succeeded(t)

	require.Contains(t, r.Logs(t, "WARN"), "setting=extra")
	require.Contains(t, r.Logs(t, "WARN"), "setting=indexing.color")
	require.Len(t, api.Stored(t), 1)
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
			api := NewDataAPI(t, localastra.Options{})
			api.CreateCollection(t, test.options)
			words := append([]string{Collection}, test.words...)
			j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))

			answer := CheckFile(t, j.Dir, j.Config)
			require.Equal(t, "FAILED", answer.Status)
			for _, word := range words {
				require.Contains(t, answer.Message, word)
			}
			r := j.Write(t, Note("s", 1, "x"), State("s", 1)).Failed(t, "config_error", words...)
			require.Empty(t, r.States(t))
			require.Empty(t, api.Stored(t))
		})
	}
}

// TestCollectionOfThePythonConnector indexes everything: it is used, with a WARN,
// and refuses only what it cannot hold.
func TestCollectionOfThePythonConnector(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	api.CreateCollection(t, object{"vector": object{"dimension": 1536, "metric": "cosine"}})
	config := ConfigFor(api.URL, Skipping(1), Set("processing", "chunk_size", 8000))
	j := NewJob(t, config, CatalogOf(StreamNamed("s", "append")))

	answer := CheckFile(t, j.Dir, j.Config)
	require.Equal(t, "SUCCEEDED", answer.Status)
	require.Contains(t, answer.Message, "8000")
	r := j.Write(t, Note("s", 1, "short"), Note("s", 2, longText()), State("s", 1)).Succeeded(t)

	require.Equal(t, []string{"text: short"}, Texts(api.Stored(t), "text"))
	require.Equal(t, 1.0, r.Stats(t)[0].RejectedRecordCount)
	require.Contains(t, r.Logs(t, "WARN"), "8000")
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
	api := NewDataAPI(t, localastra.Options{})
	config := ConfigFor(api.URL, Set("processing", "chunk_size", 8000),
		Set("processing", "metadata_fields", []string{"id", "body"}))
	j := NewJob(t, config, CatalogOf(StreamNamed("s", "append")))
	data := ToJSON(t, object{"id": 1, "text": longText(), "body": longText()})

	j.Write(t, Record("s", data), State("s", 1)).Succeeded(t)

	stored := api.Stored(t)
	require.Len(t, stored, 1)
	require.Equal(t, "text: "+longText()[:len(longText())-1], stored[0].Text("text"))
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
		"wrong token":      {Set("indexing", "astra_db_app_token", "AstraCS:wrong"), "indexing.astra_db_app_token"},
		"unknown keyspace": {Set("indexing", "astra_db_keyspace", "elsewhere"), "indexing.astra_db_keyspace"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{Token: "AstraCS:right"})
			right := Set("indexing", "astra_db_app_token", "AstraCS:right")
			j := NewJob(t, ConfigFor(api.URL, right, test.edit), CatalogOf(StreamNamed("s", "append")))

			answer := CheckFile(t, j.Dir, j.Config)
			require.Equal(t, "FAILED", answer.Status)
			require.Contains(t, answer.Message, test.word)
			r := j.Write(t, Note("s", 1, "x"), State("s", 1)).Failed(t, "config_error", test.word)
			require.Empty(t, r.States(t))
			require.NotContains(t, r.Stdout, "AstraCS:")
		})
	}
}

// TestEndpointIsNoDataAPI: a web server that answers something else.
func TestEndpointIsNoDataAPI(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	api.KeepControl("", Answering(200, "<html>It works</html>"))
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
	answer := CheckFile(t, j.Dir, j.Config)
	require.Equal(t, "FAILED", answer.Status)
	require.Contains(t, answer.Message, "indexing.astra_db_endpoint")

	j = NewJob(t, ConfigFor(api.URL+"/other/path"), CatalogOf(StreamNamed("s", "append")))
	answer = CheckFile(t, j.Dir, j.Config)
	require.Equal(t, "FAILED", answer.Status)
	require.Contains(t, answer.Message, "indexing.astra_db_endpoint")
}

// TestLocalIsRefusedOnThePlatform, where the folder would be gone after the sync.
func TestLocalIsRefusedOnThePlatform(t *testing.T) {
	t.Parallel()
	j := NewJob(t, ConfigFor("local:data"), CatalogOf(StreamNamed("s", "append")))
	answer := CheckFile(t, j.Dir, j.Config, "WORKER_JOB_ID=42")
	require.Equal(t, "FAILED", answer.Status)
	require.Contains(t, answer.Message, "indexing.astra_db_endpoint")

	r := RunEnv(t, j.Dir, []string{"WORKER_JOB_ID=42"}, nil, j.Args()...).Failed(t, "config_error", "local:")
	require.Empty(t, r.States(t))
	require.NoDirExists(t, filepath.Join(j.Dir, "data"))
	require.Equal(t, "SUCCEEDED", CheckFile(t, j.Dir, j.Config).Status, "elsewhere it may be used")
}
