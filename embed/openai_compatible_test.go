package embed_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
	"destination-astra/internal/retry"
)

// markedKey must never be seen outside an Authorization header.
const markedKey = "sk-MARKED-key/+&=0123456789"

// quick makes retries immediate: no test waits for real time.
var quick = retry.Policy{MaxAttempts: 3, Base: time.Nanosecond, Max: time.Nanosecond}

// newCompatible returns an embedder of 8 dimensions that asks server without a socket.
func newCompatible(
	t *testing.T, server *embedtest.Server, change func(*embed.OpenAICompatibleOptions),
) *embed.OpenAICompatible {
	t.Helper()
	o := embed.OpenAICompatibleOptions{
		BaseURL:    "https://vectors.example/v1",
		APIKey:     markedKey,
		Model:      "m",
		Dimensions: 8,
		Common:     embed.Common{Transport: server.Transport(), Retry: quick},
	}
	if change != nil {
		change(&o)
	}
	e, err := embed.NewOpenAICompatible(o)
	require.NoError(t, err)
	return e
}

func strict() embedtest.Options {
	return embedtest.Options{Path: "/v1/embeddings", APIKey: markedKey, Model: "m", Dimensions: 8, MaxTexts: 32}
}

func TestOpenAICompatibleConformance(t *testing.T) {
	services := map[string]func(*embedtest.Options){
		"base64":                  func(*embedtest.Options) {},
		"floats only":             func(o *embedtest.Options) { o.FloatsOnly = true },
		"refuses encoding_format": func(o *embedtest.Options) { o.RefuseEncodingFormat = true },
	}
	for name, change := range services {
		t.Run(name, func(t *testing.T) {
			testEmbedder(t, func(t *testing.T) embed.Embedder {
				o := strict()
				change(&o)
				return newCompatible(t, embedtest.NewServer(o), nil)
			})
		})
	}
}

func TestOpenAICompatibleOverASocket(t *testing.T) {
	server := embedtest.NewServer(strict())
	listener := httptest.NewServer(server)
	defer listener.Close()
	testEmbedder(t, func(t *testing.T) embed.Embedder {
		e := newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) {
			o.BaseURL, o.Transport = listener.URL+"/v1", nil
		})
		t.Cleanup(e.CloseIdleConnections)
		return e
	})
}

// TestOpenAICompatibleRequest compares with what Airbyte's Python connector sends.
func TestOpenAICompatibleRequest(t *testing.T) {
	server := embedtest.NewServer(strict())
	text := "a <b> & \"c\" \u2028 渡船"
	mustEmbed(t, newCompatible(t, server, nil), text)
	sent := server.Requests()[0]
	require.JSONEq(t,
		`{"encoding_format":"base64","model":"m","input":["a <b> & \"c\" \u2028 渡船"]}`, string(sent.Body))
	require.Contains(t, string(sent.Body), "<b> &", "escaped as for HTML")
	require.Equal(t, []string{text}, server.Texts())
	require.Equal(t, "Bearer "+markedKey, sent.Header.Get("Authorization"))
	require.Equal(t, embed.DefaultUserAgent, sent.Header.Get("User-Agent"))
}

func TestOpenAICompatibleDefaults(t *testing.T) {
	server := embedtest.NewServer(embedtest.Options{Dimensions: 8})
	e := newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) {
		o.APIKey, o.Model, o.UserAgent = "", "", "me/1"
	})
	mustEmbed(t, e, "a")
	sent := server.Requests()[0]
	require.NotContains(t, sent.Header, "Authorization", "no key, no header")
	require.Equal(t, "me/1", sent.Header.Get("User-Agent"))
	require.Equal(t, embed.DefaultModel, sent.Model)
	require.Equal(t, "openai_compatible/text-embedding-ada-002@39a323d718e8/8", e.Fingerprint())
}

func TestOpenAICompatibleBaseURL(t *testing.T) {
	for _, base := range []string{
		"https://vectors.example/v1", "https://vectors.example/v1/", "https://vectors.example/v1//",
		"https://vectors.example/v1/embeddings", "https://vectors.example/v1/embeddings/",
		" https://vectors.example/v1\n", "http://vectors.example:8080/v1",
		"https://user:password@vectors.example/v1#part", "https://vectors.example/v1?api-version=2",
	} {
		t.Run(base, func(t *testing.T) {
			server := embedtest.NewServer(strict())
			mustEmbed(t, newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) { o.BaseURL = base }), "a")
			require.Equal(t, "/v1/embeddings", server.Requests()[0].Path)
		})
	}
	server := embedtest.NewServer(embedtest.Options{Dimensions: 8, AnyKey: true})
	mustEmbed(t, newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) {
		o.BaseURL = "http://localhost:1"
	}), "a")
	require.Equal(t, "/embeddings", server.Requests()[0].Path)
}

func TestNewOpenAICompatibleRefuses(t *testing.T) {
	tests := map[string]struct {
		change  func(*embed.OpenAICompatibleOptions)
		setting string
	}{
		"no URL":       {func(o *embed.OpenAICompatibleOptions) { o.BaseURL = "" }, "embedding.base_url"},
		"no scheme":    {func(o *embed.OpenAICompatibleOptions) { o.BaseURL = "host/v1" }, "embedding.base_url"},
		"no host":      {func(o *embed.OpenAICompatibleOptions) { o.BaseURL = "https:///v1" }, "embedding.base_url"},
		"other scheme": {func(o *embed.OpenAICompatibleOptions) { o.BaseURL = "ftp://host" }, "embedding.base_url"},
		"unparsable": {func(o *embed.OpenAICompatibleOptions) {
			o.BaseURL = "https://u:" + markedKey + "@ho st/%zz"
		}, "embedding.base_url"},
		"no dimensions":       {func(o *embed.OpenAICompatibleOptions) { o.Dimensions = 0 }, "embedding.dimensions"},
		"negative dimensions": {func(o *embed.OpenAICompatibleOptions) { o.Dimensions = -1 }, "embedding.dimensions"},
		"line break in the key": {func(o *embed.OpenAICompatibleOptions) {
			o.APIKey = markedKey + "\r\nHost: x"
		}, "embedding.api_key"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := embed.OpenAICompatibleOptions{BaseURL: "https://host/v1", APIKey: markedKey, Dimensions: 8}
			test.change(&o)
			_, err := embed.NewOpenAICompatible(o)
			e := requireError(t, err)
			require.Equal(t, test.setting, e.Setting)
			require.True(t, e.ConfigFault())
			require.False(t, e.Retryable())
		})
	}
}

func TestOpenAICompatibleSplitsRequests(t *testing.T) {
	tests := map[string]struct {
		maxTexts, maxBytes int
		lengths            []int
		want               []int
	}{
		"by count":              {3, 1000, []int{1, 1, 1, 1, 1, 1, 1}, []int{3, 3, 1}},
		"exact count":           {3, 1000, []int{1, 1, 1}, []int{3}},
		"by bytes":              {100, 10, []int{4, 4, 4, 4, 4}, []int{2, 2, 1}},
		"exact bytes":           {100, 10, []int{5, 5, 5}, []int{2, 1}},
		"a long one goes alone": {100, 10, []int{2, 50, 50, 2, 2}, []int{1, 1, 1, 2}},
		"one at a time":         {1, 10, []int{1, 1}, []int{1, 1}},
		"defaults":              {0, 0, make([]int, 65), []int{32, 32, 1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := embedtest.NewServer(strict())
			e := newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) {
				o.MaxTexts, o.MaxBytes = test.maxTexts, test.maxBytes
				o.Common.MaxConcurrency = 1
			})
			var texts []string
			for _, n := range test.lengths {
				texts = append(texts, strings.Repeat("x", n))
			}
			mustEmbed(t, e, texts...)
			var sizes []int
			for _, r := range server.Requests() {
				sizes = append(sizes, len(r.Texts))
			}
			require.Equal(t, test.want, sizes)
			require.Equal(t, texts, server.Texts())
		})
	}
}

func TestOpenAICompatibleRemembersTheEncoding(t *testing.T) {
	formats := func(server *embedtest.Server) (out []string) {
		for _, r := range server.Requests() {
			out = append(out, r.EncodingFormat)
		}
		return out
	}
	t.Run("refused", func(t *testing.T) {
		o := strict()
		o.RefuseEncodingFormat = true
		server := embedtest.NewServer(o)
		e := newCompatible(t, server, nil)
		mustEmbed(t, e, "a")
		mustEmbed(t, e, "b")
		require.Equal(t, []string{"base64", "", ""}, formats(server))
	})
	t.Run("taken, so that a later refusal has another reason", func(t *testing.T) {
		server := embedtest.NewServer(strict())
		e := newCompatible(t, server, nil)
		mustEmbed(t, e, "a")
		server.Fail(embedtest.Status(400, "", "the text is not nice"))
		_, err := e.Embed(t.Context(), []string{"b"})
		require.ErrorContains(t, err, "not nice")
		mustEmbed(t, e, "c")
		require.Equal(t, []string{"base64", "base64", "base64"}, formats(server))
	})
	t.Run("refused for another reason", func(t *testing.T) {
		server := embedtest.NewServer(strict())
		e := newCompatible(t, server, nil)
		server.Fail(embedtest.Status(400, "", "first"), embedtest.Status(400, "", "the text is not nice"))
		_, err := e.Embed(t.Context(), []string{"a"})
		require.ErrorContains(t, err, "not nice")
		mustEmbed(t, e, "b")
		require.Equal(t, []string{"base64", "", "base64"}, formats(server))
	})
}

func TestOpenAICompatibleUsage(t *testing.T) {
	server := embedtest.NewServer(strict())
	e := newCompatible(t, server, nil)
	server.Fail(embedtest.Fault{Status: 503, Body: "busy"})
	mustEmbed(t, e, "one two", "three")
	require.Equal(t, embed.Usage{Requests: 2, Retries: 1, Texts: 2, Tokens: 3}, e.Usage())
	require.Equal(t, embedtest.Counts{Requests: 2, Failed: 1, Texts: 2, Tokens: 3}, server.Counts())
}

func TestOpenAICompatibleNeverPrintsTheKey(t *testing.T) {
	o := embed.OpenAICompatibleOptions{BaseURL: "https://h/v1", APIKey: markedKey, Dimensions: 8}
	e, err := embed.NewOpenAICompatible(o)
	require.NoError(t, err)
	var log strings.Builder
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "o", o, "e", e)
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "o", o)
	asJSON, err := json.Marshal(struct{ URL, Key any }{o.BaseURL, e})
	require.NoError(t, err)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		fmt.Fprintf(&log, verb+verb+verb, o, &o, e)
	}
	require.NotContains(t, log.String()+string(asJSON), "MARKED")
	require.Contains(t, log.String(), "https://h/v1")
}

func TestDefaultTransportAsksForNoCompression(t *testing.T) {
	var encodings []string
	server := embedtest.NewServer(strict())
	listener := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		encodings = append(encodings, r.Header.Get("Accept-Encoding")+strconv.FormatInt(r.ContentLength, 10))
		server.ServeHTTP(w, r)
	}))
	defer listener.Close()
	e := newCompatible(t, server, func(o *embed.OpenAICompatibleOptions) {
		o.BaseURL, o.Transport = listener.URL+"/v1", nil
	})
	defer e.CloseIdleConnections()
	mustEmbed(t, e, "a")
	require.Equal(t, []string{strconv.Itoa(len(server.Requests()[0].Body))}, encodings)
}
