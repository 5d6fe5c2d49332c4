package proxy_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/proxy"
)

// asked marks the process that a test starts: net/http reads the variables once.
const asked = "PROXY_TEST_ASKS"

// TestAsks is what the other process does: one request, and what it says of its failure.
func TestAsks(t *testing.T) {
	target := os.Getenv(asked)
	if target == "" {
		t.Skip("only for the process that TestFaults starts")
	}
	transport := &http.Transport{}
	proxy.Use(transport)
	response, err := (&http.Client{Transport: transport}).Get(target)
	if err == nil {
		require.NoError(t, response.Body.Close())
		return
	}
	reason, ok := proxy.Fault(err)
	require.True(t, ok, "%v", err)
	require.NotContains(t, reason, "MARKED")
	_, err = os.Stdout.WriteString("said: " + reason + "\n")
	require.NoError(t, err)
}

// TestFaults: what the proxy does wrong is told apart from what the host does, and its
// password is told to nobody.
func TestFaults(t *testing.T) {
	t.Parallel()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	dead := free.Addr().String()
	require.NoError(t, free.Close())
	tests := map[string]struct {
		proxy  string // "" = one that answers status
		status int
		want   string
	}{
		"not a URL":     {"http://user:MARKED@a b", 0, "an address that is not a URL"},
		"half an IPv6":  {"http://user:MARKED@[::1", 0, "an address that is not a URL"},
		"a scheme":      {"ftp://user:MARKED@proxy", 0, "does not begin with http://"},
		"a port":        {"http://user:MARKED@proxy:70000", 0, "a port that is not from 1 to 65535"},
		"dead":          {"http://user:MARKED@" + dead, 0, "cannot be reached: connect: connection refused"},
		"dead socks":    {"socks5://user:MARKED@" + dead, 0, "cannot be reached: connect: connection refused"},
		"unknown":       {"http://user:MARKED@no-such-proxy.invalid", 0, "cannot be reached: "},
		"unauthorised":  {"", http.StatusProxyAuthRequired, "another user and password (407)"},
		"forbidden":     {"", http.StatusForbidden, "does not let the request through (403 Forbidden)"},
		"a bad gateway": {"", http.StatusBadGateway, "cannot be reached: the proxy answers 502 Bad Gateway"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if test.proxy == "" {
				server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
					w.WriteHeader(test.status)
				}))
				t.Cleanup(server.Close)
				test.proxy = server.URL
			}
			command := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestAsks$")
			command.Env = append(os.Environ(), asked+"=https://astra.invalid", "HTTPS_PROXY="+test.proxy, "NO_PROXY=")
			out, err := command.CombinedOutput()
			require.NoError(t, err, "%s", out)
			require.Contains(t, string(out), "said: ")
			require.Contains(t, string(out), test.want)
		})
	}
}

// TestNoFault: without a proxy, what fails is the host.
func TestNoFault(t *testing.T) {
	t.Parallel()
	_, ok := proxy.Fault(&net.OpError{Op: "dial", Err: net.ErrClosed})
	require.False(t, ok)
	_, ok = proxy.Fault(net.ErrClosed)
	require.False(t, ok)
}
