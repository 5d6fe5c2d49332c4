package histories_test

import (
	"bytes"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/connector"
	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/clients"
	"destination-astra/protocol"
	"destination-astra/spec"
)

// inProcess runs the connector in the test's process.
type inProcess struct {
	config         object
	data, embedder http.RoundTripper
	onLine         func(line string) // sees stdout
}

// write runs one sync and returns how it ended.
func (p inProcess) write(t *testing.T, catalog object, messages []string) error {
	t.Helper()
	config, warnings, err := spec.Parse([]byte(ToJSON(t, p.config)))
	require.NoError(t, err)
	require.Empty(t, warnings)
	parsed, err := protocol.ParseCatalog([]byte(ToJSON(t, catalog)))
	require.NoError(t, err)
	writer := protocol.NewWriter(p)
	c, err := clients.Open(clients.Options{
		Config: config, Writer: writer, Log: slog.New(protocol.NewLogHandler(writer, slog.LevelInfo)),
		AstraTransport: p.data, EmbedTransport: p.embedder,
	})
	require.NoError(t, err)
	defer func() { require.NoError(t, c.Close()) }()
	_, err = connector.New(c).Write(t.Context(), parsed, strings.NewReader(Lines(messages...)))
	return err
}

// Write takes a line of stdout.
func (p inProcess) Write(line []byte) (int, error) {
	if p.onLine != nil {
		p.onLine(string(line))
	}
	return len(line), nil
}

// roundTripper is a function that carries out requests.
type roundTripper func(*http.Request) (*http.Response, error)

// RoundTrip implements http.RoundTripper.
func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// withBody is the request once more, with a body of its own.
func withBody(r *http.Request, body []byte) *http.Request {
	again := r.Clone(r.Context())
	again.Body = io.NopCloser(bytes.NewReader(body))
	return again
}
