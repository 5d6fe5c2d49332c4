package local_test

import (
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
)

// shellBlock matches a block of shell commands of a page.
var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// address finds where a block's server will listen.
var address = regexp.MustCompile(`--listen (\S+)`)

// TestLocalDocs runs the shell blocks of docs/local.md as they are written: a block that
// starts a server in the background, until the next one of its kind, and the others to
// their end.
func TestLocalDocs(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	for _, port := range []string{"8181", "8282"} {
		listener, err := net.Listen("tcp", "127.0.0.1:"+port)
		if err != nil {
			t.Skipf("port %s, which the page uses, is taken: %v", port, err)
		}
		require.NoError(t, listener.Close())
	}
	dir := t.TempDir()
	t.Setenv("PATH", filepath.Dir(Binary(t))+string(os.PathListSeparator)+os.Getenv("PATH"))
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "local.md"))
	require.NoError(t, err)
	blocks := shellBlock.FindAllStringSubmatch(string(page), -1)
	require.Len(t, blocks, 4)
	for _, block := range blocks {
		if strings.HasPrefix(block[1], "destination-astra local") {
			startBlock(t, dir, block[1])
			continue
		}
		command := exec.Command("bash", "-euo", "pipefail", "-c", block[1])
		command.Dir = dir
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s\n%s", block[1], out)
		require.NotContains(t, string(out), "errors", block[1])
	}
}

// startBlock starts a server and waits until it answers. It ends with the test, by the
// signal that an operator would send.
func startBlock(t *testing.T, dir, block string) {
	t.Helper()
	command := exec.Command("bash", "-c", "exec "+block)
	command.Dir = dir
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		require.NoError(t, command.Process.Signal(os.Interrupt))
		_ = command.Wait() // it was interrupted
	})
	at := "127.0.0.1:8181"
	if named := address.FindStringSubmatch(block); named != nil {
		at = named[1]
	}
	require.Eventually(t, func() bool {
		response, err := http.Get("http://" + at + "/stargate/health")
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, 10*time.Second, 20*time.Millisecond, "%s", block)
}
