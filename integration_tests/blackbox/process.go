package blackbox

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
	"golang.org/x/sync/errgroup"

	"destination-astra/internal/effort"
)

// StopPatience is how long the binary may take to end after a signal: after that
// the platform kills it. On a busy machine tests wait longer ([effort.Patience]).
const StopPatience = 10 * time.Second

// Process is a run of the binary that the test talks to while it works.
type Process struct {
	Cmd    *exec.Cmd
	Stdin  io.WriteCloser
	Lines  chan string // of stdout; closed at its end
	work   errgroup.Group
	ended  chan struct{}
	stderr LockedBuffer
	Stdout strings.Builder // what was read of lines
}

// Start starts the binary. It is killed when the test ends, if it still runs.
func Start(t *testing.T, dir string, args ...string) *Process {
	t.Helper()
	return StartEnv(t, dir, nil, args...)
}

// StartEnv is Start with more in the environment.
func StartEnv(t *testing.T, dir string, env []string, args ...string) *Process {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), patience)
	p := &Process{Lines: make(chan string, 4096), ended: make(chan struct{})}
	p.Cmd = exec.CommandContext(ctx, Binary(t), args...)
	p.Cmd.Dir, p.Cmd.Env, p.Cmd.Stderr = dir, append(CleanEnv(), env...), &p.stderr
	var err error
	p.Stdin, err = p.Cmd.StdinPipe()
	require.NoError(t, err)
	stdout, err := p.Cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.Cmd.Start())
	p.work.Go(func() error {
		defer close(p.ended)
		p.forward(ctx, stdout)
		_ = p.Cmd.Wait() // the exit code says it all
		return nil
	})
	t.Cleanup(func() {
		cancel()
		require.NoError(t, p.work.Wait())
	})
	return p
}

// forward hands on the lines of stdout, also when nobody takes them any more.
func (p *Process) forward(ctx context.Context, stdout io.Reader) {
	defer close(p.Lines)
	reader := bufio.NewReader(stdout)
	for {
		line, err := reader.ReadString('\n')
		if line != "" {
			select {
			case p.Lines <- line:
			case <-ctx.Done():
			}
		}
		if err != nil {
			return
		}
	}
}

// Send writes lines to stdin and leaves it open.
func (p *Process) Send(t *testing.T, messages ...string) {
	t.Helper()
	_, err := io.WriteString(p.Stdin, Lines(messages...))
	require.NoError(t, err)
}

// Await reads stdout until a line holds the text, and returns that line.
func (p *Process) Await(t *testing.T, text string) string {
	t.Helper()
	deadline := time.After(patience)
	for {
		select {
		case line, ok := <-p.Lines:
			require.True(t, ok, "stdout ended without %q:\n%s\nstderr: %s", text, p.Stdout.String(), p.stderr.String())
			p.Stdout.WriteString(line)
			if strings.Contains(line, text) {
				return line
			}
		case <-deadline:
			require.Fail(t, "no line came", "%q is not in:\n%s", text, p.Stdout.String())
		}
	}
}

// Signal sends one and waits for the end, which must come within limit.
func (p *Process) Signal(t *testing.T, s os.Signal, limit time.Duration) Result {
	t.Helper()
	limit = effort.Patience(limit)
	require.NoError(t, p.Cmd.Process.Signal(s))
	select {
	case <-p.ended:
	case <-time.After(limit):
		require.Fail(t, "the binary did not end", "%s after %s", limit, s)
	}
	return p.Result(t)
}

// Result waits for the end and returns all that was printed.
func (p *Process) Result(t *testing.T) Result {
	t.Helper()
	for line := range p.Lines {
		p.Stdout.WriteString(line)
	}
	<-p.ended
	var exit *exec.ExitError
	if err := p.Cmd.Err; err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return Result{Code: p.Cmd.ProcessState.ExitCode(), Stdout: p.Stdout.String(), Stderr: p.stderr.String()}
}

// LockedBuffer may be read while the process writes to it.
type LockedBuffer struct {
	mu     sync.Mutex
	buffer bytes.Buffer
}

// Write appends.
func (b *LockedBuffer) Write(text []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.Write(text)
}

// String is what was written so far.
func (b *LockedBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buffer.String()
}
