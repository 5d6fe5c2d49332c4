package explorer_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// open starts a server with its explorer, without a socket.
func open(t *testing.T, o localastra.Options) *localastra.Server {
	t.Helper()
	o.Memory = true
	server, err := localastra.Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return server
}

// visit sends a request and returns the response and its body.
func visit(t *testing.T, server *localastra.Server, method, path, body, token string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequest(method, "http://x"+path, strings.NewReader(body))
	require.NoError(t, err)
	if token != "" {
		request.Header.Set("Token", token)
	}
	response, err := server.Transport().RoundTrip(request)
	require.NoError(t, err)
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response, string(text)
}

// must sends a command that cannot fail to a path below the default keyspace.
func must(t *testing.T, server *localastra.Server, path, command string) {
	t.Helper()
	_, text := visit(t, server, "POST", "/v1/"+localastra.DefaultKeyspace+path, command, "t")
	require.NotContains(t, text, `"errors"`)
}

// oneDirection embeds every text alike.
func oneDirection(_ context.Context, texts []string) ([][]float32, error) {
	vectors := make([][]float32, len(texts))
	for i := range vectors {
		vectors[i] = []float32{1.5, 0.5}
	}
	return vectors, nil
}

func TestExplorerFiles(t *testing.T) {
	server := open(t, localastra.Options{Explorer: true, Token: "t"})
	tests := map[string]struct {
		method, path string
		status       int
		kind         string
	}{
		"page":          {"GET", "/", 200, "text/html; charset=utf-8"},
		"script":        {"GET", "/explorer/explorer.js", 200, "text/javascript; charset=utf-8"},
		"style":         {"GET", "/explorer/explorer.css", 200, "text/css; charset=utf-8"},
		"icon":          {"GET", "/explorer/icon.svg", 200, "image/svg+xml"},
		"no such file":  {"GET", "/explorer/nothing.js", 404, ""},
		"way out":       {"GET", "/explorer/../../explorer.go", 404, ""},
		"other method":  {"PUT", "/explorer/explorer.js", 405, ""},
		"not the page":  {"POST", "/", 404, ""},
		"other command": {"POST", "/explorer/nothing", 401, "application/json;charset=UTF-8"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			response, _ := visit(t, server, test.method, test.path, "{}", "")
			require.Equal(t, test.status, response.StatusCode)
			require.Equal(t, test.kind, response.Header.Get("Content-Type"))
			if test.status == http.StatusOK {
				require.Contains(t, response.Header.Get("Content-Security-Policy"), "default-src 'none'")
				require.Equal(t, "nosniff", response.Header.Get("X-Content-Type-Options"))
			}
		})
	}
	t.Run("nothing without the option", func(t *testing.T) {
		response, _ := visit(t, open(t, localastra.Options{}), "GET", "/", "", "")
		require.Equal(t, http.StatusNotFound, response.StatusCode)
	})
	t.Run("nothing from elsewhere", func(t *testing.T) {
		for _, path := range []string{"/", "/explorer/explorer.js", "/explorer/explorer.css"} {
			_, text := visit(t, server, "GET", path, "", "")
			require.NotContains(t, strings.ReplaceAll(text, "http://www.w3.org/2000/svg", ""), "://", path)
		}
	})
}

func TestExplorerQuestions(t *testing.T) {
	silent := func(context.Context, []string) ([][]float32, error) { return nil, nil }
	broken := func(context.Context, []string) ([][]float32, error) { return nil, errors.New("no model") }
	tests := map[string]struct {
		embed      localastra.EmbedFunc
		path, body string
		token      string
		status     int
		contains   string
	}{
		"about":             {oneDirection, "about", `{}`, "t", 200, `{"backend":"astra","embedder":true}`},
		"about no embedder": {nil, "about", `{}`, "t", 200, `"embedder":false`},
		"needs the token":   {nil, "about", `{}`, "", 401, "MISSING_AUTHENTICATION_TOKEN"},
		"embed":             {oneDirection, "embed", `{"text":"cat"}`, "t", 200, `{"vector":[1.5,0.5]}`},
		"embed without":     {nil, "embed", `{"text":"cat"}`, "t", 422, "no embedder"},
		"embed broken":      {broken, "embed", `{"text":"cat"}`, "t", 422, "no model"},
		"embed silent":      {silent, "embed", `{"text":"cat"}`, "t", 422, "returned no vector"},
		"not JSON":          {nil, "about", `x`, "t", 400, "JSON"},
		"too long":          {nil, "about", `{"text":"` + strings.Repeat("x", 70_000) + `"}`, "t", 400, "JSON"},
		"unknown":           {nil, "nothing", `{}`, "t", 404, ""},
		"map of nothing": {nil, "map", `{"keyspace":"default_keyspace","collection":"none"}`, "t", 422,
			"UNKNOWN_COLL"},
		"map without vector": {nil, "map", `{"keyspace":"default_keyspace","collection":"flat"}`, "t", 422,
			"VECTOR_SEARCH"},
		"map when empty": {nil, "map", `{"keyspace":"default_keyspace","collection":"c"}`, "t", 200,
			`{"points":[],"total":0}`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			server := open(t, localastra.Options{Explorer: true, Token: "t", Embed: test.embed})
			for _, options := range []string{`{"name":"flat"}`, `{"name":"c","options":{"vector":{"dimension":2}}}`} {
				must(t, server, "", `{"createCollection":`+options+`}`)
			}
			response, text := visit(t, server, "POST", "/explorer/"+test.path, test.body, test.token)
			require.Equal(t, test.status, response.StatusCode, text)
			require.Contains(t, text, test.contains)
		})
	}
}

// TestExplorerMap puts two clusters into a space of five dimensions and wants to see
// them apart on the first axis, and the spread within them on the second.
func TestExplorerMap(t *testing.T) {
	server := open(t, localastra.Options{Explorer: true})
	must(t, server, "", `{"createCollection":{"name":"c","options":{"vector":{"dimension":5,"metric":"euclidean"}}}}`)
	for i := range 60 {
		side := float64(i%2)*20 - 10
		must(t, server, "/c", fmt.Sprintf(`{"insertOne":{"document":{"_id":%d,"_ab_stream":"s%d","text":%q,
			"$vector":[7,%f,%f,0,0.01]}}}`, i, i%2, strings.Repeat("é", 200), side, math.Sin(float64(i))*3))
	}
	ask := func(body string) (points []map[string]any, total int) {
		_, text := visit(t, server, "POST", "/explorer/map", body, "")
		var answer struct {
			Points []map[string]any
			Total  int
		}
		require.NoError(t, json.Unmarshal([]byte(text), &answer), text)
		return answer.Points, answer.Total
	}
	points, total := ask(`{"keyspace":"default_keyspace","collection":"c"}`)
	require.Equal(t, 60, total)
	require.Len(t, points, 60)
	sign := points[0]["x"].(float64) > 0
	for i, p := range points {
		require.Equal(t, fmt.Sprint(i), p["id"])
		require.Equal(t, fmt.Sprintf("s%d", i%2), p["stream"])
		require.Equal(t, strings.Repeat("é", 80), p["text"], "cut between two letters")
		require.Equal(t, sign == (i%2 == 0), p["x"].(float64) > 0, "the clusters lie on two sides")
		require.InDelta(t, 10, math.Abs(p["x"].(float64)), 0.5)
		require.InDelta(t, 3*math.Abs(math.Sin(float64(i))), math.Abs(p["y"].(float64)), 0.5)
	}
	some, total := ask(`{"keyspace":"default_keyspace","collection":"c","limit":7}`)
	require.Equal(t, 60, total)
	require.Len(t, some, 7)
	require.Equal(t, "51", some[6]["id"], "the sample is even")
}
