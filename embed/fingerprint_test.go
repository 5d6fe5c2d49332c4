package embed_test

import (
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

// TestFingerprintsOfTheProvidersThemselves: what is stored stays comparable.
func TestFingerprintsOfTheProvidersThemselves(t *testing.T) {
	const small = "openai/text-embedding-3-small/1536"
	for address, want := range map[string]string{
		"": small, "https://api.openai.com/v1": small, "https://API.OpenAI.com:443/v1/": small,
		"https://eu.api.openai.com/v1": small,
	} {
		e, err := embed.NewOpenAI(embed.OpenAIOptions{APIKey: "k", Model: "text-embedding-3-small", BaseURL: address})
		require.NoError(t, err)
		require.Equal(t, want, e.Fingerprint(), address)
		require.Equal(t, "text-embedding-3-small", e.Model())
	}
	for _, address := range []string{"", "https://api.cohere.com", "https://api.cohere.ai/v1"} {
		e, err := embed.NewCohere(embed.CohereOptions{APIKey: "k", Model: "embed-english-v3.0", BaseURL: address})
		require.NoError(t, err)
		require.Equal(t, "cohere/embed-english-v3.0/1024", e.Fingerprint(), address)
	}
}

// TestFingerprintsTellWhateverChangesVectors: each group is of one service, written in
// several ways, and no two groups share a fingerprint.
func TestFingerprintsTellWhateverChangesVectors(t *testing.T) {
	compatible := func(base, model, id string) string {
		e, err := embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
			BaseURL: base, Model: model, Dimensions: 8, Common: embed.Common{ServiceID: id},
		})
		require.NoError(t, err)
		return e.Fingerprint()
	}
	at := func(base string) string { return compatible(base, "", "") }
	openAI := func(base, id string) string {
		e, err := embed.NewOpenAI(embed.OpenAIOptions{APIKey: "k", BaseURL: base, Common: embed.Common{ServiceID: id}})
		require.NoError(t, err)
		return e.Fingerprint()
	}
	azure := func(base, deployment, version string) string {
		e, err := embed.NewAzureOpenAI(embed.AzureOpenAIOptions{
			APIKey: "k", APIBase: base, Deployment: deployment, APIVersion: version,
		})
		require.NoError(t, err)
		return e.Fingerprint()
	}
	named := func(name string) string {
		e, err := embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
			BaseURL: "https://a.example/v1", ReplyModel: name, Dimensions: 8,
		})
		require.NoError(t, err)
		return e.Fingerprint()
	}
	groups := [][]string{
		{
			at("https://a.example/v1"), at("https://a.example/v1/"), at("http://A.EXAMPLE:80/v1"), named("*"),
			at("https://user:MARKED@a.example/v1/embeddings"), at("https://a.example./v1?api_key=MARKED&api-version=2"),
		},
		{at("https://b.example/v1")},
		{at("https://a.example:8080/v1")},
		{at("https://a.example/v2")},
		{at("https://a.example/v1?deployment=x")},
		{compatible("https://a.example/v1", "m", "")},
		{compatible("https://a.example/v1", "", "ours"), compatible("https://b.example", "", "ours")},
		{compatible("https://a.example/v1", "", "openai_compatible")},
		{named("n")},
		{openAI("", ""), openAI("https://gateway.example/v1", "openai")},
		{openAI("https://gateway.example/v1", "")},
		{azure("https://r.openai.azure.com", "d", ""), azure("https://R.openai.azure.com/openai/", "d", "2024-10-21")},
		{azure("https://r.openai.azure.com", "e", "")},
		{azure("https://s.openai.azure.com", "d", "")},
	}
	form := regexp.MustCompile(`^[a-z_]+/[a-z0-9-]+(@([0-9a-f]{12}|ours))?/[0-9]+$`)
	seen := map[string]int{}
	for i, group := range groups {
		for _, f := range group {
			require.Equal(t, group[0], f, "group %d", i)
			require.Regexp(t, form, f)
		}
		_, double := seen[group[0]]
		require.False(t, double, "%s in groups %d and %d", group[0], i, seen[group[0]])
		seen[group[0]] = i
	}
}

// TestRepliesOfAnotherModel: they are not stored, and names that differ without being
// another model are taken.
func TestRepliesOfAnotherModel(t *testing.T) {
	tests := map[string]struct {
		asked, expected, answered string
		refused                   bool
	}{
		"the same":                 {"nomic", "", "nomic", false},
		"none":                     {"nomic", "", "", false},
		"letter case":              {"baai/BGE-m3", "", "BAAI/bge-m3", false},
		"latest":                   {"nomic-embed-text", "", "nomic-embed-text:latest", false},
		"dated":                    {"embed-3", "", "embed-3-2025-04-14", false},
		"dated without dashes":     {"embed-3", "", "embed-3@20250414", false},
		"numbered":                 {"embed-3", "", "embed-3-001", false},
		"asked with a date":        {"embed-3-0125", "", "embed-3", false},
		"maker in front":           {"text-embedding-3-small", "", "openai/text-embedding-3-small", false},
		"router in front":          {"openai/text-embedding-3-small", "", "text-embedding-3-small", false},
		"ada of old":               {"text-embedding-ada-002", "", "text-embedding-ada-002-v2", false},
		"Azure's ada":              {"text-embedding-ada-002", "", "ada", false},
		"another":                  {"text-embedding-ada-002", "", "BAAI/bge-small-en-v1.5", true},
		"another maker":            {"BAAI/bge-small", "", "Other/bge-small", true},
		"another size":             {"text-embedding-3", "", "text-embedding-3-small", true},
		"another version":          {"bge-small-en", "", "bge-small-en-v1.5", true},
		"as expected":              {"alias", "BAAI/bge-m3", "BAAI/bge-m3", false},
		"not as expected any more": {"alias", "BAAI/bge-m3", "alias", true},
		"any":                      {"alias", embed.AnyModel, "whatever", false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := embedtest.NewServer(embedtest.Options{Dimensions: 8})
			e, err := embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
				BaseURL: "https://h.example/v1", Model: test.asked, ReplyModel: test.expected, Dimensions: 8,
				Common: embed.Common{Transport: server.Transport(), Retry: quick},
			})
			require.NoError(t, err)
			vector := embedtest.Vectors([]string{"a"}, 8)
			server.Fail(embedtest.Fault{Body: string(embedtest.Reply(test.answered, vector, true, 1))})
			vectors, err := e.EmbedSome(t.Context(), []string{"a"})
			if !test.refused {
				require.NoError(t, err)
				return
			}
			require.Nil(t, vectors)
			got := requireError(t, err)
			require.True(t, got.ConfigFault())
			require.False(t, got.Retryable())
			require.Contains(t, got.Error(), test.answered)
			require.Contains(t, got.Error(), "embedding.reply_model")
			require.Equal(t, 1, server.Counts().Requests)
		})
	}
}
