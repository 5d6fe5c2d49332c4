package embed_test

import (
	"fmt"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/chunk"
	"destination-astra/embed"
	"destination-astra/internal/embedtest"
	"destination-astra/internal/retry"
	"destination-astra/spec"
)

// page is the user's page about embedding.
func page(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../docs/embedding.md")
	require.NoError(t, err)
	return string(text)
}

// TestPageTellsTheModels compares the page's table with what the package knows.
func TestPageTellsTheModels(t *testing.T) {
	rows := regexp.MustCompile("(?m)^\\| `((?:text-)?embed[^`]*)`(.*?) \\| (\\w+).* " +
		"\\| (\\d+) \\| (yes|no) \\| (\\d+) \\| (.*) \\|$")
	found := rows.FindAllStringSubmatch(page(t), -1)
	require.Len(t, found, 11)
	for _, row := range found {
		name, provider := row[1], strings.ToLower(row[3])
		m, ok := embed.FindModel(provider, name)
		require.True(t, ok, name)
		require.Equal(t, strconv.Itoa(m.Dimension), row[4], name)
		require.Equal(t, m.Shortens, row[5] == "yes", name)
		require.Equal(t, strconv.Itoa(m.Window), row[6], name)
		price := "not published"
		if m.DollarsPerMillion > 0 {
			price = fmt.Sprintf("%.2f", m.DollarsPerMillion)
		}
		require.Equal(t, price, row[7], name)
		require.Equal(t, m.Retired != "", strings.Contains(row[2], "retired "+m.Retired) && m.Retired != "", name)
		isDefault := name == embed.DefaultModel || name == embed.DefaultCohereModel
		require.Equal(t, isDefault, strings.Contains(row[2], "(default)"), name)
	}
	require.Contains(t, page(t), embed.PricesDate)
}

// TestPageTellsTheFigures: whoever changes one of these changes the page.
func TestPageTellsTheFigures(t *testing.T) {
	text := strings.Join(strings.Fields(page(t)), " ")
	for _, sentence := range []string{
		embed.DefaultOpenAIURL, embed.DefaultCohereURL,
		"the model `nomic-embed-text@900d04ce4374`",
		fmt.Sprintf("adds one, up to %d;", embed.DefaultMaxConcurrency),
		fmt.Sprintf("no reply within %.0f seconds", embed.DefaultTimeout.Seconds()),
		fmt.Sprintf("random waits, for %.0f minutes at most", retry.DefaultBudget.Minutes()),
		fmt.Sprintf("A request fails after %.0f minutes in which", retry.DefaultBudget.Minutes()),
		fmt.Sprintf("| %d | no limit | %d MiB |", embed.DefaultMaxTexts, embed.DefaultMaxBytes>>20),
	} {
		require.Contains(t, text, sentence)
	}
}

// pageConfig is the page's configuration for a local server.
func pageConfig(t *testing.T) spec.Embedding {
	t.Helper()
	blocks := regexp.MustCompile("(?s)```json\n(.*?)```").FindAllStringSubmatch(page(t), -1)
	require.Len(t, blocks, 2)
	config, warnings, err := spec.Parse([]byte(blocks[1][1]))
	require.NoError(t, err)
	require.Empty(t, warnings)
	return config.Embedding
}

// TestPageConfigurationWorks runs the page's example against a stand-in, once for each
// way in which local servers differ.
func TestPageConfigurationWorks(t *testing.T) {
	tokenizer, err := chunk.NewTokenizer("cl100k_base")
	require.NoError(t, err)
	servers := map[string]func(*embedtest.Options){
		"numbers, whatever is asked for": func(o *embedtest.Options) { o.FloatsOnly = true },
		"refuses encoding_format":        func(o *embedtest.Options) { o.RefuseEncodingFormat = true },
		"base64 and 32 texts a request":  func(o *embedtest.Options) { o.MaxTexts = 32 },
		"a window of 256 tokens":         func(o *embedtest.Options) { o.Window = 256 },
	}
	texts := append(numbered(100, 3), strings.Repeat("a long text ", 200))
	for name, change := range servers {
		t.Run(name, func(t *testing.T) {
			e := pageConfig(t)
			o := embedtest.Options{Path: "/v1/embeddings", Model: "nomic-embed-text", Dimensions: 768}
			change(&o)
			server := embedtest.NewServer(o)
			embedder, err := embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
				BaseURL: e.BaseURL, APIKey: e.APIKey.Reveal(), Model: e.Model, Dimensions: e.Dimensions,
				Common: embed.Common{Transport: server.Transport(), Counter: tokenizer},
			})
			require.NoError(t, err)
			vectors := mustEmbed(t, embedder, texts...)
			require.InDeltaSlice(t, embedtest.Vectors(texts[:1], 768)[0], vectors[0], tolerance)
			require.Len(t, vectors[100], 768)
			require.Equal(t, "openai_compatible/nomic-embed-text@900d04ce4374/768", embedder.Fingerprint())
		})
	}
}
