package spec_test

import (
	"bytes"
	"encoding/json"
	"strconv"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"destination-astra/spec"
)

// whole and truth name the properties that Parse also takes as strings.
var (
	whole = []string{"chunk_size", "chunk_overlap", "dimensions", "split_level",
		"max_rejected_records", "flush_interval_seconds", "requests_per_minute",
		"tokens_per_minute", "max_concurrency"}
	truth = []string{"omit_raw_text", "keep_separator", "allow_empty_overwrite"}
)

// coerced undoes what the package comment lists as Parse's leniency, so that the rest can
// be held against the schema.
func coerced(value any) any {
	in, ok := value.(object)
	if !ok {
		return value
	}
	out := object{}
	for name, inner := range in {
		if text, ok := inner.(string); ok {
			inner = coercedText(name, strings.TrimSpace(text))
		}
		if inner != nil {
			out[name] = coerced(inner)
		}
	}
	return out
}

func coercedText(name, text string) any {
	for _, n := range whole {
		if number, err := strconv.ParseInt(text, 10, 64); err == nil && n == name {
			return json.Number(strconv.FormatInt(number, 10))
		}
	}
	for _, n := range truth {
		if lower := strings.ToLower(text); n == name && (lower == "true" || lower == "false") {
			return lower == "true"
		}
	}
	return text
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(minimal))
	f.Add([]byte(`{`))
	// Every option of every choice.
	for _, e := range []edits{
		{"embedding": object{"mode": "openai", "openai_key": " k ", "model": "m", "dimensions": "8"}},
		{"embedding": object{"mode": "cohere", "cohere_key": "k", "max_concurrency": 1}},
		{"embedding": object{"mode": "azure_openai", "openai_key": "k", "api_base": "https://a", "deployment": "d"}},
		{"embedding": object{"mode": "openai_compatible", "base_url": "http://a/v1", "dimensions": 8.0}},
		{"embedding": object{"mode": "from_field", "field_name": "v", "dimensions": 2}},
		{"processing.text_splitter": object{"mode": "separator", "separators": []string{`"\n"`}}},
		{"processing.text_splitter": object{"mode": "markdown", "split_level": "3"}},
		{"processing.text_splitter": object{"mode": "code", "language": "go"}},
		{"processing.rejected_records": object{"mode": "skip", "max_rejected_records": 5}},
		{"processing.field_name_mappings": []any{object{"from_field": "a", "to_field": "b"}}},
		{"indexing.astra_db_endpoint": "local:data", "indexing.astra_db_app_token": "", "omit_raw_text": "true"},
		{"indexing.indexing_deny": []string{"a&.b"}, "indexing.similarity_metric": "euclidean"},
		{"processing.chunk_overlap": nil, "processing.exclude_fields": []string{"a"}},
	} {
		f.Add(edited(f, e))
	}
	// A number whose digits would not fit into memory.
	f.Add([]byte(strings.Replace(minimal, "1000", "1e999999999", 1)))
	schema := connectionSchema(f, spec.ConnectorSpecification())
	f.Fuzz(func(t *testing.T, data []byte) {
		config, _, err := spec.Parse(data)
		if err != nil {
			require.Nil(t, config)
			_, ok := err.(spec.Errors)
			require.True(t, ok)
			return
		}
		instance, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
		require.NoError(t, err)
		require.NoError(t, schema.Validate(coerced(instance)), string(data))
		require.Positive(t, config.EmbedderDimension())
		require.LessOrEqual(t, config.EmbedderDimension(), spec.MaxDimensions)
	})
}

func FuzzParseEndpoint(f *testing.F) {
	for _, text := range []string{astraEndpoint, "local:data", "http://[::1]:8181/v1/", "https://a b",
		"https://u:p@h", "http://8.8.8.8", "https://h/%2f?#"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		e, err := spec.ParseEndpoint(text)
		if err != nil {
			require.Zero(t, e)
			return
		}
		_, local := e.IsLocal()
		require.Equal(t, local, len(e.BaseURLs()) == 0)
		for _, u := range e.BaseURLs() {
			require.False(t, strings.HasSuffix(u, "/"), u)
		}
		again, err := spec.ParseEndpoint(e.String())
		require.NoError(t, err)
		require.Equal(t, e, again)
	})
}
