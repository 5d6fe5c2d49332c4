package suites_test

import (
	"bufio"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/integration_tests/blackbox"
	"destination-astra/internal/embedtest"
)

// serviceDimensions is the length of the vectors of the model that astrapy's tests name.
const serviceDimensions = 1024

// announced finds the server's address in what it prints.
var announced = regexp.MustCompile(`^Data API on (http://\S+), `)

// startServer runs the command local on a new folder, with an embedding service, until the
// test ends. Without a latency nothing would run into the suites' shortest timeouts, and
// some clients of today want the pages of last year's servers.
func startServer(t *testing.T) string {
	t.Helper()
	embedder := httptest.NewServer(embedtest.NewServer(embedtest.Options{Dimensions: serviceDimensions, AnyKey: true}))
	t.Cleanup(embedder.Close)
	server := exec.Command(blackbox.Binary(t), "local", "--data", t.TempDir(), "--listen", "127.0.0.1:0",
		"--page-size", "20", "--latency", "20ms", "--embedder", embedder.URL+"/v1", "--embedder-model", "any")
	server.Env = blackbox.CleanEnv()
	stdout, err := server.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, server.Start())
	t.Cleanup(func() {
		require.NoError(t, server.Process.Signal(os.Interrupt))
		require.NoError(t, server.Wait())
	})
	line, err := bufio.NewReader(stdout).ReadString('\n')
	require.NoError(t, err)
	address := announced.FindStringSubmatch(line)
	require.NotNil(t, address, line)
	return address[1]
}
