package integration_tests

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	_ "destination-astra/internal/cli" // go test repeats these tests when the product changes
	"destination-astra/internal/protocoltest"
)

// patience bounds one run of the binary; it is never reached by a run that works.
const patience = 2 * time.Minute

// binaryPath is where TestMain puts the binary.
var binaryPath = filepath.Join(os.TempDir(), fmt.Sprintf("destination-astra-test-%d", os.Getpid()))

func TestMain(m *testing.M) { os.Exit(buildAndRun(m)) }

func buildAndRun(m *testing.M) int {
	args := []string{"build", "-o", binaryPath}
	if raceEnabled {
		args = append(args, "-race")
	}
	build := exec.Command("go", append(args, "destination-astra")...)
	if out, err := build.CombinedOutput(); err != nil {
		fmt.Fprintf(os.Stderr, "build the binary: %v\n%s", err, out)
		return 1
	}
	defer os.Remove(binaryPath)
	// Tests here wait for the binary more than they work.
	flag.Parse()
	if err := flag.Set("test.parallel", "8"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// result is what a run of the binary left behind.
type result struct {
	code           int
	stdout, stderr string
}

// run runs the binary to its end in dir and checks that everything on stdout is
// a message of the Airbyte protocol.
func run(t *testing.T, dir string, stdin io.Reader, args ...string) result {
	t.Helper()
	return runEnv(t, dir, nil, stdin, args...)
}

func runEnv(t *testing.T, dir string, env []string, stdin io.Reader, args ...string) result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, binaryPath, args...)
	cmd.Dir = dir
	cmd.Env = append(cleanEnv(), env...)
	cmd.Stdin = stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	require.NoError(t, ctx.Err(), "the binary did not end; stdout:\n%s", stdout.String())
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	protocoltest.Validate(t, stdout.Bytes())
	return result{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
}

// cleanEnv is this process's environment without what changes the binary's ways.
func cleanEnv() []string {
	var env []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		switch name {
		case "WORKER_JOB_ID", "LOG_LEVEL", "GOMEMLIMIT", "HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy":
			continue
		}
		env = append(env, pair)
	}
	return env
}

// message is any line that the binary prints.
type message struct {
	Type  string          `json:"type"`
	State json.RawMessage `json:"state"`
	Log   struct {
		Level   string `json:"level"`
		Message string `json:"message"`
	} `json:"log"`
	Trace struct {
		Type  string `json:"type"`
		Error struct {
			Message          string                            `json:"message"`
			InternalMessage  string                            `json:"internal_message"`
			FailureType      string                            `json:"failure_type"`
			StreamDescriptor *struct{ Name, Namespace string } `json:"stream_descriptor"`
		} `json:"error"`
	} `json:"trace"`
	ConnectionStatus *struct{ Status, Message string } `json:"connectionStatus"`
}

func (r result) messages(t *testing.T) []message {
	t.Helper()
	var all []message
	for line := range strings.Lines(r.stdout) {
		var m message
		require.NoError(t, json.Unmarshal([]byte(line), &m), line)
		all = append(all, m)
	}
	return all
}

// states are the raw `state` objects, in the order printed.
func (r result) states(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, m := range r.messages(t) {
		if m.Type == "STATE" {
			all = append(all, string(m.State))
		}
	}
	return all
}

// trace is the one TRACE ERROR that a failed run prints, last.
func (r result) trace(t *testing.T) message {
	t.Helper()
	all := r.messages(t)
	require.NotEmpty(t, all, "stderr: %s", r.stderr)
	last := all[len(all)-1]
	require.Equal(t, "TRACE", last.Type, r.stdout)
	return last
}

// logs are the messages of one level, one a line.
func (r result) logs(t *testing.T, level string) string {
	t.Helper()
	var b strings.Builder
	for _, m := range r.messages(t) {
		if m.Type == "LOG" && m.Log.Level == level {
			b.WriteString(m.Log.Message + "\n")
		}
	}
	return b.String()
}

// writeFile puts a file into dir and returns its path.
func writeFile(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// toJSON is for configurations and catalogs built in tests.
func toJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// gunzip reads a compressed file under testdata.
func gunzip(t *testing.T, name string) []byte {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", name))
	require.NoError(t, err)
	defer f.Close()
	z, err := gzip.NewReader(f)
	require.NoError(t, err)
	data, err := io.ReadAll(z)
	require.NoError(t, err)
	return data
}
