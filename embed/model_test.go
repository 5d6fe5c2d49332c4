package embed_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/spec"
)

func TestFindModel(t *testing.T) {
	tests := []struct {
		provider, name string
		dimension      int
		shortens       bool
		window, texts  int
	}{
		{"openai", "text-embedding-ada-002", 1536, false, 8191, 2048},
		{"openai", "text-embedding-3-small", 1536, true, 8191, 2048},
		{"azure_openai", "text-embedding-3-large", 3072, true, 8191, 2048},
		{"cohere", "embed-english-light-v2.0", 1024, false, 512, 96},
		{"cohere", "embed-english-v2.0", 4096, false, 512, 96},
		{"cohere", "embed-multilingual-v2.0", 768, false, 256, 96},
		{"cohere", "embed-english-v3.0", 1024, false, 512, 96},
		{"cohere", "embed-english-light-v3.0", 384, false, 512, 96},
		{"cohere", "embed-multilingual-v3.0", 1024, false, 512, 96},
		{"cohere", "embed-multilingual-light-v3.0", 384, false, 512, 96},
		{"cohere", "embed-v4.0", 1536, true, 128_000, 96},
	}
	for _, test := range tests {
		m, ok := embed.FindModel(test.provider, test.name)
		require.True(t, ok, test.name)
		require.Equal(t, test.dimension, m.Dimension, test.name)
		require.Equal(t, test.shortens, m.Shortens, test.name)
		require.Equal(t, test.window, m.Window, test.name)
		require.Equal(t, test.texts, m.MaxTexts, test.name)
	}
	for _, provider := range []string{"openai", "cohere", "openai_compatible", "fake", ""} {
		m, ok := embed.FindModel(provider, "my-model")
		require.False(t, ok)
		require.Zero(t, m)
	}
}

// TestTheConfigurationKnowsTheSameModels: package spec has its own table, to judge
// dimensions before anything is asked.
func TestTheConfigurationKnowsTheSameModels(t *testing.T) {
	const config = `{"embedding": {"mode": %q, "model": %q, "openai_key": "k", "cohere_key": "k",
		"api_base": "https://h", "deployment": "d"},
		"processing": {"chunk_size": 512},
		"indexing": {"astra_db_app_token": "", "astra_db_endpoint": "local:data",
			"astra_db_keyspace": "default_keyspace", "collection": "c"}}`
	for provider, names := range map[string][]string{
		"openai":       {"text-embedding-ada-002", "text-embedding-3-small", "text-embedding-3-large"},
		"azure_openai": {"text-embedding-ada-002", "text-embedding-3-small", "text-embedding-3-large"},
		"cohere": {
			"embed-english-v2.0", "embed-english-light-v2.0", "embed-multilingual-v2.0", "embed-english-v3.0",
			"embed-english-light-v3.0", "embed-multilingual-v3.0", "embed-multilingual-light-v3.0", "embed-v4.0",
		},
	} {
		for _, name := range names {
			parsed, _, err := spec.Parse(fmt.Appendf(nil, config, provider, name))
			require.NoError(t, err, name)
			m, _ := embed.FindModel(provider, name)
			require.Equal(t, m.Dimension, parsed.Embedding.Dimensions, name)
		}
	}
}

func TestCost(t *testing.T) {
	_, err := time.Parse("2006-01", embed.PricesDate)
	require.NoError(t, err)
	for model, want := range map[string]float64{
		"text-embedding-ada-002": 0.25, "text-embedding-3-small": 0.05, "text-embedding-3-large": 0.325,
	} {
		dollars, ok := embed.Cost("openai", model, 2_500_000)
		require.True(t, ok)
		require.InDelta(t, want, dollars, 1e-9, model)
		_, ok = embed.Cost("azure_openai", model, 2_500_000)
		require.False(t, ok, "prices of Azure differ")
	}
	for _, model := range []string{"embed-english-v3.0", "my-model", ""} {
		dollars, ok := embed.Cost("cohere", model, 1)
		require.False(t, ok)
		require.Zero(t, dollars)
	}
}
