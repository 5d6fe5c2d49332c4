package cli_test

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/internal/cli"
)

// local is a running command local.
type local struct {
	url    string
	stop   context.CancelFunc
	code   int
	stderr bytes.Buffer // to be read after wait
	group  errgroup.Group
}

// startLocal runs the command and waits until it says where it serves.
func startLocal(t *testing.T, getenv func(string) string, args ...string) *local {
	t.Helper()
	ctx, stop := context.WithCancel(t.Context())
	l := &local{stop: stop}
	out, in := io.Pipe()
	l.group.Go(func() error {
		args := append([]string{"local", "--listen", "127.0.0.1:0"}, args...)
		l.code = cli.Run(ctx, args, strings.NewReader(""), in, &l.stderr, getenv)
		return in.Close()
	})
	lines := bufio.NewReader(out)
	first, err := lines.ReadString('\n')
	require.NoError(t, err, "%s", first)
	l.url = regexp.MustCompile(`http://[0-9.:]+`).FindString(first)
	l.group.Go(func() error {
		_, err := io.Copy(io.Discard, lines)
		return err
	})
	t.Cleanup(func() { l.wait(t) })
	return l
}

func (l *local) wait(t *testing.T) {
	t.Helper()
	l.stop()
	require.NoError(t, l.group.Wait())
}

func (l *local) post(t *testing.T, path, body string) (int, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Token", "any")
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return response.StatusCode, string(text)
}

func noEnv(string) string { return "" }

// TestLocalKeepsData stops the server and starts it again on the same folder.
func TestLocalKeepsData(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "data")
	first := startLocal(t, noEnv, "--data", dir)
	_, text := first.post(t, "/v1/default_keyspace", `{"createCollection":{"name":"c"}}`)
	require.JSONEq(t, `{"status":{"ok":1}}`, text)
	first.wait(t)
	require.Equal(t, cli.ExitDone, first.code)

	second := startLocal(t, noEnv, "--data", dir)
	_, text = second.post(t, "/v1/default_keyspace", `{"findCollections":{}}`)
	require.JSONEq(t, `{"status":{"collections":["c"]}}`, text)
}

func TestLocalFlags(t *testing.T) {
	l := startLocal(t, noEnv, "--memory", "--fail", "findKeyspaces:503=1", "--request-log", "--latency", "1ms",
		"--backend", "cassandra")
	status, _ := l.post(t, "/v1", `{"findKeyspaces":{}}`)
	require.Equal(t, http.StatusServiceUnavailable, status)
	status, _ = l.post(t, "/api/json/v1", `{"findKeyspaces":{}}`)
	require.Equal(t, http.StatusNotFound, status, "a Data API on Cassandra has no such path")
	response, err := http.Get(l.url + "/")
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Equal(t, http.StatusOK, response.StatusCode, "the explorer is there")
	l.wait(t)
	require.Contains(t, l.stderr.String(), "command=findKeyspaces status=503")
	require.Equal(t, cli.ExitDone, l.code)
}

// TestLocalToken takes the token from the environment or a file, where other users of the machine
// cannot read it, unless the command line has one.
func TestLocalToken(t *testing.T) {
	const variable = "of-the-environment"
	file := filepath.Join(t.TempDir(), "token")
	require.NoError(t, os.WriteFile(file, []byte("of-the-file\n"), 0o600))
	tests := map[string]struct {
		args []string
		good string
	}{
		"environment":  {nil, variable},
		"command line": {[]string{"--token", "of-the-line"}, "of-the-line"},
		"file":         {[]string{"--token-file", file}, "of-the-file"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			l := startLocal(t, func(name string) string { return map[string]string{"LOCAL_TOKEN": variable}[name] },
				append([]string{"--memory"}, test.args...)...)
			for token, refused := range map[string]bool{test.good: false, "another": true} {
				request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, l.url+"/v1",
					strings.NewReader(`{"findKeyspaces":{}}`))
				require.NoError(t, err)
				request.Header.Set("Token", token)
				response, err := http.DefaultClient.Do(request)
				require.NoError(t, err)
				require.NoError(t, response.Body.Close())
				require.Equal(t, refused, response.StatusCode == http.StatusUnauthorized, token)
			}
			l.wait(t)
		})
	}
}

// TestLocalEmbedder serves $vectorize through a service that gets the key.
func TestLocalEmbedder(t *testing.T) {
	var keys []string
	service := startEmbedder(t, func(key string) { keys = append(keys, key) })
	l := startLocal(t, func(name string) string { return map[string]string{"LOCAL_EMBEDDER_API_KEY": "k"}[name] },
		"--memory", "--embedder", service, "--embedder-model", "m")
	_, text := l.post(t, "/v1/default_keyspace",
		`{"createCollection":{"name":"c","options":{"vector":{"service":{"provider":"openai","modelName":"m"}}}}}`)
	require.JSONEq(t, `{"status":{"ok":1}}`, text)
	_, text = l.post(t, "/v1/default_keyspace/c", `{"insertOne":{"document":{"_id":1,"$vectorize":"text"}}}`)
	require.JSONEq(t, `{"status":{"insertedIds":[1]}}`, text)
	require.Equal(t, []string{"Bearer k", "Bearer k"}, keys)
}

// startEmbedder is a service that embeds every text as the same vector.
func startEmbedder(t *testing.T, seen func(key string)) (url string) {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, q *http.Request) {
		seen(q.Header.Get("Authorization"))
		_, _ = io.WriteString(w, `{"data":[{"index":0,"embedding":[1,2,3]}]}`)
	}))
	t.Cleanup(server.Close)
	return server.URL + "/v1"
}

// TestLocalUsage: a wrong option is named before anything is opened. Another program listens where
// these would.
func TestLocalUsage(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	dir := filepath.Join(t.TempDir(), "data")
	tests := map[string]struct {
		args []string
		code int
		says string
	}{
		"nowhere":          {nil, cli.ExitUsage, "--data is missing"},
		"two tokens":       {[]string{"--memory", "--token", "a", "--token-file", "b"}, cli.ExitUsage, "exclude each other"},
		"no token file":    {[]string{"--memory", "--token-file", "absent"}, cli.ExitUsage, "--token-file"},
		"two places":       {[]string{"--data", "x", "--memory"}, cli.ExitUsage, "exclude each other"},
		"fault":            {[]string{"--memory", "--fail", "often"}, cli.ExitUsage, "--fail"},
		"embedder":         {[]string{"--memory", "--embedder", "localhost"}, cli.ExitUsage, "http or https URL"},
		"word":             {[]string{"--memory", "now"}, cli.ExitUsage, `no argument "now"`},
		"duration":         {[]string{"--memory", "--latency", "slow"}, cli.ExitUsage, "latency"},
		"backend":          {[]string{"--memory", "--backend", "mysql"}, cli.ExitUsage, "astra or cassandra"},
		"address":          {[]string{"--memory", "--listen", "nowhere:x"}, cli.ExitUsage, "--listen"},
		"no port":          {[]string{"--memory", "--listen", "127.0.0.1"}, cli.ExitUsage, "an address and a port"},
		"open without key": {[]string{"--memory", "--listen", "0.0.0.0:0"}, cli.ExitUsage, "needs --token"},
		"all interfaces":   {[]string{"--memory", "--listen", ":0"}, cli.ExitUsage, "needs --token"},
		"negative latency": {[]string{"--memory", "--latency", "-1s"}, cli.ExitUsage, "latency"},
		"model alone":      {[]string{"--memory", "--embedder-model", "m"}, cli.ExitUsage, "--embedder-model needs --embedder"},
		"collections":      {[]string{"--memory", "--max-collections", "0"}, cli.ExitUsage, "--max-collections"},
		"check nothing":    {[]string{"--check", "--memory"}, cli.ExitUsage, "--check needs --data"},
		"check absent":     {[]string{"--check", "--data", dir}, cli.ExitFailed, "no such file"},
		"check wrongly":    {[]string{"--check", "--data", dir, "--backend", "mysql"}, cli.ExitUsage, "astra or cassandra"},
		"backend of data":  {[]string{"--data", dir, "--backend", "mysql"}, cli.ExitUsage, "astra or cassandra"},
		"fault's status":   {[]string{"--data", dir, "--fail", "find:999=1"}, cli.ExitUsage, "--fail"},
		"page size":        {[]string{"--memory", "--page-size", "-1"}, cli.ExitUsage, "--page-size"},
		"config":           {[]string{"--memory", "--config", "absent.json"}, cli.ExitUsage, "takes no --config"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			var stdout, stderr bytes.Buffer
			args := append([]string{"local", "--listen", taken.Addr().String()}, test.args...)
			code := cli.Run(t.Context(), args, strings.NewReader(""), &stdout, &stderr, noEnv)
			require.Equal(t, test.code, code, stderr.String())
			require.Contains(t, stderr.String(), test.says)
			require.Empty(t, stdout.String(), "nobody was welcomed")
			require.NoDirExists(t, dir)
		})
	}
}

// TestLocalPortTaken says it in words, and creates no folder.
func TestLocalPortTaken(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	dir := filepath.Join(t.TempDir(), "data")
	var stdout, stderr bytes.Buffer
	code := cli.Run(t.Context(), []string{"local", "--data", dir, "--listen", taken.Addr().String()},
		strings.NewReader(""), &stdout, &stderr, noEnv)
	require.Equal(t, cli.ExitFailed, code)
	require.Contains(t, stderr.String(), "another program listens on "+taken.Addr().String())
	require.Empty(t, stdout.String())
	require.NoDirExists(t, dir)
}
