package outages_test

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/localastra"
)

// TestSignals: a write that is stopped while its input stays open stores and
// acknowledges what it has read, says so, and leaves nothing for the next attempt
// to double.
func TestSignals(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		signal os.Signal
		code   int
	}{
		"SIGTERM": {syscall.SIGTERM, 143},
		"SIGINT":  {syscall.SIGINT, 130},
		"SIGHUP":  {syscall.SIGHUP, 143},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{})
			j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
			first := append(Notes("s", 1, 100), State("s", 1))
			second := append(Notes("s", 101, 150), State("s", 2))
			p := Start(t, j.Dir, j.Args()...)
			p.Send(t, append(first, second...)...)
			p.Await(t, `"cursor":1`)

			r := p.Signal(t, test.signal, StopPatience)

			require.Equal(t, test.code, r.Code, r.Stdout)
			require.Equal(t, "transient_error", r.Trace(t).Trace.Error.FailureType)
			// How much of the second part was read is up to the scheduler.
			stored := len(api.Stored(t))
			switch cursors := r.Cursors(t); len(cursors) {
			case 1:
				require.GreaterOrEqual(t, stored, 100)
			default:
				require.Equal(t, []int{1, 2}, cursors)
				require.Equal(t, 150, stored)
			}

			third := append(Notes("s", 151, 160), State("s", 3))
			j.Write(t, append(append(first, second...), third...)...).Succeeded(t)
			require.Len(t, api.Stored(t), 160)
			require.Len(t, Unique(Texts(api.Stored(t), "text")), 160)
		})
	}
}

// TestHangUpIsIgnoredUnderNohup, which a person starts a long write with to log out.
func TestHangUpIsIgnoredUnderNohup(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("nohup"); err != nil {
		t.Skip(err)
	}
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
	cmd := exec.CommandContext(t.Context(), "nohup", append([]string{Binary(t)}, j.Args()...)...)
	cmd.Dir, cmd.Env = j.Dir, CleanEnv()
	var stdout LockedBuffer
	cmd.Stdout = &stdout
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	write := func(messages ...string) {
		_, err := stdin.Write([]byte(Lines(messages...)))
		require.NoError(t, err)
	}
	write(append(Notes("s", 1, 100), State("s", 1))...)
	require.Eventually(t, func() bool { return strings.Contains(stdout.String(), `"cursor":1`) }, StopPatience, time.Millisecond)

	require.NoError(t, cmd.Process.Signal(syscall.SIGHUP))

	write(append(Notes("s", 101, 150), State("s", 2))...)
	require.NoError(t, stdin.Close())
	require.NoError(t, cmd.Wait(), stdout.String())
	require.Len(t, api.Stored(t), 150)
}

// TestSignalWhileTheServerIsDown: there is nothing to store to, and the end comes in
// time all the same.
func TestSignalWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"findCollections", "insertMany"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{})
			api.KeepControl(command, Answering(503, ""))
			j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
			p := Start(t, j.Dir, j.Args()...)
			p.Send(t, append(Notes("s", 1, 100), State("s", 1))...)
			p.Await(t, "repeated")

			r := p.Signal(t, syscall.SIGTERM, StopPatience)

			require.Equal(t, 143, r.Code, r.Stdout)
			require.Empty(t, r.States(t))
			require.Equal(t, "ERROR", r.Trace(t).Trace.Type)
		})
	}
}

// TestSignalFinalisesNothing: an overwrite that is stopped deletes nothing.
func TestSignalFinalisesNothing(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("o", "overwrite")))
	j.Write(t, append(Notes("o", 1, 60), State("o", 1))...).Succeeded(t)
	p := Start(t, j.Dir, j.Args()...)
	p.Send(t, append(Notes("o", 1001, 1100), State("o", 2))...)
	p.Await(t, `"cursor":2`)

	r := p.Signal(t, syscall.SIGTERM, StopPatience)

	require.Equal(t, 143, r.Code)
	require.Len(t, api.Stored(t), 160)
}

// TestSignalToCheck ends it.
func TestSignalToCheck(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	asked, release := make(chan struct{}), make(chan struct{})
	api.Control("findCollections", func(r *http.Request, _ []byte) (bool, int, []byte) {
		close(asked)
		<-release
		return true, 503, nil
	})
	defer close(release)
	j := NewJob(t, ConfigFor(api.URL), CatalogOf())
	p := Start(t, j.Dir, "check", "--config", j.Config)
	<-asked
	require.Equal(t, 143, p.Signal(t, syscall.SIGTERM, StopPatience).Code)
}

// TestStatesDoNotWaitForFullBatches: with a slow source a state goes out after the
// flush interval.
func TestStatesDoNotWaitForFullBatches(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	config := ConfigFor(api.URL, Set("processing", "flush_interval_seconds", 1))
	j := NewJob(t, config, CatalogOf(StreamNamed("s", "append")))
	p := Start(t, j.Dir, j.Args()...)
	p.Send(t, Note("s", 1, "one"), State("s", 1))
	p.Await(t, `"cursor":1`)
	require.Len(t, api.Stored(t), 1, "while the input is still open")
	require.NoError(t, p.Stdin.Close())
	p.Result(t).Succeeded(t)
}

// TestStdoutIsClosed by its reader after the first state: no panic, no exit code 0,
// and a line on stderr, as there is nowhere else to say it.
func TestStdoutIsClosed(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
	cmd := exec.CommandContext(t.Context(), Binary(t), j.Args()...)
	cmd.Env = CleanEnv()
	var stderr LockedBuffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = stdin.Write([]byte(Lines(append(Notes("s", 1, 100), State("s", 1))...)))
	require.NoError(t, err)
	for reader := bufio.NewReader(stdout); ; {
		line, err := reader.ReadString('\n')
		require.NoError(t, err)
		if strings.Contains(line, `"cursor":1`) {
			break
		}
	}
	require.NoError(t, stdout.Close())
	_, err = stdin.Write([]byte(Lines(append(Notes("s", 101, 200), State("s", 2))...)))
	require.NoError(t, err)

	require.Error(t, cmd.Wait(), "though its input is still open")

	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	require.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr.String())
	require.Contains(t, stderr.String(), "destination-astra:")
	require.NotContains(t, stderr.String(), "goroutine")
	j.Write(t, append(Notes("s", 1, 200), State("s", 2))...).Succeeded(t)
	require.Len(t, api.Stored(t), 200)
}
