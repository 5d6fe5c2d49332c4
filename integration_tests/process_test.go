package integration_tests

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// stopPatience is how long the binary may take to end after a signal: after that
// the platform kills it.
const stopPatience = 10 * time.Second

// process is a run of the binary that the test talks to while it works.
type process struct {
	cmd    *exec.Cmd
	stdin  io.WriteCloser
	lines  chan string // of stdout; closed at its end
	ended  chan struct{}
	stderr lockedBuffer
	stdout strings.Builder // what was read of lines
}

// start starts the binary. It is killed when the test ends, if it still runs.
func start(t *testing.T, dir string, args ...string) *process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	p := &process{lines: make(chan string, 4096), ended: make(chan struct{})}
	p.cmd = exec.CommandContext(ctx, binaryPath, args...)
	p.cmd.Dir, p.cmd.Env, p.cmd.Stderr = dir, cleanEnv(), &p.stderr
	var err error
	p.stdin, err = p.cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := p.cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.cmd.Start())
	go func() {
		defer close(p.ended)
		p.forward(stdout)
		_ = p.cmd.Wait() // the exit code says it all
	}()
	t.Cleanup(func() {
		cancel()
		<-p.ended
	})
	return p
}

func (p *process) forward(stdout io.Reader) {
	defer close(p.lines)
	reader := bufio.NewReader(stdout)
	for {
		line, err := reader.ReadString('\n')
		if line != "" {
			p.lines <- line
		}
		if err != nil {
			return
		}
	}
}

// send writes lines to stdin and leaves it open.
func (p *process) send(t *testing.T, messages ...string) {
	t.Helper()
	_, err := io.WriteString(p.stdin, lines(messages...))
	require.NoError(t, err)
}

// await reads stdout until a line holds the text, and returns that line.
func (p *process) await(t *testing.T, text string) string {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case line, ok := <-p.lines:
			require.True(t, ok, "stdout ended without %q:\n%s\nstderr: %s", text, p.stdout.String(), p.stderr.String())
			p.stdout.WriteString(line)
			if strings.Contains(line, text) {
				return line
			}
		case <-deadline:
			require.Fail(t, "no line came", "%q is not in:\n%s", text, p.stdout.String())
		}
	}
}

// signal sends one and waits for the end, which must come within limit.
func (p *process) signal(t *testing.T, s os.Signal, limit time.Duration) result {
	t.Helper()
	if raceEnabled { // the detector slows the binary down
		limit *= 3
	}
	require.NoError(t, p.cmd.Process.Signal(s))
	select {
	case <-p.ended:
	case <-time.After(limit):
		require.Fail(t, "the binary did not end", "%s after %s", limit, s)
	}
	return p.result(t)
}

// result waits for the end and returns all that was printed.
func (p *process) result(t *testing.T) result {
	t.Helper()
	for line := range p.lines {
		p.stdout.WriteString(line)
	}
	<-p.ended
	var exit *exec.ExitError
	if err := p.cmd.Err; err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return result{code: p.cmd.ProcessState.ExitCode(), stdout: p.stdout.String(), stderr: p.stderr.String()}
}

// lockedBuffer may be read while the process writes to it.
type lockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write appends.
func (b *lockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(text)
}

func (b *lockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
