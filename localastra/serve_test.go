package localastra_test

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

// TestStopLetsRequestsFinish stops the server while it works on a request: the request
// is answered, and no other is accepted.
func TestStopLetsRequestsFinish(t *testing.T) {
	c := openVec(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	url := "http://" + listener.Addr().String() + "/v1/" + documents
	ctx, stop := context.WithCancel(t.Context())
	arrived, release := make(chan struct{}), make(chan struct{})
	c.server.Control("insertOne", func(*http.Request, []byte) (bool, int, []byte) {
		close(arrived)
		<-release
		return false, 0, nil
	})
	var group errgroup.Group
	group.Go(func() error { return c.server.Serve(ctx, listener) })
	var answered []byte
	group.Go(func() error {
		answered = post(t, url, `{"insertOne":{"document":{"_id":"last"}}}`)
		return nil
	})
	<-arrived
	stop()
	close(release)
	require.NoError(t, group.Wait())
	require.JSONEq(t, `{"status":{"insertedIds":["last"]}}`, string(answered))
	_, err = http.Post(url, "application/json", strings.NewReader(`{"find":{}}`))
	require.Error(t, err, "nobody listens any more")
	require.Equal(t, []any{"last"}, c.must("c", `{"find":{}}`).ids())
}

// TestLockFile tells others where the data is served, and is gone at the end. A stale or
// broken one misleads nobody.
func TestLockFile(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "astra.lock")
	require.NoError(t, os.WriteFile(path, []byte("broken"), 0o600))
	server, err := localastra.Open(localastra.Options{Dir: dir})
	require.NoError(t, err, "a file that a killed process left is no lock")
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var holder struct{ PID int }
	require.NoError(t, json.Unmarshal(text, &holder))
	require.Equal(t, os.Getpid(), holder.PID)

	_, err = localastra.Open(localastra.Options{Dir: dir, LockTimeout: time.Millisecond})
	locked := new(localastra.LockedError)
	require.ErrorAs(t, err, &locked)
	require.Equal(t, holder.PID, locked.PID)
	require.Equal(t, dir, locked.Dir)
	require.Contains(t, err.Error(), "serve the directory with `destination-astra local`")
	require.NoError(t, os.Remove(path))
	_, err = localastra.Open(localastra.Options{Dir: dir, LockTimeout: time.Millisecond})
	require.ErrorContains(t, err, "in use by another process")

	require.NoError(t, server.Close())
	require.NoFileExists(t, path)
	again, err := localastra.Open(localastra.Options{Dir: dir})
	require.NoError(t, err)
	require.NoError(t, again.Close())
	require.NoError(t, again.Close(), "once more is fine")
}

// TestLockFileFollowsNoLink opens a folder in which somebody has put links in the place of
// the courtesy file. What they lead to is neither overwritten nor read.
func TestLockFileFollowsNoLink(t *testing.T) {
	dir, victim := t.TempDir(), filepath.Join(t.TempDir(), "victim")
	const content = `{"pid":1,"url":"http://elsewhere"}`
	require.NoError(t, os.WriteFile(victim, []byte(content), 0o600))
	lock := filepath.Join(dir, "astra.lock")
	require.NoError(t, os.Symlink(victim, lock))
	server, err := localastra.Open(localastra.Options{Dir: dir})
	require.NoError(t, err)
	info, err := os.Lstat(lock)
	require.NoError(t, err)
	require.True(t, info.Mode().IsRegular(), "the file is our own")

	require.NoError(t, os.Remove(lock))
	require.NoError(t, os.Symlink(victim, lock))
	_, err = localastra.Open(localastra.Options{Dir: dir, LockTimeout: time.Millisecond})
	require.ErrorContains(t, err, "in use by another process")
	require.NotContains(t, err.Error(), "elsewhere")
	require.NoError(t, server.Close())
	text, err := os.ReadFile(victim)
	require.NoError(t, err)
	require.Equal(t, content, string(text))
}

// TestForeignFile refuses files that this version cannot read.
func TestForeignFile(t *testing.T) {
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "astra.db"), []byte(strings.Repeat("no database ",
		2000)), 0o600))
	_, err := localastra.Open(localastra.Options{Dir: dir, LockTimeout: time.Millisecond})
	damaged := new(localastra.DamagedError)
	require.ErrorAs(t, err, &damaged)
	require.Equal(t, filepath.Join(dir, "astra.db"), damaged.File)
}

// TestHealth answers without a token, and to GET only.
func TestHealth(t *testing.T) {
	server := open(t, localastra.Options{Memory: true, Token: "t"}).server
	for method, status := range map[string]int{http.MethodGet: http.StatusOK, http.MethodPost: http.StatusNotFound} {
		request, err := http.NewRequestWithContext(t.Context(), method, "http://x/stargate/health", nil)
		require.NoError(t, err)
		response, err := server.Transport().RoundTrip(request)
		require.NoError(t, err)
		require.Equal(t, status, response.StatusCode)
		text, err := io.ReadAll(response.Body)
		require.NoError(t, err)
		if status == http.StatusOK {
			require.JSONEq(t, `{"status":"UP","checks":[]}`, string(text))
		}
	}
}

// TestTransportEndsEarly gives up before the request is sent.
func TestTransportEndsEarly(t *testing.T) {
	c := openVec(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := c.server.Transport().RoundTrip(newRequest(t, ctx, `{"find":{}}`))
	require.ErrorIs(t, err, context.Canceled)
	require.Zero(t, c.server.Requests("find"))
}

// FuzzParseFault reads any text. What is accepted can be opened with, and says the same
// when it is written out again.
func FuzzParseFault(f *testing.F) {
	for _, seed := range []string{"429=0.1", "insertMany:timeout=1", "drop=0", "find:hang=1e-3", "x", "=", ":=",
		"600=1", "429=NaN"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		fault, err := localastra.ParseFault(text)
		if err != nil {
			return
		}
		require.GreaterOrEqual(t, fault.Share, 0.0)
		require.LessOrEqual(t, fault.Share, 1.0)
		again, err := localastra.ParseFault(strings.TrimPrefix(fault.Command+":", ":") + fault.Kind + "=" +
			text[strings.LastIndexByte(text, '=')+1:])
		require.NoError(t, err)
		require.Equal(t, fault, again)
	})
}
