package localastra_test

import (
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
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
		"one too many": {200, `{"data":[{"index":7,"embedding":[1]}]}`, nil, "vector 7 of 2"},
		"not JSON":     {200, `hello`, nil, "decode answer"},
		"refused":      {429, strings.Repeat("slow down ", 100), nil, "429 Too Many Requests: slow down"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var asked map[string]any
			service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
				text, _ := io.ReadAll(q.Body)
				_ = json.Unmarshal(text, &asked)
				if q.URL.Path != "/v1/embeddings" || q.Header.Get("Authorization") != "Bearer key" {
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

// TestEmbedderKeepsTheKey follows no redirect, and repeats the key in no error.
func TestEmbedderKeepsTheKey(t *testing.T) {
	elsewhere := 0
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { elsewhere++ }))
	defer other.Close()
	for _, status := range []int{http.StatusTemporaryRedirect, http.StatusUnauthorized} {
		service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
			w.Header().Set("Location", other.URL)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, "you sent "+q.Header.Get("Authorization"))
		}))
		embed, err := localastra.NewEmbedder(localastra.EmbedderOptions{URL: service.URL, Key: "sk-secret-key"})
		require.NoError(t, err)
		_, err = embed(t.Context(), []string{"text"})
		require.ErrorContains(t, err, "Bearer [redacted]")
		require.NotContains(t, err.Error(), "sk-secret-key")
		service.Close()
	}
	require.Zero(t, elsewhere)
	for _, bad := range []string{"ftp://u:password@host", "http://u:password@ho st"} {
		_, err := localastra.NewEmbedder(localastra.EmbedderOptions{URL: bad})
		require.Error(t, err)
		require.NotContains(t, err.Error(), "password")
	}
}
