package embed_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/chunk"
	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

// goldenCase is what Airbyte's Python connector sent in one run: the texts of each call
// of its embedder, and the requests that came of them. Its requests hold tokens where
// ours hold texts; the recording has turned them back into texts.
type goldenCase struct {
	Name      string `json:"name"`
	Embedding struct {
		Mode       string `json:"mode"`
		OpenAIKey  string `json:"openai_key"`
		CohereKey  string `json:"cohere_key"`
		APIKey     string `json:"api_key"`
		APIBase    string `json:"api_base"`
		Deployment string `json:"deployment"`
		BaseURL    string `json:"base_url"`
		Dimensions int    `json:"dimensions"`
	} `json:"embedding"`
	Requests []struct {
		Path   string            `json:"path"`
		Bearer bool              `json:"auth"`
		Other  map[string]string `json:"other_fields"`
		Texts  []string          `json:"texts"`
		Tokens []int             `json:"tokens"`
	} `json:"requests"`
	Calls [][]string `json:"calls"`
}

func goldenCases(t *testing.T) []goldenCase {
	t.Helper()
	packed, err := os.ReadFile("testdata/goldens.jsonl.gz")
	require.NoError(t, err)
	lines, err := gzip.NewReader(bytes.NewReader(packed))
	require.NoError(t, err)
	var cases []goldenCase
	scanner := bufio.NewScanner(lines)
	scanner.Buffer(nil, 1<<24)
	for scanner.Scan() {
		var c goldenCase
		require.NoError(t, json.Unmarshal(scanner.Bytes(), &c))
		cases = append(cases, c)
	}
	require.NoError(t, scanner.Err())
	return cases
}

// start makes the embedder that the case's configuration asks for.
func (c goldenCase) start(t *testing.T, common embed.Common) (serviceEmbedder, *embedtest.Server) {
	t.Helper()
	g := c.Embedding
	o := embedtest.Options{APIKey: g.OpenAIKey + g.CohereKey + g.APIKey, Dimensions: g.Dimensions}
	switch g.Mode {
	case "azure_openai":
		o.API, o.MaxTexts = embedtest.Azure, 16
	case "cohere":
		o.API, o.Dimensions = embedtest.Cohere, 1024
	}
	server := embedtest.NewServer(o)
	common.Transport, common.Retry = server.Transport(), quick
	var e serviceEmbedder
	var err error
	switch g.Mode {
	case "openai":
		e, err = embed.NewOpenAI(embed.OpenAIOptions{APIKey: g.OpenAIKey, Common: common})
	case "azure_openai":
		e, err = embed.NewAzureOpenAI(embed.AzureOpenAIOptions{
			APIKey: g.OpenAIKey, APIBase: g.APIBase, Deployment: g.Deployment, Common: common,
		})
	case "cohere":
		e, err = embed.NewCohere(embed.CohereOptions{APIKey: g.CohereKey, Common: common})
	default:
		e, err = embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
			BaseURL: g.BaseURL, APIKey: g.APIKey, Dimensions: g.Dimensions, Common: common,
		})
	}
	require.NoError(t, err)
	return e, server
}

// TestGoldens: for the same configuration and texts as the Python connector we ask for
// the same things at the same address. Our requests may hold more texts than its.
func TestGoldens(t *testing.T) {
	tokenizer, err := chunk.NewTokenizer("cl100k_base")
	require.NoError(t, err)
	cases := goldenCases(t)
	require.Len(t, cases, 9)
	for _, c := range cases {
		t.Run(c.Name, func(t *testing.T) {
			e, server := c.start(t, embed.Common{Counter: tokenizer, MaxConcurrency: 1})
			var want []string
			for _, r := range c.Requests {
				want = append(want, r.Texts...)
			}
			if len(c.Calls) == 0 { // check embeds one text
				c.Calls = [][]string{want}
			}
			for _, texts := range c.Calls {
				mustEmbed(t, e, texts...)
			}
			if len(c.Requests) == 0 {
				requireAsCohere(t, server.Requests(), c.Calls[0])
				return
			}
			require.Equal(t, want, server.Texts())
			require.LessOrEqual(t, server.Counts().Requests, len(c.Requests))
			for _, r := range server.Requests() {
				golden := c.Requests[0]
				require.Equal(t, golden.Path, strings.TrimSuffix(r.Path+"?"+r.Query, "?"))
				require.Equal(t, golden.Bearer, r.Header.Get("Authorization") != "")
				require.Equal(t, golden.Other, otherFields(t, r.Body))
			}
			if c.Embedding.Mode == "azure_openai" {
				for i, r := range server.Requests() {
					require.Equal(t, c.Requests[i].Texts, r.Texts)
				}
			}
			for _, r := range c.Requests {
				for i, tokens := range r.Tokens {
					require.Equal(t, tokens, tokenizer.Count(r.Texts[i]))
				}
			}
		})
	}
}

// otherFields are a request's fields besides its texts.
func otherFields(t *testing.T, body []byte) map[string]string {
	t.Helper()
	var fields map[string]any
	require.NoError(t, json.Unmarshal(body, &fields))
	delete(fields, "input")
	other := map[string]string{}
	for name, value := range fields {
		other[name] = value.(string)
	}
	return other
}

// requireAsCohere: the Python connector fails before its first request to Cohere, for
// it gives its client input_type search_document, which that client does not know.
func requireAsCohere(t *testing.T, requests []embedtest.Request, texts []string) {
	t.Helper()
	require.Len(t, requests, 2)
	require.Equal(t, texts[:96], requests[0].Texts)
	require.Equal(t, texts[96:], requests[1].Texts)
	for _, r := range requests {
		require.Equal(t, "/v1/embed", r.Path)
		require.Equal(t, "search_document", r.InputType)
		require.Equal(t, "embed-english-light-v2.0", r.Model)
		require.Equal(t, http.Header{
			"Content-Type": {"application/json"}, "Accept": {"application/json"},
			"User-Agent": {embed.DefaultUserAgent}, "Authorization": {"Bearer co-test"},
		}, r.Header)
	}
}
