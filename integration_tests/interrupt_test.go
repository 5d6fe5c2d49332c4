package integration_tests

import (
	"bufio"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

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
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := newDataAPI(t, localastra.Options{})
			j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))
			first := append(notes("s", 1, 100), state("s", 1))
			second := append(notes("s", 101, 150), state("s", 2))
			p := start(t, j.dir, j.args()...)
			p.send(t, append(first, second...)...)
			p.await(t, `"cursor":1`)

			r := p.signal(t, test.signal, stopPatience)

			require.Equal(t, test.code, r.code, r.stdout)
			require.Equal(t, "transient_error", r.trace(t).Trace.Error.FailureType)
			// How much of the second part was read is up to the scheduler.
			stored := len(api.documents(t))
			switch cursors := r.cursors(t); len(cursors) {
			case 1:
				require.GreaterOrEqual(t, stored, 100)
			default:
				require.Equal(t, []int{1, 2}, cursors)
				require.Equal(t, 150, stored)
			}

			third := append(notes("s", 151, 160), state("s", 3))
			j.write(t, append(append(first, second...), third...)...).succeeded(t)
			require.Len(t, api.documents(t), 160)
			require.Len(t, unique(texts(api.documents(t), "text")), 160)
		})
	}
}

// TestSignalWhileTheServerIsDown: there is nothing to store to, and the end comes in
// time all the same.
func TestSignalWhileTheServerIsDown(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"findCollections", "insertMany"} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			api := newDataAPI(t, localastra.Options{})
			api.KeepControl(command, answering(503, ""))
			j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))
			p := start(t, j.dir, j.args()...)
			p.send(t, append(notes("s", 1, 100), state("s", 1))...)
			p.await(t, "repeated")

			r := p.signal(t, syscall.SIGTERM, stopPatience)

			require.Equal(t, 143, r.code, r.stdout)
			require.Empty(t, r.states(t))
			require.Equal(t, "ERROR", r.trace(t).Trace.Type)
		})
	}
}

// TestSignalFinalisesNothing: an overwrite that is stopped deletes nothing.
func TestSignalFinalisesNothing(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("o", "overwrite")))
	j.write(t, append(notes("o", 1, 60), state("o", 1))...).succeeded(t)
	p := start(t, j.dir, j.args()...)
	p.send(t, append(notes("o", 1001, 1100), state("o", 2))...)
	p.await(t, `"cursor":2`)

	r := p.signal(t, syscall.SIGTERM, stopPatience)

	require.Equal(t, 143, r.code)
	require.Len(t, api.documents(t), 160)
}

// TestSignalToCheck ends it.
func TestSignalToCheck(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	asked, release := make(chan struct{}), make(chan struct{})
	api.Control("findCollections", func(r *http.Request, _ []byte) (bool, int, []byte) {
		close(asked)
		<-release
		return true, 503, nil
	})
	defer close(release)
	j := newJob(t, configFor(api.url), catalogOf())
	p := start(t, j.dir, "check", "--config", j.config)
	<-asked
	require.Equal(t, 143, p.signal(t, syscall.SIGTERM, stopPatience).code)
}

// TestStatesDoNotWaitForFullBatches: with a slow source a state goes out after the
// flush interval.
func TestStatesDoNotWaitForFullBatches(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	config := configFor(api.url, set("processing", "flush_interval_seconds", 1))
	j := newJob(t, config, catalogOf(streamNamed("s", "append")))
	p := start(t, j.dir, j.args()...)
	p.send(t, note("s", 1, "one"), state("s", 1))
	p.await(t, `"cursor":1`)
	require.Len(t, api.documents(t), 1, "while the input is still open")
	require.NoError(t, p.stdin.Close())
	p.result(t).succeeded(t)
}

// TestStdoutIsClosed by its reader after the first state: no panic, no exit code 0,
// and a line on stderr, as there is nowhere else to say it.
func TestStdoutIsClosed(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))
	cmd := exec.CommandContext(t.Context(), binaryPath, j.args()...)
	cmd.Env = cleanEnv()
	var stderr lockedBuffer
	cmd.Stderr = &stderr
	stdin, err := cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	_, err = stdin.Write([]byte(lines(append(notes("s", 1, 100), state("s", 1))...)))
	require.NoError(t, err)
	for reader := bufio.NewReader(stdout); ; {
		line, err := reader.ReadString('\n')
		require.NoError(t, err)
		if strings.Contains(line, `"cursor":1`) {
			break
		}
	}
	require.NoError(t, stdout.Close())
	_, err = stdin.Write([]byte(lines(append(notes("s", 101, 200), state("s", 2))...)))
	require.NoError(t, err)

	require.Error(t, cmd.Wait(), "though its input is still open")

	require.Equal(t, 1, cmd.ProcessState.ExitCode())
	require.Equal(t, 1, strings.Count(stderr.String(), "\n"), stderr.String())
	require.Contains(t, stderr.String(), "destination-astra:")
	require.NotContains(t, stderr.String(), "goroutine")
	j.write(t, append(notes("s", 1, 200), state("s", 2))...).succeeded(t)
	require.Len(t, api.documents(t), 200)
}
