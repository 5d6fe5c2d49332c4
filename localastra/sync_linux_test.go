package localastra_test

import (
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// descriptorOf finds the descriptor under which this process has a file open.
func descriptorOf(t *testing.T, path string) int {
	t.Helper()
	const open = "/proc/self/fd"
	entries, err := os.ReadDir(open)
	require.NoError(t, err)
	for _, entry := range entries {
		if target, err := os.Readlink(filepath.Join(open, entry.Name())); err == nil && target == path {
			fd, err := strconv.Atoi(entry.Name())
			require.NoError(t, err)
			return fd
		}
	}
	require.Fail(t, "not open", path)
	return -1
}

// TestWriteIsSynced puts a device in the file's place that takes every write and refuses
// every fsync. An acknowledged write would be one that a power cut takes away: the server
// must have waited for the disk, and so must answer with an error.
func TestWriteIsSynced(t *testing.T) {
	dir, err := filepath.EvalSymlinks(t.TempDir())
	require.NoError(t, err)
	c := open(t, localastra.Options{Dir: dir})
	c.must("", `{"createCollection":{"name":"c"}}`)
	// The file grows for this, so that the write below needs no room.
	c.insert(`{"_id":"large","text":[` + strings.Repeat(`"`+strings.Repeat("x", 5000)+`",`, 50) + `1]}`)
	c.must("c", `{"deleteOne":{"filter":{"_id":"large"}}}`)
	c.insert(`{"_id":"before"}`)

	device, err := os.OpenFile("/dev/null", os.O_RDWR, 0)
	require.NoError(t, err)
	defer device.Close()
	_, err = device.WriteAt([]byte("x"), 4096)
	require.NoError(t, err, "the device takes writes")
	require.ErrorIs(t, device.Sync(), syscall.EINVAL, "and refuses to sync them")
	require.NoError(t, syscall.Dup3(int(device.Fd()), descriptorOf(t, filepath.Join(dir, "astra.db")), syscall.O_CLOEXEC))

	got := c.send("c", `{"insertOne":{"document":{"_id":"small"}}}`)
	require.Equal(t, []string{"UNEXPECTED_SERVER_ERROR"}, got.codes(), got.text)
	require.Contains(t, got.text, syscall.EINVAL.Error())
	require.Equal(t, []any{"before"}, c.must("c", `{"find":{}}`).ids())
}
