package embed_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

// TestRequests pins what each provider sends, byte for byte as JSON.
func TestRequests(t *testing.T) {
	tests := map[string]struct {
		provider    string
		path, query string
		header      [2]string
		body        string
	}{
		"openai": {
			"openai", "/v1/embeddings", "", [2]string{"Authorization", "Bearer " + markedKey},
			`{"input":["a"],"model":"text-embedding-3-small","encoding_format":"base64","dimensions":8}`,
		},
		"azure": {
			"azure_openai", "/openai/deployments/my dep/embeddings", "api-version=2023-05-15",
			[2]string{"Api-Key", markedKey},
			`{"input":["a"],"model":"text-embedding-3-small","encoding_format":"base64","dimensions":8}`,
		},
		"compatible": {
			"openai_compatible", "/v1/embeddings", "", [2]string{"Authorization", "Bearer " + markedKey},
			`{"input":["a"],"model":"m","encoding_format":"base64"}`,
		},
		"cohere": {
			"cohere", "/v2/embed", "", [2]string{"Authorization", "Bearer " + markedKey},
			`{"texts":["a"],"model":"embed-x","input_type":"search_document",` +
				`"embedding_types":["base64"],"truncate":"NONE"}`,
		},
		"cohere v2.0": {
			"cohere v2.0", "/v1/embed", "", [2]string{"Authorization", "Bearer " + markedKey},
			`{"texts":["a"],"model":"embed-y-v2.0","input_type":"search_document","truncate":"NONE"}`,
		},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e, server := providers[test.provider].start(t, nil, embed.Common{UserAgent: "me/1"})
			mustEmbed(t, e, "a")
			sent := server.Requests()[0]
			require.Equal(t, test.path, sent.Path)
			require.Equal(t, test.query, sent.Query)
			require.Equal(t, test.header[1], sent.Header.Get(test.header[0]))
			require.Equal(t, "me/1", sent.Header.Get("User-Agent"))
			require.JSONEq(t, test.body, string(sent.Body))
		})
	}
}

func TestQueriesAreTypedForCohere(t *testing.T) {
	forEach(t, func(t *testing.T, p provider) {
		e, server := p.start(t, nil, embed.Common{})
		v, err := embed.EmbedQuery(t.Context(), e, "a question")
		require.NoError(t, err)
		require.Equal(t, embedtest.Vectors([]string{"a question"}, 8)[0], v)
		want := ""
		if p.strict.API == embedtest.Cohere {
			want = "search_query"
		}
		require.Equal(t, want, server.Requests()[0].InputType)
		server.Fail(embedtest.Status(401, "", "no"))
		_, err = embed.EmbedQuery(t.Context(), e, "a question")
		requireError(t, err)
	})
	v, err := embed.EmbedQuery(t.Context(), embed.NewFake(), "a question")
	require.NoError(t, err)
	require.Equal(t, mustEmbed(t, embed.NewFake(), "a question")[0], v)
}

func TestCohereRemembersTheForm(t *testing.T) {
	forms := func(server *embedtest.Server) (out []string) {
		for _, r := range server.Requests() {
			out = append(out, r.Path+" "+r.InputType+" "+r.EncodingFormat)
		}
		return out
	}
	t.Run("base64 is refused", func(t *testing.T) {
		e, server := providers["cohere"].start(t,
			func(o *embedtest.Options) { o.RefuseEncodingFormat = true }, embed.Common{})
		mustEmbed(t, e, "a")
		mustEmbed(t, e, "b")
		require.Equal(t, []string{
			"/v2/embed search_document base64", "/v2/embed search_document float", "/v2/embed search_document float",
		}, forms(server))
	})
	t.Run("input_type is refused", func(t *testing.T) {
		e, server := providers["cohere v2.0"].start(t,
			func(o *embedtest.Options) { o.RefuseInputType = true }, embed.Common{})
		mustEmbed(t, e, "a")
		mustEmbed(t, e, "b")
		require.Equal(t, []string{"/v1/embed  ", "/v1/embed  ", "/v1/embed  "}, forms(server))
		require.Contains(t, string(server.Requests()[0].Body), "input_type")
		require.NotContains(t, string(server.Requests()[2].Body), "input_type")
	})
}

// TestDimensionsAreAskedForWhereTheModelCan holds the table of models to what is sent.
func TestDimensionsAreAskedForWhereTheModelCan(t *testing.T) {
	tests := []struct {
		model      string
		dimensions int
		want, ask  int
	}{
		{"text-embedding-3-small", 0, 1536, 0}, {"text-embedding-3-small", 1536, 1536, 0},
		{"text-embedding-3-small", 512, 512, 512}, {"text-embedding-3-large", 0, 3072, 0},
		{"text-embedding-3-large", 1, 1, 1}, {"text-embedding-ada-002", 0, 1536, 0},
		{"", 0, 1536, 0}, {"my-model", 77, 77, 0},
	}
	for _, test := range tests {
		server := embedtest.NewServer(embedtest.Options{AnyKey: true, Dimensions: max(test.want, test.ask), Shortens: true})
		e, err := embed.NewOpenAI(embed.OpenAIOptions{
			APIKey: "k", Model: test.model, Dimensions: test.dimensions, Common: embed.Common{Transport: server.Transport()},
		})
		require.NoError(t, err)
		require.Equal(t, test.want, e.Dimension())
		mustEmbed(t, e, "a")
		require.Equal(t, test.ask, server.Requests()[0].Dimensions, test.model)
	}
	server := embedtest.NewServer(embedtest.Options{API: embedtest.Cohere, AnyKey: true, Shortens: true})
	e, err := embed.NewCohere(embed.CohereOptions{
		APIKey: "k", Model: "embed-v4.0", Dimensions: 256, Common: embed.Common{Transport: server.Transport()},
	})
	require.NoError(t, err)
	mustEmbed(t, e, "a")
	require.Equal(t, 256, server.Requests()[0].Dimensions)
}

func TestConstructorsRefuse(t *testing.T) {
	openAI := func(o embed.OpenAIOptions) error { _, err := embed.NewOpenAI(o); return err }
	azure := func(o embed.AzureOpenAIOptions) error { _, err := embed.NewAzureOpenAI(o); return err }
	cohere := func(o embed.CohereOptions) error { _, err := embed.NewCohere(o); return err }
	const url = "https://name.openai.azure.com"
	tests := map[string]struct {
		err     error
		setting string
	}{
		"openai without key":        {openAI(embed.OpenAIOptions{}), "embedding.openai_key"},
		"openai control character":  {openAI(embed.OpenAIOptions{APIKey: "a\nb"}), "embedding.openai_key"},
		"openai base URL":           {openAI(embed.OpenAIOptions{APIKey: "k", BaseURL: "host"}), "OPENAI_BASE_URL"},
		"openai unknown model":      {openAI(embed.OpenAIOptions{APIKey: "k", Model: "m"}), "embedding.dimensions"},
		"openai too many":           {openAI(embed.OpenAIOptions{APIKey: "k", Dimensions: 1537}), "embedding.dimensions"},
		"openai ada does not lower": {openAI(embed.OpenAIOptions{APIKey: "k", Dimensions: 8}), "embedding.dimensions"},
		"openai negative": {
			openAI(embed.OpenAIOptions{APIKey: "k", Dimensions: -1}), "embedding.dimensions",
		},
		"azure without key": {
			azure(embed.AzureOpenAIOptions{APIBase: url, Deployment: "d"}), "embedding.openai_key",
		},
		"azure without base": {
			azure(embed.AzureOpenAIOptions{APIKey: "k", Deployment: "d"}), "embedding.api_base",
		},
		"azure without deployment": {
			azure(embed.AzureOpenAIOptions{APIKey: "k", APIBase: url}), "embedding.deployment",
		},
		"cohere without key": {cohere(embed.CohereOptions{}), "embedding.cohere_key"},
		"cohere base URL":    {cohere(embed.CohereOptions{APIKey: "k", BaseURL: "x:"}), "CO_API_URL"},
		"cohere dimensions":  {cohere(embed.CohereOptions{APIKey: "k", Dimensions: 8}), "embedding.dimensions"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			e := requireError(t, test.err)
			require.Equal(t, test.setting, e.Setting)
			require.True(t, e.ConfigFault())
			require.False(t, e.Retryable())
		})
	}
}

func TestAzureBases(t *testing.T) {
	for _, base := range []string{
		"https://name.openai.azure.com", "https://name.openai.azure.com/", " https://name.openai.azure.com/openai/ ",
	} {
		server := embedtest.NewServer(embedtest.Options{API: embedtest.Azure, APIVersion: "2024-10-21", APIKey: "k"})
		e, err := embed.NewAzureOpenAI(embed.AzureOpenAIOptions{
			APIKey: "k", APIBase: base, Deployment: "a/b?c", APIVersion: "2024-10-21",
			Common: embed.Common{Transport: server.Transport()},
		})
		require.NoError(t, err)
		mustEmbed(t, e, "a")
		require.Equal(t, "/openai/deployments/a/b?c/embeddings", server.Requests()[0].Path)
	}
}

func TestAzureSaysWhichSettingNamesTheDeployment(t *testing.T) {
	e, _ := providers["azure_openai"].start(t, func(o *embedtest.Options) { o.Deployment = "other" }, embed.Common{})
	_, err := e.Embed(t.Context(), []string{"a"})
	require.Equal(t, "embedding.deployment", requireError(t, err).Setting)
	require.ErrorContains(t, err, "DeploymentNotFound")
}

func TestARetiredModelIsSaidToBe(t *testing.T) {
	server := embedtest.NewServer(embedtest.Options{API: embedtest.Cohere, AnyKey: true, Model: "embed-v4.0"})
	e, err := embed.NewCohere(embed.CohereOptions{APIKey: "k", Common: embed.Common{Transport: server.Transport()}})
	require.NoError(t, err)
	require.Equal(t, "cohere/embed-english-light-v2.0/1024", e.Fingerprint())
	_, err = e.Embed(t.Context(), []string{"a"})
	require.ErrorContains(t, err, "retired this model on 2026-04-04")
	require.Equal(t, "embedding.model", requireError(t, err).Setting)
}
