package embedtest_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/embedtest"
)

const goodBody = `{"model":"m","input":["a b","c"],"encoding_format":"float"}`

// ask returns the status and body of one request, over a socket or without.
func ask(t *testing.T, transport http.RoundTripper, url, key, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	if key != "" {
		req.Header.Set("Authorization", "Bearer "+key)
	}
	res, err := transport.RoundTrip(req)
	require.NoError(t, err)
	defer func() { _ = res.Body.Close() }()
	text, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	return res.StatusCode, string(text)
}

func TestServerChecksRequests(t *testing.T) {
	tests := map[string]struct {
		path, key, body string
		want            int
	}{
		"good":              {"/v1/embeddings", "key", goodBody, 200},
		"no format":         {"/v1/embeddings", "key", `{"model":"m","input":["a"]}`, 200},
		"other path":        {"/embeddings", "key", goodBody, 404},
		"no key":            {"/v1/embeddings", "", goodBody, 401},
		"wrong key":         {"/v1/embeddings", "other", goodBody, 401},
		"not JSON":          {"/v1/embeddings", "key", `{`, 400},
		"unknown field":     {"/v1/embeddings", "key", `{"model":"m","input":["a"],"dimensions":8}`, 400},
		"no model":          {"/v1/embeddings", "key", `{"input":["a"]}`, 400},
		"other model":       {"/v1/embeddings", "key", `{"model":"n","input":["a"]}`, 404},
		"no input":          {"/v1/embeddings", "key", `{"model":"m","input":[]}`, 400},
		"too many texts":    {"/v1/embeddings", "key", `{"model":"m","input":["a","b","c"]}`, 400},
		"input not strings": {"/v1/embeddings", "key", `{"model":"m","input":[1]}`, 400},
		"unknown format":    {"/v1/embeddings", "key", `{"model":"m","input":["a"],"encoding_format":"x"}`, 400},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := embedtest.NewServer(embedtest.Options{
				Path: "/v1/embeddings", APIKey: "key", Model: "m", Dimensions: 4, MaxTexts: 2,
			})
			status, body := ask(t, server.Transport(), "http://h"+test.path, test.key, test.body)
			require.Equal(t, test.want, status, body)
			counts := server.Counts()
			require.Equal(t, 1, counts.Requests)
			require.Equal(t, test.want != 200, counts.Refused == 1)
			require.Equal(t, test.want == 200, len(server.Texts()) > 0)
		})
	}
}

func TestServerFailsOnDemandAndInOrder(t *testing.T) {
	server := embedtest.NewServer(embedtest.Options{Dimensions: 4})
	listener := httptest.NewServer(server)
	defer listener.Close()
	for _, transport := range []http.RoundTripper{server.Transport(), http.DefaultTransport} {
		server.Fail(embedtest.Status(429, "slow", "down"), embedtest.Fault{Body: "x"}, embedtest.Fault{Reset: true})
		status, body := ask(t, transport, listener.URL+"/embeddings", "", goodBody)
		require.Equal(t, 429, status)
		require.Contains(t, body, "down")
		status, body = ask(t, transport, listener.URL+"/embeddings", "", goodBody)
		require.Equal(t, 200, status)
		require.Equal(t, "x", body)
		req, err := http.NewRequestWithContext(t.Context(), "POST", listener.URL+"/embeddings", strings.NewReader("{}"))
		require.NoError(t, err)
		_, err = transport.RoundTrip(req)
		require.Error(t, err)
		status, _ = ask(t, transport, listener.URL+"/embeddings", "", goodBody)
		require.Equal(t, 200, status)
	}
	require.Equal(t, 6, server.Counts().Failed)
}

func TestServerHangsUntilTheClientGivesUp(t *testing.T) {
	server := embedtest.NewServer(embedtest.Options{})
	server.Fail(embedtest.Fault{Hang: true})
	ctx, cancel := context.WithTimeout(t.Context(), 1)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://h/embeddings", strings.NewReader(goodBody))
	require.NoError(t, err)
	_, err = server.Transport().RoundTrip(req)
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

func TestVectorsHaveAnyLength(t *testing.T) {
	for _, dimensions := range []int{1, 8, 1536, 2000, 4096} {
		vectors := embedtest.Vectors([]string{"a ferry", "", "a ferry"}, dimensions)
		require.Len(t, vectors, 3)
		require.Equal(t, vectors[0], vectors[2])
		for _, v := range vectors {
			require.Len(t, v, dimensions)
			var square float64
			for _, f := range v {
				square += float64(f) * float64(f)
			}
			require.InDelta(t, 1, square, 1e-5)
		}
	}
}
