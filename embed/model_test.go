package embed_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/models"
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

// TestTheConfigurationJudgesAlike: a configuration that package spec takes is one that the
// embedder can be made of, and one that it refuses is not.
func TestTheConfigurationJudgesAlike(t *testing.T) {
	const config = `{"embedding": {"mode": %q, "model": %q, "dimensions": %d, "openai_key": "k", "cohere_key": "k",
		"api_base": "https://h", "deployment": "d"},
		"processing": {"chunk_size": 512},
		"indexing": {"astra_db_app_token": "", "astra_db_endpoint": "local:data",
			"astra_db_keyspace": "default_keyspace", "collection": "c"}}`
	embedders := map[string]func(model string, dimensions int) (embed.Embedder, error){
		"openai": func(model string, n int) (embed.Embedder, error) {
			return embed.NewOpenAI(embed.OpenAIOptions{APIKey: "k", Model: model, Dimensions: n})
		},
		"azure_openai": func(model string, n int) (embed.Embedder, error) {
			return embed.NewAzureOpenAI(embed.AzureOpenAIOptions{
				APIKey: "k", APIBase: "https://h", Deployment: "d", Model: model, Dimensions: n,
			})
		},
		"cohere": func(model string, n int) (embed.Embedder, error) {
			return embed.NewCohere(embed.CohereOptions{APIKey: "k", Model: model, Dimensions: n})
		},
	}
	for provider, embedder := range embedders {
		for _, name := range append(models.Names(provider), "a-model-of-tomorrow") {
			for _, dimensions := range []int{0, 1, 256, 300, 384, 512, 768, 1024, 1536, 1537, 3072, 4096} {
				config := fmt.Sprintf(config, provider, name, dimensions)
				config = strings.Replace(config, `"dimensions": 0, `, "", 1)
				parsed, _, wrong := spec.Parse([]byte(config))
				e, err := embedder(name, dimensions)
				require.Equal(t, wrong == nil, err == nil, "%s %d: %v, %v", name, dimensions, wrong, err)
				if err == nil {
					require.Equal(t, parsed.Embedding.Dimensions, e.Dimension(), "%s %d", name, dimensions)
				}
			}
		}
	}
}

func TestCost(t *testing.T) {
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
