package embed_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

// certificateHelper marks the process that TestCertificatesFromEnvironment starts, and
// is the URL that it asks.
const certificateHelper = "EMBED_TEST_CERTIFICATE_HELPER"

// TestCertificatesFromEnvironment: SSL_CERT_FILE makes a private authority trusted.
func TestCertificatesFromEnvironment(t *testing.T) {
	if url := os.Getenv(certificateHelper); url != "" {
		e, err := embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{BaseURL: url + "/v1", Dimensions: 8, Common: embed.Common{Retry: quick}})
		require.NoError(t, err)
		mustEmbed(t, e, "over TLS")
		return
	}
	server := embedtest.NewServer(embedtest.Options{Path: "/v1/embeddings", Dimensions: 8})
	listener := httptest.NewTLSServer(server)
	defer listener.Close()
	listener.Config.ErrorLog = log.New(io.Discard, "", 0)
	file := filepath.Join(t.TempDir(), "authority.pem")
	authority := pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: listener.Certificate().Raw})
	require.NoError(t, os.WriteFile(file, authority, 0o600))
	run := func(environment ...string) (string, error) {
		command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestCertificatesFromEnvironment$")
		command.Env = append(os.Environ(), certificateHelper+"="+listener.URL)
		command.Env = append(command.Env, environment...)
		output, err := command.CombinedOutput()
		return string(output), err
	}
	output, err := run("SSL_CERT_FILE=" + file)
	require.NoError(t, err, output)
	require.Equal(t, []string{"over TLS"}, server.Texts())
	output, err = run()
	require.Error(t, err)
	require.Contains(t, output, "certificate")
}

// proxyHelper marks the process that TestProxyFromEnvironment starts: net/http reads
// the environment once, so the variables must be there from the beginning.
const proxyHelper = "EMBED_TEST_PROXY_HELPER"

func TestProxyFromEnvironment(t *testing.T) {
	if os.Getenv(proxyHelper) != "" {
		e, err := embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
			BaseURL: "http://vectors.invalid/v1", Dimensions: 8, Common: embed.Common{Retry: quick},
		})
		require.NoError(t, err)
		mustEmbed(t, e, "by way of the proxy")
		return
	}
	server := embedtest.NewServer(embedtest.Options{Path: "/v1/embeddings", Dimensions: 8})
	listener := httptest.NewServer(server)
	defer listener.Close()
	command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxyFromEnvironment$")
	command.Env = append(os.Environ(), proxyHelper+"=1", "HTTP_PROXY="+listener.URL, "NO_PROXY=", "no_proxy=")
	output, err := command.CombinedOutput()
	require.NoError(t, err, string(output))
	require.Equal(t, []string{"by way of the proxy"}, server.Texts())
}
