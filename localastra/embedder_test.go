package localastra_test

import (
	"encoding/json"
	"html"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

func TestEmbedder(t *testing.T) {
	tests := map[string]struct {
		status  int
		reply   string
		want    [][]float32
		problem string
	}{
		"in order": {200, `{"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[3,4]}]}`,
			[][]float32{{1, 2}, {3, 4}}, ""},
		"out of order": {200, `{"data":[{"index":1,"embedding":[3,4]},{"index":0,"embedding":[1,2]}]}`,
			[][]float32{{1, 2}, {3, 4}}, ""},
		"one is missing": {200, `{"data":[{"index":0,"embedding":[1,2]}]}`, nil, "vector 1 has 0 dimensions"},
		"two lengths": {200, `{"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[3]}]}`, nil,
			"vector 1 has 1"},
		"one too many":   {200, `{"data":[{"index":7,"embedding":[1]}]}`, nil, "vector 7 of 2"},
		"one before all": {200, `{"data":[{"index":-1,"embedding":[1]}]}`, nil, "vector -1 of 2"},
		"one behind all": {200, `{"data":[{"index":2,"embedding":[1]}]}`, nil, "vector 2 of 2"},
		"all empty": {200, `{"data":[{"index":0,"embedding":[]},{"index":1,"embedding":[]}]}`, nil,
			"vector 0 is empty"},
		"one twice": {200, `{"data":[{"index":0,"embedding":[1,2]},{"index":0,"embedding":[3,4]}]}`, nil,
			"vector 0 is empty, or is there twice"},
		"not a number": {200, `{"data":[{"index":0,"embedding":[1,2]},{"index":1,"embedding":[null,4]}]}`, nil,
			"vector 1: SHRED_BAD_VECTOR_VALUE"},
		"not JSON": {200, `hello`, nil, "decode answer"},
		"refused":  {429, strings.Repeat("slow down ", 100), nil, "429 Too Many Requests: slow down"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var asked map[string]any
			service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				text, _ := io.ReadAll(q.Body)
				_ = json.Unmarshal(text, &asked)
				if q.URL.Path != "/v1/embeddings" || q.Header.Get("Authorization") != "Bearer key" ||
					q.Header.Get("Content-Type") != "application/json" {
					w.WriteHeader(http.StatusForbidden)
					return
				}
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.reply)
			}))
			defer service.Close()
			embed, err := localastra.NewEmbedder(localastra.EmbedderOptions{URL: service.URL + "/v1/",
				Model: "m", Key: "key"})
			require.NoError(t, err)
			vectors, err := embed(t.Context(), []string{"a", "b"})
			if test.problem != "" {
				require.ErrorContains(t, err, test.problem)
				require.Less(t, len(err.Error()), 300, "an error repeats a part of the answer only")
				return
			}
			require.NoError(t, err)
			require.Equal(t, test.want, vectors)
			require.Equal(t, map[string]any{"input": []any{"a", "b"}, "model": "m", "encoding_format": "float"}, asked)
		})
	}
}

func TestEmbedderURLs(t *testing.T) {
	for _, url := range []string{"", "localhost:11434", "ftp://x/y", "http://", "http://[::1"} {
		_, err := localastra.NewEmbedder(localastra.EmbedderOptions{URL: url})
		require.ErrorContains(t, err, "localastra: embedder", url)
	}
	embed, err := localastra.NewEmbedder(localastra.EmbedderOptions{URL: "http://127.0.0.1:1/v1"})
	require.NoError(t, err)
	_, err = embed(t.Context(), []string{"a"})
	require.Error(t, err, "nobody listens")
}

// TestEmbedderRefusesPublicPlainHTTP: neither the key nor the login of the URL goes there.
func TestEmbedderRefusesPublicPlainHTTP(t *testing.T) {
	for _, url := range []string{"http://user@8.8.8.8/v1", "http://8。8。8。8/v1", "http://134744072", "http://169.254.169.254"} {
		_, err := localastra.NewEmbedder(localastra.EmbedderOptions{URL: url, Key: "k"})
		require.ErrorContains(t, err, "neither loopback nor private", url)
		require.NotContains(t, err.Error(), "user@")
	}
	t.Setenv("HTTP_PROXY", "192.0.2.1:3128")
	t.Setenv("NO_PROXY", "")
	embed, err := localastra.NewEmbedder(localastra.EmbedderOptions{URL: "http://tei/v1", Key: "k"})
	require.NoError(t, err)
	_, err = embed(t.Context(), []string{"a"})
	require.ErrorContains(t, err, "is at 192.0.2.1, a public address")
}

// TestEmbedderKeepsSecrets has a service quote what it was sent in the forms in which services
// do, and wants to see neither the key nor the login of the URL. No redirect is followed: it
// would take both elsewhere.
func TestEmbedderKeepsSecrets(t *testing.T) {
	const key, password = `sk-"secret"/key`, "p&ssword-of-mine"
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	tests := map[string]struct {
		status int
		quote  func(key, password, authorization string) string
	}{
		"redirect": {http.StatusTemporaryRedirect, func(_, _, sent string) string { return sent }},
		"as it is": {http.StatusUnauthorized, func(key, password, _ string) string { return key + password }},
		"as JSON":  {http.StatusUnauthorized, func(key, _, _ string) string { return strconv.Quote(key) }},
		"as a query": {http.StatusUnauthorized, func(key, password, _ string) string {
			return url.Values{"key": {key}, "login": {password}}.Encode()
		}},
		"as HTML": {http.StatusUnauthorized, func(key, password, _ string) string {
			return html.EscapeString(key + password)
		}},
		"cut off": {http.StatusUnauthorized, func(key, _, _ string) string { return strings.Repeat("x ", 86) + key }},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				w.Header().Set("Location", other.URL)
				w.WriteHeader(test.status)
				_, _ = io.WriteString(w, test.quote(key, password, q.Header.Get("Authorization")))
			}))
			defer service.Close()
			login := strings.Replace(service.URL, "://", "://"+url.UserPassword("me", password).String()+"@", 1)
			embed, err := localastra.NewEmbedder(localastra.EmbedderOptions{URL: login, Key: key})
			require.NoError(t, err)
			_, err = embed(t.Context(), []string{"text"})
			require.ErrorContains(t, err, "[reda")
			for _, secret := range []string{"secret", "sk-", "ssword"} {
				require.NotContains(t, err.Error(), secret)
			}
		})
	}
	require.Zero(t, elsewhere)
}

// TestEmbedderHidesTheURL prints no password of an address that cannot be used, in whatever
// way it was written.
func TestEmbedderHidesTheURL(t *testing.T) {
	for _, bad := range []string{"ftp://u:password@host", "http://u:password@ho st", "u:password@host/v1",
		"password@host/v1", "http:u:password@host", "//u:password@host"} {
		_, err := localastra.NewEmbedder(localastra.EmbedderOptions{URL: bad})
		require.ErrorContains(t, err, "localastra: embedder", bad)
		require.NotContains(t, err.Error(), "password", bad)
	}
	embed, err := localastra.NewEmbedder(localastra.EmbedderOptions{URL: "http://password-as-name@127.0.0.1:1/v1"})
	require.NoError(t, err)
	_, err = embed(t.Context(), []string{"a"})
	require.ErrorContains(t, err, "refused", "nobody listens")
	require.NotContains(t, err.Error(), "password")
}
