package models_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/models"
)

func TestMakes(t *testing.T) {
	tests := map[string]struct {
		model models.Model
		makes []int // of those below
	}{
		"nothing is known":  {models.Model{}, nil},
		"one length":        {models.Model{Dimension: 1024}, []int{1024}},
		"any shorter one":   {models.Model{Dimension: 1024, Shortens: true}, []int{1, 256, 300, 1024}},
		"some shorter ones": {models.Model{Dimension: 1024, Shortens: true, Shorter: []int{256}}, []int{256, 1024}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			for _, n := range []int{-1, 0, 1, 256, 300, 1024, 1025} {
				require.Equal(t, slices.Contains(test.makes, n), test.model.Makes(n), n)
			}
		})
	}
}

// TestTable: what every entry must say, whoever adds one.
func TestTable(t *testing.T) {
	_, err := time.Parse("2006-01", models.PricesDate)
	require.NoError(t, err)
	require.Equal(t, models.Names(models.OpenAI), models.Names(models.AzureOpenAI))
	require.Empty(t, models.Names("openai_compatible"))
	for provider, fallback := range map[string]string{
		models.OpenAI: models.DefaultOpenAI, models.Cohere: models.DefaultCohere,
	} {
		require.Contains(t, models.Names(provider), fallback)
		for _, name := range models.Names(provider) {
			m, ok := models.Find(provider, name)
			require.True(t, ok, name)
			require.Positive(t, m.Dimension, name)
			require.Positive(t, m.Window, name)
			require.Positive(t, m.MaxTexts, name)
			require.True(t, slices.IsSorted(m.Shorter), name)
			require.True(t, m.Shorter == nil || m.Shortens && slices.Max(m.Shorter) < m.Dimension, name)
			if m.Retired != "" {
				_, err := time.Parse(time.DateOnly, m.Retired)
				require.NoError(t, err, name)
			}
		}
	}
	m, ok := models.Find(models.Cohere, "text-embedding-3-small")
	require.False(t, ok, "of another provider")
	require.Zero(t, m)
}
