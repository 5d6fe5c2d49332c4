package outages_test

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/effort"
	"destination-astra/localastra"
)

// TestSignalWhileStdoutIsBlocked: the platform applies back-pressure until the pipe is full,
// then sends SIGTERM, and kills after ten seconds. The end comes before, the store stays whole,
// and the next attempt doubles nothing.
func TestSignalWhileStdoutIsBlocked(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	config := ConfigFor(api.URL, Set("processing", "flush_interval_seconds", 1))
	j := NewJob(t, config, CatalogOf(StreamNamed("s", "append")))
	reader, writer, err := os.Pipe()
	require.NoError(t, err)
	defer reader.Close()
	var stderr LockedBuffer
	cmd := exec.CommandContext(t.Context(), Binary(t), j.Args()...)
	cmd.Dir, cmd.Env, cmd.Stdout, cmd.Stderr = j.Dir, CleanEnv(), writer, &stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	require.NoError(t, writer.Close())
	var feed errgroup.Group
	feed.Go(func() error {
		for i := range 2000 { // until the input is blocked too
			state := strings.Replace(State("s", i), `"cursor"`, fmt.Sprintf(`"pad":"%01000d","cursor"`, i), 1)
			if _, err := stdin.Write([]byte(Lines(Note("s", i, "note"), state))); err != nil {
				return err
			}
		}
		return nil
	})
	first := make([]byte, 1)
	_, err = reader.Read(first)
	require.NoError(t, err, "it has begun to print")
	require.Eventually(t, func() bool { return len(api.Stored(t)) > 0 }, effort.Patience(30*time.Second), 50*time.Millisecond)

	require.NoError(t, cmd.Process.Signal(syscall.SIGTERM))
	late := time.AfterFunc(effort.Patience(StopPatience), func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	_ = cmd.Wait()  // the exit code says it all
	_ = feed.Wait() // an error when the input was blocked at the end
	require.Equal(t, 143, cmd.ProcessState.ExitCode(), stderr.String())
}
