package localastra_test

import (
	"bufio"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/localastra"
)

// crashDir tells TestCrashChild where to write; it is set by TestCrash only.
const crashDir = "LOCALASTRA_CRASH_DIR"

// TestCrashChild is the process that TestCrash kills: it prints each batch that was
// acknowledged to one of its clients, for ever.
func TestCrashChild(t *testing.T) {
	dir := os.Getenv(crashDir)
	if dir == "" {
		t.Skip("runs in a child process of TestCrash")
	}
	server, err := localastra.Open(localastra.Options{Dir: dir})
	require.NoError(t, err)
	c := caller{t, server}
	c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":16}}}}`)
	var next atomic.Int64
	var group errgroup.Group
	for range crashWriters {
		group.Go(func() error {
			for {
				batch := int(next.Add(1)) - 1
				c.insert(repeat(10, func(i int) string {
					return fmt.Sprintf(`{"_id":"%d-%d","g":%d,"$vector":%s}`, batch, i, batch, binaryVector(16, batch))
				}))
				fmt.Printf("acknowledged %d\n", batch)
			}
		})
	}
	require.NoError(t, group.Wait())
}

// crashWriters is how many clients load at the time of the crash.
const crashWriters = 3

// TestCrash kills a writing process with SIGKILL and looks for all that it had been
// promised.
func TestCrash(t *testing.T) {
	dir := t.TempDir()
	child := exec.Command(os.Args[0], "-test.run=^TestCrashChild$")
	child.Env = append(os.Environ(), crashDir+"="+dir)
	out, err := child.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, child.Start())
	var promised []int
	for lines := bufio.NewScanner(out); len(promised) < 40 && lines.Scan(); {
		if rest, ok := strings.CutPrefix(lines.Text(), "acknowledged "); ok {
			batch, err := strconv.Atoi(rest)
			require.NoError(t, err)
			promised = append(promised, batch)
		}
	}
	require.NoError(t, child.Process.Kill())
	_ = child.Wait() // it was killed
	require.Len(t, promised, 40)

	c := open(t, localastra.Options{Dir: dir})
	for _, batch := range promised {
		got := c.must("c", fmt.Sprintf(`{"find":{"filter":{"g":%d},"projection":{"*":1}}}`, batch))
		require.Len(t, got.ids(), 10, "batch %d", batch)
		require.Contains(t, got.documents()[0], `"$vector":`+binaryVector(16, batch))
	}
}

func TestReopen(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "made", "by", "open")
	server, err := localastra.Open(localastra.Options{Dir: dir})
	require.NoError(t, err)
	c := caller{t, server}
	c.must("", `{"createCollection":{"name":"c","options":{"vector":{"dimension":2},"indexing":{"allow":[]},
		"defaultId":{"type":"uuid"}}}}`)
	c.insert(`{"_id":"a","n":1.50,"$vector":[0.5,1]}`, `{"_id":"b","$vector":{"$binary":"PwAAAD+AAAA="}}`)
	explained := c.must("", `{"findCollections":{"options":{"explain":true}}}`)
	found := c.must("c", `{"find":{"projection":{"*":1}}}`)
	require.NoError(t, server.Close())

	again := open(t, localastra.Options{Dir: dir})
	require.Equal(t, explained.text, again.must("", `{"findCollections":{"options":{"explain":true}}}`).text)
	require.Equal(t, found.text, again.must("c", `{"find":{"projection":{"*":1}}}`).text)
	again.insert(`{"_id":"c","$vector":[1,1]}`)
	require.Equal(t, []any{"a", "b", "c"}, again.must("c", `{"find":{}}`).ids(), "no document was overwritten")
}
