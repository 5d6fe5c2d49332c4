package embed_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

// serviceEmbedder is what every provider with a service behind it is.
type serviceEmbedder interface {
	embed.QueryEmbedder
	embed.SomeEmbedder
	Usage() embed.Usage
	Model() string
	CloseIdleConnections()
}

// provider makes one provider's embedder, of 8 dimensions, and its stand-in.
type provider struct {
	strict  embedtest.Options
	make    func(base string, c embed.Common) (serviceEmbedder, error)
	key     string // the setting
	address string
}

const base = "https://vectors.example"

// providers of this table share all tests about what they have in common.
var providers = map[string]provider{
	"openai": {
		strict: embedtest.Options{
			Path: "/v1/embeddings", APIKey: markedKey, Model: "text-embedding-3-small", Dimensions: 8, Shortens: true,
		},
		make: func(base string, c embed.Common) (serviceEmbedder, error) {
			return embed.NewOpenAI(embed.OpenAIOptions{
				APIKey: markedKey, Model: "text-embedding-3-small", Dimensions: 8, BaseURL: base + "/v1", Common: c,
			})
		},
		key: "embedding.openai_key", address: "OPENAI_BASE_URL",
	},
	"azure_openai": {
		strict: embedtest.Options{
			API: embedtest.Azure, Deployment: "my dep", APIVersion: "2023-05-15",
			APIKey: markedKey, Model: "text-embedding-3-small", Dimensions: 8, Shortens: true,
		},
		make: func(base string, c embed.Common) (serviceEmbedder, error) {
			return embed.NewAzureOpenAI(embed.AzureOpenAIOptions{
				APIKey: markedKey, APIBase: base, Deployment: "my dep",
				Model: "text-embedding-3-small", Dimensions: 8, Common: c,
			})
		},
		key: "embedding.openai_key", address: "embedding.api_base",
	},
	"openai_compatible": {
		strict: strict(),
		make: func(base string, c embed.Common) (serviceEmbedder, error) {
			return embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
				BaseURL: base + "/v1", APIKey: markedKey, Model: "m", Dimensions: 8, Common: c,
			})
		},
		key: "embedding.api_key", address: "embedding.base_url",
	},
	"cohere": {
		strict: embedtest.Options{
			API: embedtest.Cohere, APIKey: markedKey, Model: "embed-x", Dimensions: 8,
		},
		make: func(base string, c embed.Common) (serviceEmbedder, error) {
			return embed.NewCohere(embed.CohereOptions{
				APIKey: markedKey, Model: "embed-x", Dimensions: 8, BaseURL: base, Common: c,
			})
		},
		key: "embedding.cohere_key", address: "CO_API_URL",
	},
	"cohere v2.0": {
		strict: embedtest.Options{
			API: embedtest.Cohere, Path: "/v1/embed", APIKey: markedKey, Model: "embed-y-v2.0", Dimensions: 8,
		},
		make: func(base string, c embed.Common) (serviceEmbedder, error) {
			return embed.NewCohere(embed.CohereOptions{
				APIKey: markedKey, Model: "embed-y-v2.0", Dimensions: 8, BaseURL: base + "/v1/", Common: c,
			})
		},
		key: "embedding.cohere_key", address: "CO_API_URL",
	},
}

// start returns an embedder and the stand-in it asks without a socket.
func (p provider) start(
	t *testing.T, change func(*embedtest.Options), common embed.Common,
) (serviceEmbedder, *embedtest.Server) {
	t.Helper()
	o := p.strict
	if change != nil {
		change(&o)
	}
	server := embedtest.NewServer(o)
	common.Transport = server.Transport()
	if common.Retry.MaxAttempts == 0 {
		common.Retry = quick
	}
	e, err := p.make(base, common)
	require.NoError(t, err)
	return e, server
}

// forEach runs a test for each provider.
func forEach(t *testing.T, test func(t *testing.T, p provider)) {
	t.Helper()
	for _, name := range slices.Sorted(maps.Keys(providers)) {
		t.Run(name, func(t *testing.T) { test(t, providers[name]) })
	}
}

func TestConformance(t *testing.T) {
	services := map[string]func(*embedtest.Options){
		"as documented":           nil,
		"floats only":             func(o *embedtest.Options) { o.FloatsOnly = true },
		"refuses encoding_format": func(o *embedtest.Options) { o.RefuseEncodingFormat = true },
		"two texts a request":     func(o *embedtest.Options) { o.MaxTexts = 2 },
		"few tokens a request":    func(o *embedtest.Options) { o.MaxTokens = 6000 },
		"few bytes a request":     func(o *embedtest.Options) { o.MaxBytes = 50_000 },
		"without usage":           func(o *embedtest.Options) { o.NoUsage = true },
	}
	forEach(t, func(t *testing.T, p provider) {
		for name, change := range services {
			t.Run(name, func(t *testing.T) {
				testEmbedder(t, func(t *testing.T) embed.Embedder {
					e, _ := p.start(t, change, embed.Common{})
					return e
				})
			})
		}
	})
}

// TestEveryReplyFault runs what a service may answer wrongly, in the form of its API.
func TestEveryReplyFault(t *testing.T) {
	texts := []string{"a", "b", "c"}
	zeros := make(embed.Vector, 8)
	forEach(t, func(t *testing.T, p provider) {
		tests := map[string]struct {
			bend func(vectors []embed.Vector) []embed.Vector
			want string
		}{
			"too few":         {func(v []embed.Vector) []embed.Vector { return v[:2] }, "2 vectors came for 3 texts"},
			"too many":        {func(v []embed.Vector) []embed.Vector { return append(v, v[0]) }, "4 vectors came"},
			"none":            {func([]embed.Vector) []embed.Vector { return []embed.Vector{} }, "0 vectors came"},
			"wrong dimension": {func(v []embed.Vector) []embed.Vector { v[1] = v[1][:3]; return v }, "3 dimensions"},
			"not finite":      {func(v []embed.Vector) []embed.Vector { v[1][2] = nan; return v }, "not finite"},
			"all zero":        {func(v []embed.Vector) []embed.Vector { v[1] = zeros; return v }, "zeros"},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				e, server := p.start(t, nil, embed.Common{})
				mustEmbed(t, e, "settle the form")
				vectors := test.bend(embedtest.Vectors(texts, 8))
				reply := embedtest.Reply("", vectors, true, 1)
				if p.strict.API == embedtest.Cohere {
					reply = embedtest.CohereReply(texts, vectors, "base64", 1)
				}
				server.Fail(embedtest.Fault{Body: string(reply)})
				got, err := e.Embed(t.Context(), texts)
				require.Nil(t, got)
				require.ErrorContains(t, requireError(t, err), test.want)
			})
		}
	})
}

// TestEveryFailureIsPassedOn holds each provider to the same verdicts, and greps all
// it says for the key.
func TestEveryFailureIsPassedOn(t *testing.T) {
	forEach(t, func(t *testing.T, p provider) {
		html := embedtest.Fault{Body: "<html>" + markedKey}
		reset := embedtest.Fault{Reset: true}
		cutShort := embedtest.Fault{Bend: func(b []byte) []byte { return b[:len(b)/2] }}
		tests := map[string]struct {
			fault     embedtest.Fault
			setting   string
			retryable bool
			config    bool
		}{
			"401":          {status(401, "", "no"), p.key, false, true},
			"403":          {status(403, "", "no"), p.key, false, true},
			"404":          {status(404, "", "no"), p.address, false, true},
			"quota":        {status(429, "insufficient_quota", "pay"), p.key, false, true},
			"monthly":      {status(429, "", "limited to 1000 API calls / month"), p.key, false, true},
			"429":          {status(429, "", "slow"), "", true, false},
			"500":          {status(500, "", "oops"), "", true, false},
			"503":          {status(503, "", "oops"), "", true, false},
			"HTML":         {html, p.address, false, true},
			"reset":        {reset, p.address, true, false},
			"cut short":    {cutShort, p.address, true, false},
			"another API":  {embedtest.Fault{Body: `{"models":[]}`}, p.address, false, true},
			"error in 200": {embedtest.Fault{Body: `{"error":{"message":"` + markedKey + `"}}`}, "", true, false},
		}
		for name, test := range tests {
			t.Run(name, func(t *testing.T) {
				e, server := p.start(t, nil, embed.Common{})
				attempts := 1
				if test.retryable {
					attempts = quick.MaxAttempts
				}
				server.Fail(slices.Repeat([]embedtest.Fault{test.fault}, attempts)...)
				_, err := e.Embed(t.Context(), []string{"a"})
				got := requireError(t, err)
				require.Equal(t, test.setting, got.Setting)
				require.Equal(t, test.retryable, got.Retryable(), "retryable")
				require.Equal(t, test.config, got.ConfigFault(), "config fault")
				require.Equal(t, attempts, server.Counts().Requests)
				require.Equal(t, int64(attempts-1), e.Usage().Retries)
				mustEmbed(t, e, "a failure does not last")
			})
		}
		t.Run("wrong key", func(t *testing.T) {
			e, _ := p.start(t, func(o *embedtest.Options) { o.APIKey = "right" }, embed.Common{})
			_, err := e.Embed(t.Context(), []string{"a"})
			require.Equal(t, p.key, requireError(t, err).Setting)
		})
		t.Run("wrong model", func(t *testing.T) {
			e, _ := p.start(t, func(o *embedtest.Options) { o.Model = "other" }, embed.Common{})
			_, err := e.Embed(t.Context(), []string{"a"})
			require.True(t, requireError(t, err).ConfigFault())
		})
	})
}

func TestUsage(t *testing.T) {
	forEach(t, func(t *testing.T, p provider) {
		e, server := p.start(t, nil, embed.Common{})
		server.Fail(embedtest.Fault{Status: 503, Body: "busy"})
		mustEmbed(t, e, "one two", "three")
		require.Equal(t, embed.Usage{Requests: 2, Retries: 1, Texts: 2, Tokens: 3}, e.Usage())
	})
}

func TestUsageIsCountedWhereTheServiceDoesNot(t *testing.T) {
	forEach(t, func(t *testing.T, p provider) {
		silent := func(o *embedtest.Options) { o.NoUsage = true }
		e, _ := p.start(t, silent, embed.Common{Counter: words{}})
		mustEmbed(t, e, "one two", "three")
		require.Equal(t, embed.Usage{Requests: 1, Texts: 2, Tokens: 3, Counted: 3}, e.Usage())
		e, _ = p.start(t, silent, embed.Common{})
		mustEmbed(t, e, "one two")
		require.EqualValues(t, 3, e.Usage().Tokens, "estimated from bytes")
	})
}

// words counts words: the stand-in's tokens.
type words struct{}

func (words) Count(text string) int { return len(strings.Fields(text)) }

func TestNothingPrintsTheKey(t *testing.T) {
	var log strings.Builder
	show := func(v any) {
		slog.New(slog.NewTextHandler(&log, nil)).Info("x", "v", v)
		slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "v", v)
		for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
			fmt.Fprintf(&log, verb, v)
		}
		if text, err := json.Marshal(v); err == nil {
			log.Write(text)
		}
	}
	secret := "https://u:" + markedKey + "@h/v1?k=" + markedKey
	show(embed.OpenAIOptions{APIKey: markedKey, BaseURL: secret})
	show(embed.AzureOpenAIOptions{APIKey: markedKey, APIBase: secret})
	show(embed.OpenAICompatibleOptions{APIKey: markedKey, BaseURL: secret})
	show(embed.CohereOptions{APIKey: markedKey, BaseURL: secret})
	for _, p := range providers {
		e, _ := p.start(t, nil, embed.Common{})
		show(e)
	}
	require.NotContains(t, log.String(), "MARKED")
}
