package embed_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/chunk"
	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

// TestForecast: as many requests and tokens as Embed then sends.
func TestForecast(t *testing.T) {
	counter, err := chunk.NewTokenizer("cl100k_base")
	require.NoError(t, err)
	several := func(n int, text string) []string {
		texts := make([]string, n)
		for i := range texts {
			texts[i] = fmt.Sprint(i, text)
		}
		return texts
	}
	tests := map[string]struct {
		limits embed.Common
		texts  []string
	}{
		"none":      {embed.Common{}, nil},
		"one":       {embed.Common{}, []string{"one"}},
		"by texts":  {embed.Common{MaxTexts: 7}, several(50, " text")},
		"by tokens": {embed.Common{MaxTokens: 100}, several(50, strings.Repeat(" word", 30))},
		"by bytes":  {embed.Common{MaxBytes: 1000}, several(50, strings.Repeat("x", 300))},
		"long ones": {embed.Common{}, several(3, strings.Repeat(" word", 9000))},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := embedtest.NewServer(embedtest.Options{APIKey: "k", Dimensions: 1536})
			test.limits.Transport, test.limits.Counter = server.Transport(), counter
			e, err := embed.NewOpenAI(embed.OpenAIOptions{APIKey: "k", Common: test.limits,
				BaseURL: "http://localhost/v1", Model: "text-embedding-3-small"})
			require.NoError(t, err)
			want := e.Forecast(test.texts)
			require.True(t, want.Exact)
			_, err = e.Embed(t.Context(), test.texts)
			require.NoError(t, err)
			require.EqualValues(t, server.Counts().Requests, want.Requests)
			tokens := 0
			for _, text := range test.texts {
				tokens += counter.Count(text)
			}
			require.InDelta(t, tokens, want.Tokens, float64(len(test.texts)))
		})
	}
}
