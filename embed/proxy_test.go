package embed_test

import (
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/embed"
	"destination-astra/internal/embedtest"
)

// proxyHelper marks the process that TestProxyFromEnvironment starts: net/http reads
// the environment once, so the variables must be there from the beginning.
const proxyHelper = "EMBED_TEST_PROXY_HELPER"

func TestProxyFromEnvironment(t *testing.T) {
	if os.Getenv(proxyHelper) != "" {
		e, err := embed.NewOpenAICompatible(embed.OpenAICompatibleOptions{
			BaseURL: "http://vectors.invalid/v1", Dimensions: 8, Retry: quick,
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
