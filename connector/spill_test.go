package connector_test

import (
	"bytes"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/effort"
	"destination-astra/localastra"
)

// temporaryFiles are how many temporary files of the connector this process has open, named or not.
func temporaryFiles(t *testing.T) int {
	t.Helper()
	const open = "/proc/self/fd"
	all, err := os.ReadDir(open)
	if err != nil {
		t.Skip("nothing says which files are open: ", err)
	}
	n := 0
	for _, one := range all {
		path, err := os.Readlink(filepath.Join(open, one.Name()))
		if err == nil && strings.HasPrefix(path, filepath.Join(os.TempDir(), "destination-astra-")) {
			n++
		}
	}
	return n
}

// takeAll is a control for insertMany that says that all is stored, and stores nothing.
func takeAll(_ *http.Request, body []byte) (bool, int, []byte) {
	var all []string
	for part := range bytes.SplitSeq(body, []byte(`"_id":"`)) {
		if id, _, found := bytes.Cut(part, []byte(`"`)); found && len(id) == 64 {
			all = append(all, fmt.Sprintf(`{"_id":%q,"status":"OK"}`, id))
		}
	}
	return true, http.StatusOK, fmt.Appendf(nil, `{"status":{"documentResponses":[%s]}}`, strings.Join(all, ","))
}

// TestTemporaryFilesGo: a sync of more records than it can count in memory has files open, and none are left in
// a process that goes on, where they would take room on the disk.
func TestTemporaryFilesGo(t *testing.T) {
	t.Parallel()
	if effort.Race {
		t.Skip("too many records for the race detector")
	}
	const records = 125_000 // the least tally holds 123,000 in its first table
	w := newWorld(t, localastra.BackendAstra)
	w.server.KeepControl("insertMany", takeAll)
	during := 0
	w.sync(attempt{
		streams: []configured{stream("s", toAppend, syncID(1))}, memory: 64 << 20,
		lines:   append(same("x", records), streamState("s", 1)),
		onState: func(state) { during = temporaryFiles(t) },
	})
	require.Positive(t, during)
	require.Zero(t, temporaryFiles(t))
}
