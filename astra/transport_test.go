package astra_test

import (
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/astra"
	"destination-astra/internal/retry"
)

// listen serves h on loopback and returns a client of it over a real connection.
func listen(t *testing.T, h http.HandlerFunc, change ...func(*astra.Options)) *astra.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	client := newClient(t, nil, append([]func(*astra.Options){func(o *astra.Options) {
		o.Endpoint = s.URL + "/v1/"
	}}, change...)...)
	t.Cleanup(client.Close)
	return client
}

const noKeyspaces = `{"status":{"keyspaces":[]}}`

func TestRequestsOnTheWire(t *testing.T) {
	var connections atomic.Int32
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || r.ProtoMajor != 1 || r.Header.Get("Accept-Encoding") != "" ||
			r.ContentLength != int64(len(body)) || r.URL.Path != "/v1" || r.Method != http.MethodPost {
			w.WriteHeader(http.StatusTeapot)
		}
		if _, sent := r.Header["Token"]; sent {
			w.WriteHeader(http.StatusTeapot)
		}
		io.WriteString(w, noKeyspaces)
	}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			connections.Add(1)
		}
	}
	s.Start()
	t.Cleanup(s.Close)
	client := newClient(t, nil, func(o *astra.Options) {
		o.Endpoint, o.Token = s.URL+"/v1", ""
	})
	t.Cleanup(client.Close)
	const calls = 10
	for range calls {
		_, err := client.FindKeyspaces(t.Context())
		require.NoError(t, err)
	}
	// A call may begin before the connection of the one before is back in its pool.
	require.Less(t, connections.Load(), int32(calls/2), "connections are kept")
}

func TestConcurrentCallsKeepTheirBodiesApart(t *testing.T) {
	client := listen(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		id := "a"
		if len(body) > 0 && string(body) != `{"insertMany":{"documents":[{"_id":"a"}],`+
			`"options":{"ordered":false,"returnDocumentResponses":true}}}` {
			id = "b"
		}
		io.WriteString(w, `{"status":{"documentResponses":[{"_id":"`+id+`","status":"OK"}]}}`)
	})
	collection := client.Database("ks").Collection("c")
	var group errgroup.Group
	for i := range 8 {
		group.Go(func() error {
			for range 50 {
				if _, err := collection.InsertMany(t.Context(), notes([]string{"a", "b"}[i%2])); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
}

func TestTheAlternateEndpointIsTriedOnceAndRemembered(t *testing.T) {
	var paths []string
	serve := func(served string) *astra.Client {
		paths = nil
		return newClient(t, roundTripper(func(req *http.Request) (*http.Response, error) {
			paths = append(paths, req.URL.Path)
			if req.URL.Path != served {
				return answer(404, "")(req, "")
			}
			return reply(noKeyspaces)(req, "")
		}), func(o *astra.Options) {
			o.Endpoint, o.AlternateEndpoint = "http://local/v1", "http://local/api/json/v1"
		})
	}
	for served, want := range map[string][]string{
		"/v1":          {"/v1", "/v1"},
		"/api/json/v1": {"/v1", "/api/json/v1", "/api/json/v1"},
	} {
		client := serve(served)
		for range 2 {
			_, err := client.FindKeyspaces(t.Context())
			require.NoError(t, err)
		}
		require.Equal(t, want, paths)
		require.Equal(t, "http://local"+served, client.Endpoint())
	}
	_, err := serve("/elsewhere").FindKeyspaces(t.Context())
	require.ErrorIs(t, err, astra.ErrUnknownPath)
	require.Equal(t, []string{"/v1", "/api/json/v1"}, paths)
}

func TestNoConnectionIsNothingSent(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	for name, endpoint := range map[string]string{
		"refused":      "http://" + listener.Addr().String() + "/v1",
		"TLS to plain": "https://" + plain(t) + "/v1",
	} {
		t.Run(name, func(t *testing.T) {
			client := newClient(t, nil, func(o *astra.Options) {
				o.Endpoint, o.Retry = endpoint, retry.Policy{MaxAttempts: 1}
			})
			_, err := client.Database("ks").Collection("c").InsertMany(t.Context(), notes("a"))
			var batch *astra.BatchError
			require.ErrorAs(t, err, &batch)
			require.Equal(t, astra.FateNotTried, batch.Documents[0].Fate)
			e := asError(t, err)
			require.True(t, e.NothingSent)
			require.Equal(t, name == "refused", e.Retryable())
			requireNoToken(t, err)
		})
	}
}

// plain is the address of a server without TLS.
func plain(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.NotFoundHandler())
	t.Cleanup(s.Close)
	return s.Listener.Addr().String()
}

func TestAnUnknownCertificateIsRefused(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.Config.ErrorLog = nil
	s.StartTLS()
	t.Cleanup(s.Close)
	client := newClient(t, nil, func(o *astra.Options) { o.Endpoint = s.URL })
	_, err := client.FindKeyspaces(t.Context())
	e := asError(t, err)
	require.True(t, e.NothingSent)
	require.False(t, e.Retryable())
}

func TestAServerThatDropsTheConnection(t *testing.T) {
	var calls atomic.Int32
	client := listen(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body)
		switch calls.Add(1) {
		case 1: // after the request, before an answer
			panic(http.ErrAbortHandler)
		case 2: // in the middle of the answer
			w.Header().Set("Content-Length", "500")
			io.WriteString(w, `{"status":`)
		default:
			responses := `{"status":{"documentResponses":[{"_id":"a","status":"ERROR","errorsIdx":0}]},"errors":[`
			io.WriteString(w, responses+exists("a")+`]}`)
		}
	})
	result, err := client.Database("ks").Collection("c").InsertMany(t.Context(), notes("a"))
	require.NoError(t, err)
	require.Equal(t, []string{"a"}, result.Inserted)
	require.EqualValues(t, 3, calls.Load())
}

func TestEndpointsThatAreRefused(t *testing.T) {
	for endpoint, want := range map[string]string{
		"":                        "the endpoint is empty",
		"local:dir":               "must start with https:// or http://",
		"db.example":              "must start with",
		"https://":                "has no host",
		"https://u:p@db.example":  "must not hold a user or password",
		"https://db.example?a=b":  "must not hold a query",
		"https://db.example/%zz":  "is not a URL",
		"https://db.example#frag": "must not hold a query or fragment",
	} {
		_, err := astra.NewClient(astra.Options{Endpoint: endpoint})
		require.ErrorContains(t, err, want, endpoint)
	}
	_, err := astra.NewClient(astra.Options{Endpoint: "https://db.example", AlternateEndpoint: "x"})
	require.Error(t, err)
	_, err = astra.NewClient(astra.Options{Endpoint: "https://db.example", Token: "a\nb"})
	require.ErrorContains(t, err, "header")
}

func TestUserAgent(t *testing.T) {
	require.Equal(t, "airbyte/destination-astra/0.2.0 (go)", astra.UserAgent("0.2.0"))
	require.Equal(t, "airbyte/destination-astra/dev (go)", astra.UserAgent(""))
}
