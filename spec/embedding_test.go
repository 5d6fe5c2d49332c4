package spec_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"destination-astra/spec"
)

func TestParseEmbedding(t *testing.T) {
	tests := map[string]struct {
		in   map[string]any
		want spec.Embedding
	}{
		"openai": {
			object{"mode": "openai", "openai_key": "k"},
			spec.Embedding{Mode: spec.ModeOpenAI, OpenAIKey: "k", Model: "text-embedding-ada-002", Dimensions: 1536}},
		"openai small": {
			object{"mode": "openai", "openai_key": "k", "model": "text-embedding-3-small", "dimensions": 512},
			spec.Embedding{Mode: spec.ModeOpenAI, OpenAIKey: "k", Model: "text-embedding-3-small", Dimensions: 512}},
		"openai large": {
			object{"mode": "openai", "openai_key": "k", "model": "text-embedding-3-large"},
			spec.Embedding{Mode: spec.ModeOpenAI, OpenAIKey: "k", Model: "text-embedding-3-large", Dimensions: 3072}},
		"openai of tomorrow": {
			object{"mode": "openai", "openai_key": "k", "model": "new", "dimensions": 4096},
			spec.Embedding{Mode: spec.ModeOpenAI, OpenAIKey: "k", Model: "new", Dimensions: 4096}},
		"openai with ceilings": {
			object{"mode": "openai", "openai_key": "k", "requests_per_minute": 60,
				"tokens_per_minute": 1000, "max_concurrency": 2},
			spec.Embedding{Mode: spec.ModeOpenAI, OpenAIKey: "k", Model: "text-embedding-ada-002", Dimensions: 1536,
				Ceilings: spec.Ceilings{RequestsPerMinute: 60, TokensPerMinute: 1000, MaxConcurrency: 2}}},
		"cohere": {
			object{"mode": "cohere", "cohere_key": "k"},
			spec.Embedding{Mode: spec.ModeCohere, CohereKey: "k", Model: "embed-english-light-v2.0", Dimensions: 1024}},
		"cohere v4 short": {
			object{"mode": "cohere", "cohere_key": "k", "model": "embed-v4.0", "dimensions": 256},
			spec.Embedding{Mode: spec.ModeCohere, CohereKey: "k", Model: "embed-v4.0", Dimensions: 256}},
		"fake": {
			object{"mode": "fake"}, spec.Embedding{Mode: spec.ModeFake, Dimensions: 1536}},
		"azure": {
			object{"mode": "azure_openai", "openai_key": "k", "api_base": "https://r.openai.azure.com/", "deployment": "d"},
			spec.Embedding{Mode: spec.ModeAzureOpenAI, OpenAIKey: "k", APIBase: "https://r.openai.azure.com/",
				Deployment: "d", Model: "text-embedding-ada-002", Dimensions: 1536}},
		"compatible without a key": {
			object{"mode": "openai_compatible", "base_url": "http://10.0.0.5:8080/v1", "dimensions": 8},
			spec.Embedding{Mode: spec.ModeOpenAICompatible, BaseURL: "http://10.0.0.5:8080/v1",
				Model: "text-embedding-ada-002", Dimensions: 8}},
		"compatible": {
			object{"mode": "openai_compatible", "base_url": "https://e.example.com", "dimensions": 384,
				"api_key": "k", "model_name": "nomic-embed-text"},
			spec.Embedding{Mode: spec.ModeOpenAICompatible, BaseURL: "https://e.example.com", APIKey: "k",
				Model: "nomic-embed-text", Dimensions: 384}},
		"astra vectorize": {
			object{"mode": "astra_vectorize", "provider": "openai", "model": "text-embedding-3-small", "dimensions": 256,
				"provider_key_name": "k", "parameters": []any{object{"name": "organizationId", "value": "o"}}},
			spec.Embedding{
				Mode: spec.ModeAstraVectorize, Model: "text-embedding-3-small", Dimensions: 256,
				Vectorize: spec.Vectorize{
					Provider: "openai", ProviderKeyName: "k", Parameters: map[string]string{"organizationId": "o"},
				},
			},
		},
		"from field": {
			object{"mode": "from_field", "field_name": "vector", "dimensions": 3},
			spec.Embedding{Mode: spec.ModeFromField, FieldName: "vector", Dimensions: 3}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := accept(t, edited(t, edits{"embedding": test.in}))
			assert.Equal(t, test.want, c.Embedding)
			assert.Equal(t, test.want.Dimensions, c.EmbedderDimension())
		})
	}
}

func TestParseEmbeddingRefuses(t *testing.T) {
	tests := map[string]struct {
		in   map[string]any
		want map[string]string
	}{
		"openai without a key": {
			object{"mode": "openai"},
			map[string]string{"embedding.openai_key": "is missing; paste your OpenAI API key"}},
		"cohere with an empty key": {
			object{"mode": "cohere", "cohere_key": ""},
			map[string]string{"embedding.cohere_key": "is empty; paste your Cohere API key"}},
		"azure without anything": {
			object{"mode": "azure_openai"},
			map[string]string{
				"embedding.openai_key": "is missing; paste the key of your Azure OpenAI resource",
				"embedding.api_base":   "is missing; give the URL of your Azure OpenAI resource",
				"embedding.deployment": "is missing; give the name of your deployment"}},
		"compatible without anything": {
			object{"mode": "openai_compatible"},
			map[string]string{
				"embedding.base_url":   "is missing; give the URL of your embedding service",
				"embedding.dimensions": "is missing; use a whole number from 1 to 4096"}},
		"from field without anything": {
			object{"mode": "from_field"},
			map[string]string{
				"embedding.field_name": "is missing; name the field that holds the vector",
				"embedding.dimensions": "is missing; use a whole number from 1 to 4096"}},
		"base URL without a scheme": {
			object{"mode": "openai_compatible", "base_url": "localhost:80", "dimensions": 5000},
			map[string]string{
				"embedding.base_url":   "is not a URL; it must begin with https:// (or http://)",
				"embedding.dimensions": `is 5000; use a whole number from 1 to 4096`}},
		"ada shortened": {
			object{"mode": "openai", "openai_key": "k", "dimensions": 512},
			map[string]string{"embedding.dimensions": "is 512, but text-embedding-ada-002 always makes 1536; " +
				"remove this setting or choose another model"}},
		"small stretched": {
			object{"mode": "openai", "openai_key": "k", "model": "text-embedding-3-small", "dimensions": 1537},
			map[string]string{"embedding.dimensions": "is 1537, but text-embedding-3-small makes at most 1536; " +
				"use a whole number from 1 to 1536"}},
		"cohere v4 odd": {
			object{"mode": "cohere", "cohere_key": "k", "model": "embed-v4.0", "dimensions": 300},
			map[string]string{"embedding.dimensions": "is 300, which embed-v4.0 cannot make; use 256 512 1024 or 1536"}},
		"unknown model": {
			object{"mode": "openai", "openai_key": "k", "model": "new"},
			map[string]string{"embedding.model": `is "new", which this connector does not know; for a model that is right ` +
				"say in dimensions how long its vectors are"}},
		"a slip in the model": {
			object{"mode": "openai", "openai_key": "k", "model": "Text-embedding-3-smal"},
			map[string]string{"embedding.model": `is "Text-embedding-3-smal", which this connector does not know; ` +
				`the nearest one that it knows is "text-embedding-3-small"; for a model that is right ` +
				"say in dimensions how long its vectors are"}},
		"unknown model, bad dimensions": {
			object{"mode": "openai", "openai_key": "k", "model": "new", "dimensions": 0},
			map[string]string{"embedding.dimensions": `is 0; use a whole number from 1 to 4096`}},
		"ceilings": {
			object{"mode": "cohere", "cohere_key": "k", "requests_per_minute": 0, "max_concurrency": 129},
			map[string]string{
				"embedding.requests_per_minute": `is 0; use a whole number from 1 to 1000000`,
				"embedding.max_concurrency":     `is 129; use a whole number from 1 to 128`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			assert.Equal(t, test.want, problems(t, edited(t, edits{"embedding": test.in})))
		})
	}
}

func TestParseEmbeddingWarnsOfPlainHTTP(t *testing.T) {
	for url, warns := range map[string]bool{
		"http://localhost:11434/v1": false, "http://tei": false, "http://192.168.0.2": false,
		"https://embed.example.com": false, "http://embed.example.com": true,
	} {
		_, warnings, err := spec.Parse(edited(t, edits{"embedding": object{
			"mode": "openai_compatible", "base_url": url, "dimensions": 8}}))
		require.NoError(t, err)
		assert.Equal(t, warns, len(warnings) == 1, url)
	}
}

func TestParseEmbeddingRefusesPublicPlainHTTP(t *testing.T) {
	for _, host := range []string{"8.8.8.8", "8。8。8。8", "134744072", "[2001:db8::1]:8080", "169.254.169.254"} {
		for setting, embedding := range map[string]object{
			"base_url": {"mode": "openai_compatible", "base_url": "http://" + host + "/v1", "dimensions": 8},
			"api_base": {"mode": "azure_openai", "openai_key": "k", "api_base": "http://" + host, "deployment": "d"},
		} {
			reasons := problems(t, edited(t, edits{"embedding": embedding}))
			require.Contains(t, reasons["embedding."+setting], "your key and your texts would travel unencrypted; use https", host)
		}
	}
}

// The tokenless ceilings of modes without a service are unknown, not silently taken.
func TestParseFakeHasNoCeilings(t *testing.T) {
	_, warnings, err := spec.Parse(edited(t, edits{"embedding.max_concurrency": 3}))
	require.NoError(t, err)
	require.Len(t, warnings, 1)
	assert.Equal(t, "embedding.max_concurrency", warnings[0].Path)
}
