package embed_test

import (
	"math"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/chunk"
	"destination-astra/embed"
)

// secretOf returns the value of an environment variable, or skips the test.
func secretOf(t *testing.T, name string) string {
	t.Helper()
	value := os.Getenv(name)
	if value == "" {
		t.Skipf("set %s to run this test against the real service; it costs less than a cent", name)
	}
	return value
}

func liveCommon(t *testing.T) embed.Common {
	t.Helper()
	tokenizer, err := chunk.NewTokenizer("cl100k_base")
	require.NoError(t, err)
	return embed.Common{Counter: tokenizer}
}

// testLive asks a real service for a few vectors, for a text that is longer than any
// window but Cohere's v4, and with a wrong key.
func testLive(t *testing.T, e serviceEmbedder, wrongKey embed.Embedder) {
	texts := []string{
		"The ferry leaves the harbour at dawn.", "老渡船在清晨的雾里慢慢离开码头",
		"quotes \" and \\ and \u2028",
		strings.Repeat("The old ferry leaves the quiet harbour at dawn. ", 1000),
	}
	vectors := mustEmbed(t, e, texts...)
	for i, v := range vectors {
		require.Len(t, v, e.Dimension(), "text %d", i)
		require.False(t, math.IsNaN(norm(v)))
	}
	query, err := e.EmbedQuery(t.Context(), "When does the boat go?")
	require.NoError(t, err)
	require.Greater(t, dot(query, vectors[0])/norm(vectors[0]), dot(query, vectors[2])/norm(vectors[2]))
	require.Positive(t, e.Usage().Tokens)
	require.Zero(t, e.Usage().Counted, "the service reports its tokens")

	_, err = wrongKey.Embed(t.Context(), texts[:1])
	got := requireError(t, err)
	require.True(t, got.ConfigFault())
	require.False(t, got.Retryable())
}

func TestLiveOpenAI(t *testing.T) {
	key := secretOf(t, "OPENAI_API_KEY")
	for _, dimensions := range []int{0, 256} {
		o := embed.OpenAIOptions{
			APIKey: key, Model: "text-embedding-3-small", Dimensions: dimensions,
			BaseURL: os.Getenv("OPENAI_BASE_URL"), Common: liveCommon(t),
		}
		e, err := embed.NewOpenAI(o)
		require.NoError(t, err)
		o.APIKey = markedKey
		wrong, err := embed.NewOpenAI(o)
		require.NoError(t, err)
		testLive(t, e, wrong)
	}
}

func TestLiveAzureOpenAI(t *testing.T) {
	o := embed.AzureOpenAIOptions{
		APIKey:     secretOf(t, "AZURE_OPENAI_API_KEY"),
		APIBase:    secretOf(t, "AZURE_OPENAI_ENDPOINT"),
		Deployment: secretOf(t, "AZURE_OPENAI_DEPLOYMENT"),
		Model:      os.Getenv("AZURE_OPENAI_MODEL"),
		APIVersion: os.Getenv("AZURE_OPENAI_API_VERSION"),
		Common:     liveCommon(t),
	}
	e, err := embed.NewAzureOpenAI(o)
	require.NoError(t, err)
	o.APIKey = markedKey
	wrong, err := embed.NewAzureOpenAI(o)
	require.NoError(t, err)
	testLive(t, e, wrong)
}

func TestLiveCohere(t *testing.T) {
	key := secretOf(t, "CO_API_KEY")
	for _, model := range []string{"embed-multilingual-v3.0", "embed-v4.0"} {
		o := embed.CohereOptions{APIKey: key, Model: model, BaseURL: os.Getenv("CO_API_URL"), Common: liveCommon(t)}
		e, err := embed.NewCohere(o)
		require.NoError(t, err)
		o.APIKey = markedKey
		wrong, err := embed.NewCohere(o)
		require.NoError(t, err)
		testLive(t, e, wrong)
	}
}
