package localastra_test

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

func TestHTTP(t *testing.T) {
	const command = `{"findKeyspaces":{}}`
	tests := map[string]struct {
		method, path, body string
		header             http.Header
		status             int
		contains           string
	}{
		"ok":              {"POST", "/v1", command, nil, 200, "default_keyspace"},
		"trailing slash":  {"POST", "/v1/", command, nil, 200, "default_keyspace"},
		"Astra base path": {"POST", "/api/json/v1", command, nil, 200, "default_keyspace"},
		"unknown path":    {"POST", "/v2", command, nil, 404, ""},
		"no such base":    {"POST", "/v1x", command, nil, 404, ""},
		"too deep":        {"POST", "/v1/a/b/c", command, nil, 404, ""},
		"empty part":      {"POST", "/v1//c", command, nil, 404, ""},
		"GET":             {"GET", "/v1", "", nil, 405, ""},
		"content type": {"POST", "/v1", command, http.Header{"Content-Type": {"text/plain"}}, 415,
			"UNSUPPORTED_CONTENT"},
		"charset": {"POST", "/v1", command,
			http.Header{"Content-Type": {"application/json; charset=utf-8"}}, 200, "ok"},
		"too large":   {"POST", "/v1", strings.Repeat(" ", 20<<20+1), nil, 413, ""},
		"wrong token": {"POST", "/v1", command, http.Header{"Token": {"no"}}, 401, "UNAUTHENTICATED_REQUEST"},
		"bearer": {"POST", "/v1", command, http.Header{"Token": nil, "Authorization": {"Bearer t"}},
			401, "MISSING_AUTH"},
		"empty token": {"POST", "/v1", command, http.Header{"Token": {""}}, 200, "INTERNAL_SERVER_ERROR"},
		"read only": {"POST", "/v1", `{"createKeyspace":{"name":"k"}}`, http.Header{"Token": {"r"}}, 401,
			"UNAUTHORIZED_ACCESS"},
		"duplicate names": {"POST", "/v1", `{"createKeyspace":{"name":"k","name":"l"}}`, nil, 200, "REQUEST_NOT_JSON"},
		"invalid UTF-8":   {"POST", "/v1", "{\"createKeyspace\":{\"name\":\"\xff\"}}", nil, 200, "REQUEST_NOT_JSON"},
		"trailing text":   {"POST", "/v1", command + "x", nil, 200, "REQUEST_NOT_JSON"},
		"leading zero":    {"POST", "/v1", `{"x":01}`, nil, 200, "REQUEST_NOT_JSON"},
		"deep nesting":    {"POST", "/v1", strings.Repeat("[", 5000), nil, 200, "REQUEST_NOT_JSON"},
		"no object":       {"POST", "/v1", `{"findKeyspaces":[]}`, nil, 200, "REQUEST_STRUCTURE_MISMATCH"},
	}
	c := open(t, localastra.Options{Memory: true, Token: "t", ReadOnlyToken: "r"})
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequest(test.method, "http://x"+test.path, strings.NewReader(test.body))
			require.NoError(t, err)
			request.Header.Set("Token", "t")
			for key, values := range test.header {
				request.Header[key] = values
			}
			if values, set := test.header["Token"]; set && values == nil {
				request.Header.Del("Token")
			}
			response, err := c.server.Transport().RoundTrip(request)
			require.NoError(t, err)
			body, err := io.ReadAll(response.Body)
			require.NoError(t, err)
			require.Equal(t, test.status, response.StatusCode, string(body))
			if test.contains == "" {
				require.Empty(t, body)
			}
			if test.contains != "ok" {
				require.Contains(t, string(body), test.contains)
			}
		})
	}
}

func TestControl(t *testing.T) {
	c := openVec(t)
	fail := func(*http.Request, []byte) (bool, int, []byte) { return true, 503, []byte(`{}`) }
	c.server.Control("find", fail)
	require.Equal(t, []int{503, 200}, statuses(c, `{"find":{}}`, 2), "one shot")

	var seen []string
	stop := c.server.KeepControl("", func(_ *http.Request, body []byte) (bool, int, []byte) {
		seen = append(seen, string(body))
		return bytes.Contains(body, []byte("findOne")), 429, nil
	})
	require.Equal(t, []int{200}, statuses(c, `{"find":{}}`, 1), "not handled")
	require.Equal(t, []int{429, 429}, statuses(c, `{"findOne":{}}`, 2), "kept")
	stop()
	require.Equal(t, []int{200}, statuses(c, `{"findOne":{}}`, 1))
	require.Len(t, seen, 3)
	require.EqualValues(t, 3, c.server.Requests("find"))
	c.server.ResetCounters()
	require.Zero(t, c.server.Requests("find"))

	c.server.Control("find", func(*http.Request, []byte) (bool, int, []byte) { return true, 0, nil })
	_, err := c.server.Transport().RoundTrip(newRequest(t, t.Context(), `{"find":{}}`))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF, "a dropped connection")
}

func newRequest(t testing.TB, ctx context.Context, body string) *http.Request {
	t.Helper()
	url := "http://x/v1/" + localastra.DefaultKeyspace + "/c"
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(body))
	require.NoError(t, err)
	return request
}

func statuses(c caller, body string, times int) []int {
	var list []int
	for range times {
		response, err := c.server.Transport().RoundTrip(newRequest(c.t, c.t.Context(), body))
		require.NoError(c.t, err)
		list = append(list, response.StatusCode)
	}
	return list
}

// TestTransportContext holds a request until after its deadline.
func TestTransportContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		server, err := localastra.Open(localastra.Options{Memory: true})
		require.NoError(t, err)
		defer func() { require.NoError(t, server.Close()) }()
		server.Control("find", func(r *http.Request, _ []byte) (bool, int, []byte) {
			<-r.Context().Done()
			return false, 0, nil
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		_, err = server.Transport().RoundTrip(newRequest(t, ctx, `{"find":{}}`))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
	})
}

func TestServe(t *testing.T) {
	dir := t.TempDir()
	c := open(t, localastra.Options{Dir: dir})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	url := "http://" + listener.Addr().String()
	ctx, stop := context.WithCancel(t.Context())
	var group errgroup.Group
	group.Go(func() error { return c.server.Serve(ctx, listener) })

	require.Contains(t, string(post(t, url+"/v1", `{"findKeyspaces":{}}`)), "default_keyspace")

	_, err = localastra.Open(localastra.Options{Dir: dir, LockTimeout: time.Millisecond})
	locked := new(localastra.LockedError)
	require.ErrorAs(t, err, &locked)
	require.Equal(t, url, locked.URL, "the error says how to reach the data")
	require.Contains(t, err.Error(), "astra_db_endpoint to "+url)

	c.server.Control("", func(*http.Request, []byte) (bool, int, []byte) { return true, 0, nil })
	request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1", strings.NewReader(`{"findKeyspaces":{}}`))
	require.NoError(t, err)
	request.Header.Set("Token", "any")
	_, err = http.DefaultClient.Do(request)
	require.Error(t, err, "a dropped connection")
	stop()
	require.NoError(t, group.Wait())
}

func TestServeNeedsTokenBeyondLoopback(t *testing.T) {
	c := open(t, localastra.Options{Memory: true})
	listener, err := net.Listen("tcp", "0.0.0.0:0")
	require.NoError(t, err)
	require.ErrorContains(t, c.server.Serve(t.Context(), listener), "needs a token")
}

func TestOpenErrors(t *testing.T) {
	tests := map[string]localastra.Options{
		"nowhere":      {},
		"backend":      {Memory: true, Backend: "mysql"},
		"keyspace":     {Memory: true, Keyspace: "has-dash"},
		"no directory": {Dir: "/dev/null/x"},
	}
	for name, options := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := localastra.Open(options)
			require.ErrorContains(t, err, "localastra: ")
		})
	}
}

func TestClosed(t *testing.T) {
	c := openVec(t)
	require.NoError(t, c.server.Close())
	for _, body := range []string{`{"find":{}}`, `{"insertOne":{"document":{}}}`,
		`{"find":{"sort":{"$vector":[1,0]}}}`} {
		require.Equal(t, []string{"UNEXPECTED_SERVER_ERROR"}, c.send("c", body).codes())
	}
}

// TestCountersCountDocuments tells tests what a command did, which they rely on when they say
// that nothing was written twice.
func TestCountersCountDocuments(t *testing.T) {
	c := openVec(t)
	c.insert(`{"_id":1,"n":1}`, `{"_id":2,"n":1}`, `{"_id":3,"n":2}`)
	c.must("c", `{"find":{"filter":{"n":1}}}`)
	c.must("c", `{"findOne":{"filter":{"n":2}}}`)
	c.must("c", `{"findOne":{"filter":{"n":7}}}`)
	c.must("c", `{"updateMany":{"filter":{"n":1},"update":{"$set":{"n":3}}}}`)
	c.must("c", `{"updateMany":{"filter":{"n":3},"update":{"$set":{"n":3}}}}`)
	c.must("c", `{"findOneAndDelete":{"filter":{"_id":1}}}`)
	c.must("c", `{"findOneAndDelete":{"filter":{"_id":1}}}`)
	c.must("c", `{"deleteMany":{"filter":{"n":{"$gt":0}}}}`)
	got := map[string]int64{}
	for _, name := range []string{"insertMany", "find", "findOne", "updateMany", "findOneAndDelete", "deleteMany"} {
		got[name] = c.server.Documents(name)
	}
	require.Equal(t, map[string]int64{"insertMany": 3, "find": 2, "findOne": 1, "updateMany": 2,
		"findOneAndDelete": 1, "deleteMany": 2}, got)
}

// TestEmptyToken lets a server without a token take any, also none at all in the header, for
// reading and for writing.
func TestEmptyToken(t *testing.T) {
	c := openVec(t)
	request := newRequest(t, t.Context(), `{"insertOne":{"document":{"_id":1}}}`)
	request.Header.Set("Token", "")
	response, err := c.server.Transport().RoundTrip(request)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, response.StatusCode)
	require.Len(t, c.must("c", `{"find":{}}`).ids(), 1)
}
