package proxy_test

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/internal/proxy"
)

// ask makes one request through a transport of the present environment.
func ask(t *testing.T, target string, dialer net.Dialer, timeout time.Duration) (*http.Response, error) {
	t.Helper()
	transport := proxy.NewTransport(&http.Transport{}, dialer)
	t.Cleanup(transport.CloseIdleConnections)
	ctx, cancel := context.WithTimeout(t.Context(), timeout)
	t.Cleanup(cancel)
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, nil)
	require.NoError(t, err)
	response, err := transport.RoundTrip(request)
	if err == nil {
		t.Cleanup(func() { _ = response.Body.Close() })
	}
	return response, err
}

// answering is the URL of a proxy that answers everything with status.
func answering(t *testing.T, status int) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(status) }))
	t.Cleanup(server.Close)
	return server.URL
}

// talking is the address of something that says text to each connection, and no more.
func talking(t *testing.T, text string) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	var serving errgroup.Group
	serving.Go(func() error {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return nil
			}
			serving.Go(func() error {
				_, _ = connection.Read(make([]byte, 512))
				_, _ = io.WriteString(connection, text)
				if text == "" {
					_, _ = io.Copy(io.Discard, connection)
				}
				return connection.Close()
			})
		}
	})
	t.Cleanup(func() {
		require.NoError(t, listener.Close())
		require.NoError(t, serving.Wait())
	})
	return listener.Addr().String()
}

// dead is an address at which nobody listens.
func dead(t *testing.T) string {
	t.Helper()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, free.Close())
	return free.Addr().String()
}

// TestFaults: what the proxy does wrong is told apart from what the host does, and its
// password is told to nobody.
func TestFaults(t *testing.T) {
	const secure, plain, elsewhere = "https://astra.invalid", "http://data-api/v1", "http://data-api.invalid/v1"
	tests := map[string]struct {
		proxy  string
		target string
		want   string
	}{
		"not a URL":            {"http://user:MARKED@a b", secure, "an address that is not a URL"},
		"half an IPv6":         {"http://user:MARKED@[::1", secure, "an address that is not a URL"},
		"two words":            {"user:MARKED@proxy host", secure, "an address that is not a URL"},
		"an odd escape":        {"user:MARKED@%zz:3128", secure, "an address that is not a URL"},
		"IPv6 cut off":         {"[::1", secure, "an address that is not a URL"},
		"a word for a port":    {"proxy:port", secure, "an address that is not a URL"},
		"one slash":            {"http:/proxy:3128", secure, "an address that is not a URL"},
		"no slash":             {"http:proxy:3128", secure, "an address that is not a URL"},
		"no host":              {"http://user:MARKED@:3128", secure, "an address without a host"},
		"a scheme":             {"ftp://user:MARKED@proxy", secure, "does not begin with http://"},
		"a port":               {"http://user:MARKED@proxy:70000", secure, "a port that is not from 1 to 65535"},
		"for plain http":       {"user:MARKED@proxy host", plain, "an address that is not a URL"},
		"for what passes by":   {"user:MARKED@proxy host", elsewhere, "an address that is not a URL"},
		"dead":                 {"http://user:MARKED@" + dead(t), secure, "cannot be reached: connect: connection refused"},
		"dead socks":           {"socks5://user:MARKED@" + dead(t), secure, "cannot be reached: connect: connection refused"},
		"dead for plain http":  {"http://user:MARKED@" + dead(t), plain, "cannot be reached: connect: connection refused"},
		"unknown":              {"http://user:MARKED@no-such-proxy.invalid", secure, "cannot be reached: "},
		"unknown, plain":       {"no-such-proxy.invalid:3128", plain, "cannot be reached: "},
		"unauthorised":         {answering(t, http.StatusProxyAuthRequired), secure, "another user and password (407)"},
		"unauthorised, plain":  {answering(t, http.StatusProxyAuthRequired), plain, "another user and password (407)"},
		"forbidden":            {answering(t, http.StatusForbidden), secure, "does not let the request through (403 Forbidden)"},
		"a bad gateway":        {answering(t, http.StatusBadGateway), secure, "cannot be reached: the proxy answers 502 Bad Gateway"},
		"no proxy":             {"user:MARKED@" + talking(t, "SSH-2.0-OpenSSH\r\n"), secure, "malformed HTTP"},
		"no socks":             {"socks5://" + talking(t, "HTTP/1.1 400 Bad Request\r\n\r\n"), secure, "cannot be reached: "},
		"silent":               {"user:MARKED@" + talking(t, ""), secure, "cannot be reached: no answer in time"},
		"silent socks":         {"socks5://" + talking(t, ""), secure, "cannot be reached: no answer in time"},
		"public":               {"http://user:MARKED@192.0.2.1:3128", plain, "is at 192.0.2.1, a public address"},
		"public, TLS":          {"https://user:MARKED@192.0.2.1:3128", plain, "is at 192.0.2.1, a public address"},
		"public socks":         {"socks5://user:MARKED@[2001:db8::1]:1080", plain, "is at 2001:db8::1, a public address"},
		"of a cloud":           {"169.254.169.254:80", plain, "the address of a cloud's metadata service"},
		"in other small words": {" \tuser:MARKED@proxy host ", secure, "an address that is not a URL"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HTTPS_PROXY", "")
			t.Setenv("https_proxy", test.proxy)
			t.Setenv("HTTP_PROXY", test.proxy)
			t.Setenv("NO_PROXY", "")
			timeout := time.Minute
			if name == "silent" || name == "silent socks" {
				timeout = 100 * time.Millisecond
			}
			_, err := ask(t, test.target, net.Dialer{}, timeout)
			require.Error(t, err)
			reason, ok := proxy.Fault(err)
			require.True(t, ok, "%v", err)
			require.Contains(t, reason, test.want)
			require.NotContains(t, err.Error()+reason, "MARKED")
		})
	}
}

// TestFaultsOfTheHost are not the proxy's: without one, past it, or behind it.
func TestFaultsOfTheHost(t *testing.T) {
	through := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		connection, _, err := w.(http.Hijacker).Hijack()
		if err == nil { // to a host that speaks no TLS
			_, _ = io.WriteString(connection, "HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 400 Bad Request\r\n\r\n")
			_ = connection.Close()
		}
	}))
	t.Cleanup(through.Close)
	for name, test := range map[string]struct{ proxy, none, target string }{
		"none":              {"", "", "https://" + dead(t)},
		"loopback":          {"proxy host", "", "http://" + dead(t)},
		"NO_PROXY":          {"proxy host", ".invalid", "https://astra.invalid"},
		"NO_PROXY, all":     {"proxy host", "*", "http://data-api.invalid"},
		"TLS behind it":     {through.URL, "", "https://astra.invalid"},
		"plain http passes": {"http://" + dead(t), "", "http://data-api.invalid"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Setenv("HTTP_PROXY", test.proxy)
			t.Setenv("HTTPS_PROXY", test.proxy)
			t.Setenv("NO_PROXY", test.none)
			_, err := ask(t, test.target, net.Dialer{}, time.Minute)
			require.Error(t, err)
			_, ok := proxy.Fault(err)
			require.False(t, ok, "%v", err)
		})
	}
	_, ok := proxy.Fault(&net.OpError{Op: "dial", Err: net.ErrClosed})
	require.False(t, ok)
	_, ok = proxy.Fault(net.ErrClosed)
	require.False(t, ok)
}
