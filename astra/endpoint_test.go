package astra_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
	"destination-astra/internal/proxy"
	"destination-astra/internal/retry"
)

// TestPlainHTTPToAPublicAddressIsRefused, in all the forms that net/http or a resolver reads.
func TestPlainHTTPToAPublicAddressIsRefused(t *testing.T) {
	for _, host := range []string{
		"8.8.8.8", "8.8.8.8.", "8。8。8。8", "8．8．8．8", "8｡8｡8｡8", "８.８.８.８", "134744072", "0x08080808", "8888", "010.8.8.8",
		"[2001:db8::1]", "[::ffff:8.8.8.8]", "169.254.169.254", "[fe80::1%25eth0]", "100.100.100.200",
	} {
		_, err := astra.NewClient(astra.Options{Endpoint: "http://" + host + ":8181/v1", Token: token})
		require.ErrorIs(t, err, astra.ErrNotPrivate, host)
		_, err = astra.NewClient(astra.Options{Endpoint: "http://localhost/v1", AlternateEndpoint: "http://" + host})
		require.ErrorIs(t, err, astra.ErrNotPrivate, host)
		_, err = astra.NewClient(astra.Options{Endpoint: "https://" + host + ":8181/v1"})
		require.NoError(t, err, host)
	}
	for _, host := range []string{"localhost:8181", "stargate:8181", "host.docker.internal", "data-api.astra.svc", "10.1.2.3", "[fd00::1]"} {
		_, err := astra.NewClient(astra.Options{Endpoint: "http://" + host + "/v1", Token: token})
		require.NoError(t, err, host)
	}
}

// TestNoPublicProxySeesTheToken: the address of the proxy is checked where the request is
// plain http, and nothing is sent.
func TestNoPublicProxySeesTheToken(t *testing.T) {
	t.Setenv("HTTP_PROXY", "http://user:MARKED@192.0.2.1:3128")
	t.Setenv("NO_PROXY", "")
	client := newClient(t, nil, func(o *astra.Options) {
		o.Endpoint, o.Retry = "http://data-api/v1", retry.Policy{MaxAttempts: 3}
	})
	_, err := client.FindKeyspaces(t.Context())
	e := asError(t, err)
	require.True(t, e.NothingSent)
	require.False(t, e.Retryable())
	reason, ok := proxy.Fault(e.Err)
	require.True(t, ok)
	require.Contains(t, reason, "is at 192.0.2.1, a public address")
	require.NotContains(t, err.Error(), "MARKED")
	requireNoToken(t, err)
}

// TestABadProxyIsNeverPassedBy: not even where the host would be asked without it.
func TestABadProxyIsNeverPassedBy(t *testing.T) {
	t.Setenv("HTTP_PROXY", "proxy host:3128")
	t.Setenv("NO_PROXY", "")
	for _, endpoint := range []string{"http://data-api.invalid/v1", "http://data-api/v1"} {
		client := newClient(t, nil, func(o *astra.Options) { o.Endpoint, o.Retry = endpoint, retry.Policy{MaxAttempts: 1} })
		_, err := client.FindKeyspaces(t.Context())
		reason, ok := proxy.Fault(asError(t, err).Err)
		require.True(t, ok, "%s: %v", endpoint, err)
		require.Contains(t, reason, "not a URL")
	}
}
