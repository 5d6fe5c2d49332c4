package embed_test

import (
	"encoding/pem"
	"io"
	"log"
	"net/http/httptest"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
	"destination-astra/internal/nearby"
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

func TestProxyFromEnvironment(t *testing.T) {
	server := embedtest.NewServer(embedtest.Options{Path: "/v1/embeddings", Dimensions: 8})
	listener := httptest.NewServer(server)
	defer listener.Close()
	t.Setenv("HTTP_PROXY", listener.URL)
	t.Setenv("NO_PROXY", "")
	e, err := embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
		BaseURL: "http://vectors.internal/v1", Dimensions: 8, Common: embed.Common{Retry: quick},
	})
	require.NoError(t, err)
	mustEmbed(t, e, "by way of the proxy")
	require.Equal(t, []string{"by way of the proxy"}, server.Texts())
}

// TestNoPublicProxySeesTheKey, and one that is malformed is not taken for none: both are errors
// of the configuration, whatever the provider.
func TestNoPublicProxySeesTheKey(t *testing.T) {
	t.Setenv("NO_PROXY", "")
	for variable, want := range map[string]string{
		"http://user:MARKED@192.0.2.1:3128": "is at 192.0.2.1, a public address", "user:MARKED@proxy host": "not a URL",
	} {
		t.Setenv("HTTP_PROXY", variable)
		for name, p := range providers {
			e, err := p.make("http://vectors", embed.Common{Retry: quick})
			require.NoError(t, err, name)
			_, err = e.Embed(t.Context(), []string{"a"})
			failed := requireError(t, err)
			require.True(t, failed.ConfigFault(), name)
			require.False(t, failed.Retryable(), name)
			require.Contains(t, failed.Error(), want)
			require.NotContains(t, failed.Error(), "MARKED")
		}
	}
}

// TestPublicPlainHTTPIsRefused names the setting, or the variable, of each provider.
func TestPublicPlainHTTPIsRefused(t *testing.T) {
	for _, host := range []string{"8.8.8.8", "8。8。8。8", "134744072", "0x08080808", "[2001:db8::1]", "169.254.169.254"} {
		for name, p := range providers {
			_, err := p.make("http://"+host, embed.Common{})
			e := requireError(t, err)
			require.Equal(t, p.address, e.Setting, name)
			require.True(t, e.ConfigFault())
			require.ErrorContains(t, err, "use https")
		}
	}
	// A name is refused when it is dialled.
	e, err := providers["openai_compatible"].make("http://vectors.example", embed.Common{Retry: quick,
		Transport: failing{err: &nearby.Error{Address: netip.MustParseAddr("8.8.8.8")}}})
	require.NoError(t, err)
	_, err = e.Embed(t.Context(), []string{"a"})
	refused := requireError(t, err)
	require.True(t, refused.ConfigFault())
	require.False(t, refused.Retryable())
	require.Equal(t, "embedding.base_url", refused.Setting)
	require.ErrorContains(t, err, "8.8.8.8 is a public address")
}
