package commands_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/localastra"
)

// TestCheckAlwaysAnswers with a CONNECTION_STATUS and exit code 0, which CheckFile
// requires, whatever is at the endpoint.
func TestCheckAlwaysAnswers(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	tests := map[string]struct {
		endpoint string
		words    []string
	}{
		"keyspace behind it": {api.URL + "/v1/default_keyspace", []string{"holds the keyspace", "indexing.astra_db_keyspace"}},
		"404 with a body":    {pageServer(t, http.StatusNotFound, `{"message":"no route"}`), []string{"HTTP 404", "no route"}},
		"a page that is 404": {pageServer(t, http.StatusNotFound, "<html>Not here</html>"), []string{"HTTP 404", "Not here"}},
		"418":                {pageServer(t, http.StatusTeapot, "short and stout"), []string{"HTTP 418"}},
		"a foreign error": {pageServer(t, http.StatusOK, `{"errors":[{"family":"REQUEST","errorCode":"NOBODY_KNOWS",`+
			`"message":"never heard of it"}]}`), []string{"NOBODY_KNOWS", "never heard of it"}},
		"port too large": {"https://db.example.org:65536", []string{"65535"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			answer := Check(t, ConfigFor(test.endpoint))
			require.Equal(t, "FAILED", answer.Status)
			for _, word := range test.words {
				require.Contains(t, answer.Message, word)
			}
		})
	}
}

// pageServer answers everything the same.
func pageServer(t *testing.T, status int, body string) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// deadAddress is one at which nobody listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// TestCheckNamesTheProxy where the proxy is at fault, for the Data API and for the
// embedding service, and never its password. Loopback is never asked for through a proxy.
func TestCheckNamesTheProxy(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	refusing := pageServer(t, http.StatusProxyAuthRequired, "")
	astra := ConfigFor("https://no-such-database.apps.astra.datastax.com")
	openAI := ConfigFor(api.URL, func(c map[string]any) {
		c["embedding"] = map[string]any{"mode": "openai", "openai_key": "sk-none-of-yours"}
	})
	for name, proxy := range map[string]string{
		"not a URL": "http://user:MARKED@[::1",
		"scheme":    "gopher://user:MARKED@proxy",
		"port":      "http://user:MARKED@proxy:99999",
		"dead":      "http://user:MARKED@" + deadAddress(t),
		"refuses":   refusing,
	} {
		for whom, config := range map[string]any{"Data API": astra, "embedder": openAI} {
			t.Run(name+" for the "+whom, func(t *testing.T) {
				t.Parallel()
				answer := Check(t, config, "HTTPS_PROXY="+proxy, "NO_PROXY=")
				require.Equal(t, "FAILED", answer.Status)
				require.Regexp(t, `HTTPS_PROXY \(for http:// endpoints HTTP_PROXY\) names [a-z ]+`, answer.Message)
				require.NotContains(t, answer.Message, "MARKED")
			})
		}
	}
}
