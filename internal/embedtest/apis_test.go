package embedtest_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/embedtest"
)

// send returns the reply to one request with these headers.
func send(t *testing.T, s *embedtest.Server, url string, header map[string]string, body string) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	for name, value := range header {
		req.Header.Set(name, value)
	}
	res, err := s.Transport().RoundTrip(req)
	require.NoError(t, err)
	require.NoError(t, res.Body.Close())
	return res
}

func TestAzureChecksRequests(t *testing.T) {
	const good = "http://h/openai/deployments/d/embeddings?api-version=1"
	key := map[string]string{"Api-Key": "key"}
	tests := map[string]struct {
		url    string
		header map[string]string
		want   int
	}{
		"good":             {good, key, 200},
		"other deployment": {"http://h/openai/deployments/e/embeddings?api-version=1", key, 404},
		"other version":    {"http://h/openai/deployments/d/embeddings?api-version=2", key, 404},
		"no version":       {"http://h/openai/deployments/d/embeddings", key, 404},
		"OpenAI's path":    {"http://h/v1/embeddings?api-version=1", key, 404},
		"no key":           {good, nil, 401},
		"wrong key":        {good, map[string]string{"Api-Key": "other"}, 401},
		"bearer token":     {good, map[string]string{"Authorization": "Bearer key"}, 401},
		"both":             {good, map[string]string{"Api-Key": "key", "Authorization": "Bearer key"}, 401},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := embedtest.NewServer(embedtest.Options{
				API: embedtest.Azure, Deployment: "d", APIVersion: "1", APIKey: "key", Dimensions: 4,
			})
			require.Equal(t, test.want, send(t, s, test.url, test.header, goodBody).StatusCode)
		})
	}
}

func TestCohereChecksRequests(t *testing.T) {
	const second, first = "http://h/v2/embed", "http://h/v1/embed"
	const typed = `"input_type":"search_document"`
	tests := map[string]struct {
		url, fields string
		want        int
	}{
		"second":                {second, typed + `,"embedding_types":["base64"]`, 200},
		"second, floats":        {second, typed + `,"embedding_types":["float"]`, 200},
		"second, no types":      {second, typed, 400},
		"second, no input type": {second, `"embedding_types":["float"]`, 400},
		"second, unknown type":  {second, `"input_type":"x","embedding_types":["float"]`, 400},
		"first":                 {first, typed, 200},
		"first, no input type":  {first, `"output_dimension":null`, 200},
		"unknown field":         {first, `"input":[]`, 400},
		"dimension":             {second, typed + `,"embedding_types":["float"],"output_dimension":2`, 400},
		"OpenAI's path":         {"http://h/v1/embeddings", typed, 404},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			s := embedtest.NewServer(embedtest.Options{API: embedtest.Cohere, AnyKey: true, Dimensions: 4})
			body := `{"model":"m","texts":["a"],"truncate":"NONE",` + test.fields + `}`
			require.Equal(t, test.want, send(t, s, test.url, nil, body).StatusCode)
			truncated := strings.Replace(body, "NONE", "END", 1)
			require.NotEqual(t, 200, send(t, s, test.url, nil, truncated).StatusCode)
		})
	}
}

func TestServerKeepsItsLimits(t *testing.T) {
	tests := map[string]struct {
		options embedtest.Options
		texts   []string
		want    int
		message string
	}{
		"texts":         {embedtest.Options{MaxTexts: 2}, []string{"a", "b", "c"}, 400, "maximum length 2"},
		"Azure's texts": {embedtest.Options{API: embedtest.Azure, MaxTexts: 2}, []string{"a", "b", "c"}, 400, "inputs is 2"},
		"tokens":        {embedtest.Options{MaxTokens: 3}, []string{"a b", "c d"}, 400, "Requested 4 tokens, max 3"},
		"window":        {embedtest.Options{Window: 2}, []string{"a", "a b c"}, 400, "input[1]"},
		"bytes":         {embedtest.Options{MaxBytes: 40}, []string{strings.Repeat("x", 40)}, 413, "length limit"},
		"taste": {
			embedtest.Options{Refuse: func(s string) bool { return s == "" }}, []string{""}, 400, "invalid",
		},
		"counted otherwise": {
			embedtest.Options{Window: 2, Count: func(s string) int { return len(s) }}, []string{"abc"}, 400, "input[0]",
		},
		"within": {embedtest.Options{MaxTexts: 2, MaxTokens: 3, Window: 2, MaxBytes: 99}, []string{"a b", "c"}, 200, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			o := test.options
			o.Dimensions, o.AnyKey = 4, true
			url := "http://h/openai/deployments/d/embeddings?api-version=1"
			input, err := json.Marshal(test.texts)
			require.NoError(t, err)
			s := embedtest.NewServer(o)
			status, body := ask(t, s.Transport(), url, "", `{"model":"m","input":`+string(input)+`}`)
			require.Equal(t, test.want, status, body)
			require.Contains(t, body, test.message)
		})
	}
}

func TestServerLimitsTheRate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := embedtest.NewServer(embedtest.Options{Dimensions: 4, RequestsPerMinute: 2, TokensPerMinute: 60})
		ask := func() *http.Response { return send(t, s, "http://h/v1/embeddings", nil, goodBody) } // 3 tokens
		res := ask()
		require.Equal(t, 200, res.StatusCode)
		require.Equal(t, "1", res.Header.Get("X-Ratelimit-Remaining-Requests"))
		require.Equal(t, "30s", res.Header.Get("X-Ratelimit-Reset-Requests"))
		require.Equal(t, "57", res.Header.Get("X-Ratelimit-Remaining-Tokens"))
		require.Equal(t, "3s", res.Header.Get("X-Ratelimit-Reset-Tokens"))
		require.Equal(t, 200, ask().StatusCode)
		res = ask()
		require.Equal(t, 429, res.StatusCode)
		require.Equal(t, "30", res.Header.Get("Retry-After"))
		timer := time.NewTimer(30 * time.Second)
		<-timer.C
		require.Equal(t, 200, ask().StatusCode)
		require.Equal(t, 1, s.Counts().Limited)
		require.Equal(t, 9, s.Counts().Tokens)
	})
	quiet := embedtest.NewServer(embedtest.Options{Dimensions: 4, TokensPerMinute: 3, Quiet: true})
	require.Equal(t, 200, send(t, quiet, "http://h/v1/embeddings", nil, goodBody).StatusCode)
	res := send(t, quiet, "http://h/v1/embeddings", nil, goodBody)
	require.Equal(t, 429, res.StatusCode)
	require.Equal(t, http.Header{"Content-Type": {"application/json"}}, res.Header)
}

func TestServerShortensVectors(t *testing.T) {
	s := embedtest.NewServer(embedtest.Options{Dimensions: 8, Shortens: true})
	body := `{"model":"m","input":["a"],"dimensions":`
	require.Equal(t, 200, send(t, s, "http://h/v1/embeddings", nil, body+`4}`).StatusCode)
	require.Equal(t, 4, s.Requests()[0].Dimensions)
	require.Equal(t, 400, send(t, s, "http://h/v1/embeddings", nil, body+`9}`).StatusCode)
	require.Equal(t, 400, send(t, s, "http://h/v1/embeddings", nil, body+`0}`).StatusCode)
}
