package local_test

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/internal/cli"
	"destination-astra/localastra"
)

// localServer is a local Data API on a socket, as the command local serves it.
type localServer struct {
	t     testing.TB
	url   string
	token string
}

// startLocal serves until the test ends.
func startLocal(t testing.TB, o localastra.Options) localServer {
	t.Helper()
	server, err := localastra.Open(o)
	require.NoError(t, err)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.Background())
	var group errgroup.Group
	group.Go(func() error { return server.Serve(ctx, listener) })
	t.Cleanup(func() {
		stop()
		require.NoError(t, group.Wait())
		require.NoError(t, server.Close())
	})
	return localServer{t, "http://" + listener.Addr().String(), o.Token}
}

// must posts a command that cannot fail to a path below /v1.
func (s localServer) must(path, command string) map[string]any {
	s.t.Helper()
	request, err := http.NewRequest(http.MethodPost, s.url+"/v1/"+path, strings.NewReader(command))
	require.NoError(s.t, err)
	request.Header.Set("Token", s.token)
	response, err := http.DefaultClient.Do(request)
	require.NoError(s.t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(s.t, err)
	var answer map[string]any
	require.NoError(s.t, json.Unmarshal(text, &answer), string(text))
	require.NotContains(s.t, answer, "errors", string(text))
	return answer
}

// localArticles are the records of writeArticles: two streams with texts that differ.
func localArticles() map[string][]string {
	return map[string][]string{
		"articles": {
			`{"id":1,"category":"a","body":"the first article is about gardens and rain"}`,
			`{"id":2,"category":"b","body":"the second article is about engines and oil"}`,
			`{"id":3,"category":"a","body":"the third article is about gardens and sun"}`,
		},
		"tickets": {
			`{"id":1,"category":"c","body":"my engine does not start in the rain"}`,
			`{"id":2,"category":"c","body":"the garden hose leaks"}`,
		},
	}
}

// writeArticles runs the connector's write against the server.
func (s localServer) writeArticles(collection string) {
	s.t.Helper()
	dir := s.t.TempDir()
	var streams, messages []string
	for name, records := range localArticles() {
		streams = append(streams,
			fmt.Sprintf(`{"stream":{"name":%q,"json_schema":{},"supported_sync_modes":["full_refresh"]},
			"sync_mode":"full_refresh","destination_sync_mode":"append_dedup","primary_key":[["id"]],"cursor_field":[],
			"generation_id":7,"minimum_generation_id":0,"sync_id":3}`, name))
		for _, data := range records {
			messages = append(messages,
				fmt.Sprintf(`{"type":"RECORD","record":{"stream":%q,"data":%s,"emitted_at":1}}`, name, data))
		}
		messages = append(messages, fmt.Sprintf(`{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1,
			"stream_status":{"stream_descriptor":{"name":%q},"status":"COMPLETE"}}}`, name))
	}
	for i, message := range messages {
		messages[i] = strings.ReplaceAll(message, "\n", " ")
	}
	config := s.file(dir, "config.json", fmt.Sprintf(`{"embedding":{"mode":"fake"},
		"processing":{"chunk_size":1000,"text_fields":["body"],"metadata_fields":["category"]},
		"indexing":{"astra_db_endpoint":%q,"astra_db_app_token":%q,"astra_db_keyspace":%q,"collection":%q}}`,
		s.url, cmp.Or(s.token, "any"), localastra.DefaultKeyspace, collection))
	catalog := s.file(dir, "catalog.json", `{"streams":[`+strings.Join(streams, ",")+`]}`)
	var stdout, stderr bytes.Buffer
	code := cli.Run(s.t.Context(), []string{"write", "--config", config, "--catalog", catalog},
		strings.NewReader(strings.Join(messages, "\n")+"\n"), &stdout, &stderr, func(string) string { return "" })
	require.Zero(s.t, code, stdout.String()+stderr.String())
}

func (s localServer) file(dir, name, content string) string {
	s.t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(s.t, os.WriteFile(path, []byte(content), 0o600))
	return path
}
