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
	"destination-astra/internal/effort"
)

// shellBlock matches a block of shell commands of a page.
var shellBlock = regexp.MustCompile("(?s)```sh\n(.*?)```")

// address finds where a block's server will listen.
var address = regexp.MustCompile(`--listen (\S+)`)

// TestLocalDocs runs the shell blocks of docs/local.md as they are written, but for the ports: a block that
// starts a server in the background, until the next one of its kind, and the others to
// their end.
func TestLocalDocs(t *testing.T) {
	if _, err := exec.LookPath("curl"); err != nil {
		t.Skip("curl is not installed")
	}
	dir := t.TempDir()
	t.Setenv("PATH", filepath.Dir(Binary(t))+string(os.PathListSeparator)+os.Getenv("PATH"))
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "local.md"))
	require.NoError(t, err)
	blocks := shellBlock.FindAllStringSubmatch(elsewhere(t, string(page)), -1)
	require.Len(t, blocks, 4)
	for _, block := range blocks {
		if strings.HasPrefix(block[1], "destination-astra local") {
			startBlock(t, dir, block[1])
			continue
		}
		command := exec.Command("bash", "-euo", "pipefail", "-c", block[1])
		command.Dir, command.Env = dir, CleanEnv()
		out, err := command.CombinedOutput()
		require.NoError(t, err, "%s\n%s", block[1], out)
		require.NotContains(t, string(out), "errors", block[1])
	}
}

// elsewhere is the page with free ports in place of those that it uses, which are often taken.
func elsewhere(t *testing.T, page string) string {
	t.Helper()
	const usual = "127.0.0.1:8181" // where the command listens unless it is told
	const start = "destination-astra local --data ./data"
	page = strings.ReplaceAll(page, start, start+" --listen "+usual)
	for _, address := range []string{usual, "127.0.0.1:8282"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		require.NoError(t, err)
		require.Contains(t, page, address)
		page = strings.ReplaceAll(page, address, listener.Addr().String())
		defer listener.Close() // once both are chosen
	}
	return page
}

// startBlock starts a server and waits until it answers. It ends with the test, by the
// signal that an operator would send.
func startBlock(t *testing.T, dir, block string) {
	t.Helper()
	command := exec.Command("bash", "-c", "exec "+block)
	command.Dir, command.Env = dir, CleanEnv()
	require.NoError(t, command.Start())
	t.Cleanup(func() {
		require.NoError(t, command.Process.Signal(os.Interrupt))
		_ = command.Wait() // it was interrupted
	})
	named := address.FindStringSubmatch(block)
	require.NotNil(t, named, block)
	require.Eventually(t, func() bool {
		response, err := http.Get("http://" + named[1] + "/stargate/health")
		return err == nil && response.Body.Close() == nil && response.StatusCode == http.StatusOK
	}, effort.Patience(time.Minute), 20*time.Millisecond, "%s", block)
}
