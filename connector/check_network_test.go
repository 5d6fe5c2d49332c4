package connector_test

import (
	"bytes"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/check"
	"destination-astra/internal/clients"
	"destination-astra/internal/fault"
	"destination-astra/localastra"
	"destination-astra/protocol"
	"destination-astra/spec"
)

// page answers everything with the same status and body.
func page(status int, body string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		_, _ = w.Write([]byte(body))
	})
}

// served is the URL of a handler on a socket.
func served(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

// database is an empty Data API on a socket.
func database(t *testing.T, o localastra.Options) string {
	t.Helper()
	o.Memory = true
	server, err := localastra.Open(o)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, server.Close()) })
	return served(t, server)
}

// nobody is an address at which nothing listens.
func nobody(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	defer listener.Close()
	return listener.Addr().String()
}

// silent takes connections and never answers.
func silent(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	return listener.Addr().String()
}

// checkedOverNetwork runs check against an endpoint, over sockets. request bounds each call.
func checkedOverNetwork(t *testing.T, endpoint, token string, request time.Duration) ([]string, error) {
	t.Helper()
	config, _, err := spec.Parse([]byte(`{"embedding":{"mode":"fake"},"processing":{"chunk_size":9},"indexing":{` +
		`"astra_db_endpoint":"` + endpoint + `","astra_db_app_token":"` + token + `",` +
		`"astra_db_keyspace":"default_keyspace","collection":"c"}}`))
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	writer := protocol.NewWriter(&out)
	c, err := clients.Open(clients.Options{
		Config: config, Writer: writer, Log: slog.New(protocol.NewLogHandler(writer, slog.LevelInfo)),
		Timing: clients.Timing{Patience: time.Millisecond, Request: request},
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	return check.Run(t.Context(), c)
}

// TestCheckNamesTheSetting that is wrong, for every way in which an endpoint can be, in a
// sentence that is neither the server's page nor a Go error alone.
func TestCheckNamesTheSetting(t *testing.T) {
	t.Parallel()
	const setting = "indexing.astra_db_endpoint"
	secure := httptest.NewTLSServer(page(http.StatusOK, "{}"))
	t.Cleanup(secure.Close)
	api := database(t, localastra.Options{})
	tests := map[string]struct {
		endpoint string
		failure  protocol.FailureType
		words    []string
	}{
		"keyspace behind it":   {api + "/v1/default_keyspace", protocol.ConfigError, []string{"holds the keyspace", "indexing.astra_db_keyspace"}},
		"collection behind it": {api + "/v1/default_keyspace/c", protocol.ConfigError, []string{"holds the keyspace"}},
		"another path":         {api + "/x", protocol.ConfigError, []string{"no Data API answers at"}},
		"a path below":         {api + "/v1/x", protocol.ConfigError, []string{"base path"}},
		"404 with a body":      {served(t, page(404, `{"error":"not found"}`)), protocol.ConfigError, []string{"HTTP 404", "not found"}},
		"404 with a text":      {served(t, page(404, "404 page not found")), protocol.ConfigError, []string{"HTTP 404"}},
		"404 with a page": {served(t, page(404, "<html><head><title>404</title></head></html>")),
			protocol.ConfigError, []string{"HTTP 404"}},
		"200 with a page": {served(t, page(200, "<html>welcome</html>")), protocol.ConfigError, []string{"no Data API answers at", "welcome"}},
		"405":             {served(t, page(405, "")), protocol.ConfigError, []string{"HTTP 405"}},
		"410":             {served(t, page(410, "gone")), protocol.ConfigError, []string{"HTTP 410", "gone"}},
		"400, cut off": {served(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			w.WriteHeader(http.StatusBadRequest)
		})), protocol.ConfigError, []string{"no Data API answers at", "HTTP 400", "HTTPS"}},
		"https spoken by http": {"https://" + strings.TrimPrefix(api, "http://"), protocol.ConfigError,
			[]string{"No safe connection", "begins with http://"}},
		"http spoken by https": {"http://" + strings.TrimPrefix(secure.URL, "https://"), protocol.ConfigError, []string{"HTTP 400", "HTTPS"}},
		"unknown certificate":  {secure.URL, protocol.ConfigError, []string{"No safe connection", "certificate"}},
		"unknown host":         {"https://no-such-host.invalid", protocol.ConfigError, []string{"does not exist", "no-such-host.invalid"}},
		"refused":              {"http://" + nobody(t), protocol.TransientError, []string{"Nothing listens at 127.0.0.1:"}},
		"no answer":            {"http://" + silent(t), protocol.TransientError, []string{"does not answer in time"}},
		"port too large":       {"https://db.example.org:70000", protocol.ConfigError, []string{"port", "65535"}},
		"port 0":               {"https://db.example.org:0", protocol.ConfigError, []string{"port", "65535"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			request := time.Minute
			switch name {
			case "no answer":
				request = 100 * time.Millisecond
			case "unknown host":
				needResolver(t, test.endpoint)
			}
			_, err := checkedOverNetwork(t, test.endpoint, "AstraCS:a:b", request)
			require.Error(t, err)
			trace := fault.Classify(err)
			require.Equal(t, test.failure, trace.FailureType, trace.Message)
			for _, word := range append(test.words, setting) {
				require.Contains(t, trace.Message, word)
			}
			require.Less(t, len(trace.Message), 600)
			require.NotContains(t, trace.Message, "..", "a double full stop")
		})
	}
}

// needResolver skips the test where nobody can say that a host does not exist: without a
// resolver, or where a proxy is to look hosts up.
func needResolver(t *testing.T, endpoint string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, nil)
	require.NoError(t, err)
	if through, err := http.ProxyFromEnvironment(request); through != nil || err != nil {
		t.Skip("HTTPS_PROXY is set")
	}
	_, err = net.DefaultResolver.LookupHost(t.Context(), request.URL.Host)
	if dns := new(net.DNSError); !errors.As(err, &dns) || !dns.IsNotFound {
		t.Skipf("the resolver does not say that a host does not exist: %v", err)
	}
}

// TestRefusedTokenOfSelfHosted: it reads of the token that such a Data API takes.
func TestRefusedTokenOfSelfHosted(t *testing.T) {
	t.Parallel()
	api := database(t, localastra.Options{Token: "Cassandra:dXNlcg==:cGFzcw=="})
	_, err := checkedOverNetwork(t, api, "AstraCS:client:secret", time.Minute)
	requireConfigError(t, err, "refuses the token", "Cassandra:<user>:<password>", "base64", "indexing.astra_db_app_token")
	require.NotContains(t, fault.Classify(err).Message, "Database Administrator")

	_, err = checkedOverNetwork(t, api, "Cassandra:user:password!", time.Minute)
	requireConfigError(t, err, "indexing.astra_db_app_token", "base64")

	notes, err := checkedOverNetwork(t, api, "Cassandra:dXNlcg==:cGFzcw==", time.Minute)
	require.NoError(t, err)
	require.Contains(t, strings.Join(notes, " "), "does not exist yet")
}
