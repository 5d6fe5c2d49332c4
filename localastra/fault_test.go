package localastra_test

import (
	"bytes"
	"context"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

func TestParseFault(t *testing.T) {
	good := map[string]localastra.Fault{
		"429=0.1":                  {Kind: "429", Share: 0.1},
		"insertMany:timeout=1":     {Command: "insertMany", Kind: "timeout", Share: 1},
		"400=1":                    {Kind: "400", Share: 1},
		"599=1":                    {Kind: "599", Share: 1},
		"drop=0":                   {Kind: "drop"},
		"createCollection:hang=.5": {Command: "createCollection", Kind: "hang", Share: 0.5},
	}
	for text, want := range good {
		t.Run(text, func(t *testing.T) {
			got, err := localastra.ParseFault(text)
			require.NoError(t, err)
			require.Equal(t, want, got)
		})
	}
	for _, text := range []string{"", "429", "429=x", "429=2", "429=-1", "399=1", "600=1", "slow=1",
		"nothing:429=1", "=1"} {
		t.Run("bad "+text, func(t *testing.T) {
			_, err := localastra.ParseFault(text)
			require.ErrorContains(t, err, "localastra: fault")
		})
	}
	_, err := localastra.Open(localastra.Options{Memory: true, Faults: []localastra.Fault{{Kind: "ok", Share: 1}}})
	require.ErrorContains(t, err, `fault "ok"`)
}

// faulty opens a server in a synctest bubble with a collection c; the fault strikes
// always, but only the given command.
func faulty(t *testing.T, kind, command string) caller {
	t.Helper()
	c := open(t, localastra.Options{Memory: true,
		Faults: []localastra.Fault{{Command: command, Kind: kind, Share: 1}, {Kind: "503", Share: 0}}})
	c.must("", `{"createCollection":{"name":"c"}}`)
	return c
}

const insertTwo = `{"insertMany":{"documents":[{"_id":"a"},{"_id":"b"}]}}`

func TestFaultStatus(t *testing.T) {
	c := faulty(t, "429", "insertMany")
	response, err := c.server.Transport().RoundTrip(newRequest(t, t.Context(), insertTwo))
	require.NoError(t, err)
	require.Equal(t, http.StatusTooManyRequests, response.StatusCode)
	require.Equal(t, "1", response.Header.Get("Retry-After"))
	require.Equal(t, []any{}, c.must("c", `{"find":{}}`).ids(), "the command was not carried out")
}

func TestFaultDrop(t *testing.T) {
	c := faulty(t, localastra.FaultDrop, "insertMany")
	_, err := c.server.Transport().RoundTrip(newRequest(t, t.Context(), insertTwo))
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.Equal(t, []any{}, c.must("c", `{"find":{}}`).ids())
}

// TestFaultTimeout gives up after 10 s, and finds what it wrote.
func TestFaultTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := faulty(t, localastra.FaultTimeout, "insertMany")
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		_, err := c.server.Transport().RoundTrip(newRequest(t, ctx, insertTwo))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
		require.Equal(t, []any{"a", "b"}, c.must("c", `{"find":{}}`).ids())
		_, err = c.server.Transport().RoundTrip(newRequest(t, t.Context(), insertTwo))
		require.ErrorIs(t, err, io.ErrUnexpectedEOF, "nothing is held for ever")
	})
}

// TestFaultHang answers as the Data API does while its database hangs.
func TestFaultHang(t *testing.T) {
	tests := map[string]struct{ command, want string }{
		"insertMany": {insertTwo,
			`{"status":{"insertedIds":[]},"errors":["UNEXPECTED_DRIVER_ERROR","UNEXPECTED_DRIVER_ERROR"]}`},
		"insertOne": {`{"insertOne":{"document":{"n":1}}}`,
			`{"status":{"insertedIds":[]},"errors":["UNEXPECTED_DRIVER_ERROR"]}`},
		"find": {`{"find":{}}`, refused("UNEXPECTED_DRIVER_ERROR")},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				c := faulty(t, localastra.FaultHang, name)
				start := time.Now()
				response, err := c.server.Transport().RoundTrip(newRequest(t, t.Context(), test.command))
				require.NoError(t, err)
				require.Equal(t, 20*time.Second, time.Since(start))
				text, err := io.ReadAll(response.Body)
				require.NoError(t, err)
				require.JSONEq(t, test.want, brief(t, text))
			})
		})
	}
}

// TestFaultHangAppliesWrites is the trap: what was reported as failed is there.
func TestFaultHangAppliesWrites(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := faulty(t, localastra.FaultHang, "insertMany")
		require.Len(t, c.send("c", insertTwo).codes(), 2)
		require.Equal(t, []any{"a", "b"}, c.must("c", `{"find":{}}`).ids())
	})
}

func TestFaultShare(t *testing.T) {
	c := open(t, localastra.Options{Memory: true, Faults: []localastra.Fault{{Command: "find", Kind: "500",
		Share: 0.5}}})
	c.must("", `{"createCollection":{"name":"c"}}`)
	seen := map[int]int{}
	for _, status := range statuses(c, `{"find":{}}`, 400) {
		seen[status]++
	}
	require.Greater(t, seen[500], 100, "half of 400, give or take")
	require.Greater(t, seen[200], 100)
	require.Len(t, seen, 2)
}

func TestLatency(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := open(t, localastra.Options{Memory: true, Latency: 70 * time.Millisecond})
		start := time.Now()
		c.must("", `{"findCollections":{}}`)
		require.Equal(t, 70*time.Millisecond, time.Since(start))
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_, err := c.server.Transport().RoundTrip(newRequest(t, ctx, insertTwo))
		require.ErrorIs(t, err, context.DeadlineExceeded)
		synctest.Wait()
	})
}

// TestRequestLog wants one line for each request, with nothing in it that is secret.
func TestRequestLog(t *testing.T) {
	var out bytes.Buffer
	c := open(t, localastra.Options{Memory: true, Token: "token-secret", Explorer: true,
		Log: slog.New(slog.NewTextHandler(&out, nil)), Faults: []localastra.Fault{{Command: "findOne",
			Kind: "drop", Share: 1}}})
	send := func(method, path, body, token string) {
		request, err := http.NewRequest(method, "http://x"+path, strings.NewReader(body))
		require.NoError(t, err)
		request.Header.Set("Token", token)
		_, _ = c.server.Transport().RoundTrip(request) // one of them is dropped
	}
	send("POST", "/v1/default_keyspace", `{"createCollection":{"name":"c"}}`, "token-secret")
	send("POST", "/v1/default_keyspace/c", `{"insertOne":{"document":{"_id":"content-secret","$x":1}}}`, "token-secret")
	send("POST", "/v1/default_keyspace/c", `{"findOne":{}}`, "token-secret")
	send("POST", "/v1/default_keyspace/c", `{"find":{}}`, "other-secret")
	send("GET", "/", "", "")
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	require.Len(t, lines, 5, out.String())
	for i, want := range []string{
		"path=/v1/default_keyspace command=createCollection status=200 bytes=19",
		"command=insertOne status=200 bytes=", "command=findOne status=0 bytes=0",
		"path=/v1/default_keyspace/c status=401", "method=GET path=/ status=200",
	} {
		require.Contains(t, lines[i], want)
	}
	require.Contains(t, lines[1], "errors=SHRED_BAD_FIELD_NAME")
	require.Contains(t, lines[2], "dropped=true")
	require.NotContains(t, out.String(), "secret")
}
