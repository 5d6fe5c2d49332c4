package spec_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"destination-astra/internal/effort"
	"destination-astra/spec"
)

const astraEndpoint = "https://8292d414-dd1b-4c33-8431-e838bedc04f7-us-east1.apps.astra.datastax.com"

// The configurations that the Python connector was observed with. Their endpoint is a
// stand-in on loopback, which its schema's pattern refuses; so that gets an Astra one.
func TestPythonConfigurations(t *testing.T) {
	var configs map[string]map[string]any
	require.NoError(t, json.Unmarshal(unzipped(t, "python_configs.json.gz"), &configs))
	require.GreaterOrEqual(t, len(configs), 45)
	ours, theirs := connectionSchema(t, spec.ConnectorSpecification()), pythonSchema(t)
	for name, config := range configs {
		t.Run(name, func(t *testing.T) {
			asIs, err := json.Marshal(config)
			require.NoError(t, err)
			require.NoError(t, validate(ours, asIs))

			config["indexing"].(map[string]any)["astra_db_endpoint"] = astraEndpoint
			atAstra, err := json.Marshal(config)
			require.NoError(t, err)
			require.NoError(t, validate(theirs, atAstra))
			require.NoError(t, validate(ours, atAstra))

			for _, data := range [][]byte{asIs, atAstra} {
				if name == "check_bad_separator" {
					assert.Equal(t, map[string]string{
						"processing.text_splitter.separators[0]": "Invalid separator: \n. Separator " +
							"needs to be a valid JSON string using double quotes.",
					}, problems(t, data))
					continue
				}
				accept(t, data)
			}
		})
	}
}

// generator draws configurations of the Python connector's form. With wild, some values
// have the wrong type, are out of bounds or are missing; without, all are sensible.
type generator struct {
	t    *rapid.T
	wild bool
}

func (g generator) odd(label string) bool {
	return g.wild && rapid.IntRange(0, 15).Draw(g.t, label+" is odd") == 0
}

// put sets a property, or an odd value instead, or nothing.
func (g generator) put(object map[string]any, name string, required bool, value any) {
	if g.odd(name) {
		odd := []any{nil, 0, -1, 1e9, 1.5, "", "x", true, []any{}, []any{1}, map[string]any{}}
		if value = rapid.SampledFrom(odd).Draw(g.t, name); value == nil {
			return
		}
	} else if !required && rapid.Bool().Draw(g.t, name+" is left out") {
		return
	}
	object[name] = value
}

func (g generator) word(label string) string {
	return rapid.StringMatching(`[A-Za-z0-9_]{1,48}`).Draw(g.t, label)
}

func (g generator) words(label string) []string {
	return rapid.SliceOfN(rapid.StringMatching(`[a-z*]{1,5}(\.[a-z*]{1,5})?`), 0, 3).Draw(g.t, label)
}

func (g generator) embedding() map[string]any {
	mode := rapid.SampledFrom([]string{"openai", "cohere", "fake", "azure_openai",
		"openai_compatible"}).Draw(g.t, "mode")
	e := map[string]any{}
	g.put(e, "mode", true, mode)
	switch mode {
	case "openai":
		g.put(e, "openai_key", true, g.word("key"))
	case "cohere":
		g.put(e, "cohere_key", true, g.word("key"))
	case "azure_openai":
		g.put(e, "openai_key", true, g.word("key"))
		g.put(e, "api_base", true, "https://resource.openai.azure.com")
		g.put(e, "deployment", true, g.word("deployment"))
	case "openai_compatible":
		g.put(e, "api_key", false, g.word("key"))
		g.put(e, "base_url", true, "https://embeddings.example.com/v1")
		g.put(e, "model_name", false, g.word("model"))
		g.put(e, "dimensions", true, rapid.IntRange(1, 4096).Draw(g.t, "dimensions"))
	}
	return e
}

func (g generator) splitter() map[string]any {
	mode := rapid.SampledFrom([]string{"separator", "markdown", "code"}).Draw(g.t, "splitter")
	s := map[string]any{}
	g.put(s, "mode", true, mode)
	switch mode {
	case "separator":
		literals := []string{`"\n"`, `"."`, `""`, `" x "`, `"\u00e9"`}
		g.put(s, "separators", false, rapid.SliceOf(rapid.SampledFrom(literals)).Draw(g.t, "separators"))
		g.put(s, "keep_separator", false, rapid.Bool().Draw(g.t, "keep"))
	case "markdown":
		g.put(s, "split_level", false, rapid.IntRange(1, 6).Draw(g.t, "level"))
	case "code":
		languages := []string{"cpp", "go", "java", "js", "php", "proto", "python", "rst", "ruby",
			"rust", "scala", "swift", "markdown", "latex", "html", "sol"}
		g.put(s, "language", true, rapid.SampledFrom(languages).Draw(g.t, "language"))
	}
	return s
}

func (g generator) config() []byte {
	size := rapid.IntRange(1, 8191).Draw(g.t, "size")
	processing := map[string]any{}
	g.put(processing, "chunk_size", true, size)
	g.put(processing, "chunk_overlap", false, rapid.IntRange(0, size).Draw(g.t, "overlap"))
	g.put(processing, "text_fields", false, g.words("text"))
	g.put(processing, "metadata_fields", false, g.words("metadata"))
	g.put(processing, "text_splitter", false, g.splitter())
	mapping := map[string]any{}
	g.put(mapping, "from_field", true, "a")
	g.put(mapping, "to_field", true, "b")
	g.put(processing, "field_name_mappings", false, []any{mapping})
	indexing := map[string]any{}
	g.put(indexing, "astra_db_app_token", true, "AstraCS:"+g.word("token"))
	suffix := rapid.SampledFrom([]string{"", "/", "/api/json", ":443/x"}).Draw(g.t, "suffix")
	g.put(indexing, "astra_db_endpoint", true, astraEndpoint+suffix)
	g.put(indexing, "astra_db_keyspace", true, g.word("keyspace"))
	g.put(indexing, "collection", true, g.word("collection"))
	root := map[string]any{}
	g.put(root, "embedding", true, g.embedding())
	g.put(root, "processing", true, processing)
	g.put(root, "indexing", true, indexing)
	g.put(root, "omit_raw_text", false, rapid.Bool().Draw(g.t, "omit"))
	data, err := json.Marshal(root)
	require.NoError(g.t, err)
	return data
}

func TestSchemaAcceptsWhatThePythonSchemaAccepts(t *testing.T) {
	ours, theirs := connectionSchema(t, spec.ConnectorSpecification()), pythonSchema(t)
	accepted, refused := 0, 0
	effort.Check(t, 1, func(t *rapid.T) {
		data := generator{t: t, wild: true}.config()
		if validate(theirs, data) != nil {
			refused++
			return
		}
		accepted++
		require.NoError(t, validate(ours, data), string(data))
	})
	require.Positive(t, accepted)
	require.Positive(t, refused)
}

func TestParseAcceptsSensiblePythonConfigurations(t *testing.T) {
	theirs := pythonSchema(t)
	effort.Check(t, 1, func(t *rapid.T) {
		data := generator{t: t}.config()
		require.NoError(t, validate(theirs, data), string(data))
		_, warnings, err := spec.Parse(data)
		require.NoError(t, err, string(data))
		require.Empty(t, warnings)
	})
}
