package localastra_test

import (
	"context"
	"net"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

// TestGuard tries what a web page of another site, or a foreign name that points to
// loopback, could send.
func TestGuard(t *testing.T) {
	tests := map[string]struct {
		host   string
		header http.Header
		token  string
		status int
	}{
		"a program":          {"", nil, "", 200},
		"the page itself":    {"", http.Header{"Sec-Fetch-Site": {"same-origin"}}, "", 200},
		"another site":       {"", http.Header{"Sec-Fetch-Site": {"cross-site"}}, "", 403},
		"another origin":     {"", http.Header{"Origin": {"http://evil.example"}}, "", 403},
		"a foreign name":     {"evil.example", nil, "", 403},
		"localhost":          {"localhost:1", nil, "", 200},
		"a name, with token": {"my-machine:8181", nil, "t", 200},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c := open(t, localastra.Options{Memory: true, Token: test.token})
			listener, err := net.Listen("tcp", "127.0.0.1:0")
			require.NoError(t, err)
			ctx, stop := context.WithCancel(t.Context())
			var group errgroup.Group
			group.Go(func() error { return c.server.Serve(ctx, listener) })
			request, err := http.NewRequest(http.MethodPost, "http://"+listener.Addr().String()+"/v1",
				strings.NewReader(`{"findKeyspaces":{}}`))
			require.NoError(t, err)
			if test.host != "" {
				request.Host = test.host
			}
			for key, values := range test.header {
				request.Header[key] = values
			}
			request.Header.Set("Token", test.token)
			response, err := http.DefaultClient.Do(request)
			require.NoError(t, err)
			require.NoError(t, response.Body.Close())
			require.Equal(t, test.status, response.StatusCode)
			stop()
			require.NoError(t, group.Wait())
		})
	}
}
