package blackbox

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
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	_ "destination-astra/internal/cli" // go test repeats these tests when the product changes
	"destination-astra/internal/effort"
	"destination-astra/internal/protocoltest"
)

// patience bounds one run of the binary; it is never reached by a run that works.
var patience = effort.Patience(time.Minute)

// built is the binary's path, made when a test first asks for it.
var built = sync.OnceValues(build)

// Binary is the path of the product, built from the sources as they are; with the race
// detector where the tests run under it. Go's build cache keeps it, so the packages of
// tests build it once between them.
func Binary(t *testing.T) string {
	t.Helper()
	path, err := built()
	require.NoError(t, err)
	return path
}

// build asks `go run` for the executable that it would run. The run that links it names a
// file that ends with that run; the next one finds it in the cache, and links nothing.
func build() (string, error) {
	args := []string{"run", "-exec", "echo"}
	if effort.Race {
		args = append(args, "-race")
	}
	var stderr bytes.Buffer
	for range 2 {
		stderr.Reset()
		command := exec.Command("go", append(args, "destination-astra")...)
		command.Stderr = &stderr
		out, err := command.Output()
		if err != nil {
			return "", fmt.Errorf("build the binary: %w\n%s", err, stderr.Bytes())
		}
		path := strings.TrimSpace(string(out))
		if _, err := os.Stat(path); err == nil {
			return path, nil
		}
	}
	return "", errors.New("build the binary: go's cache did not keep it")
}

// AtATime is how many tests of most packages run at a time: they wait for the binary more
// than they work.
const AtATime = 8

// Main runs a package's tests, so many at a time, and is what each TestMain calls.
func Main(m *testing.M, atATime int) int {
	flag.Parse()
	if err := flag.Set("test.parallel", strconv.Itoa(atATime)); err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	return m.Run()
}

// Result is what a run of the binary left behind.
type Result struct {
	Code           int
	Stdout, Stderr string
}

// Run runs the binary to its end in dir and checks that everything on stdout is
// a message of the Airbyte protocol.
func Run(t *testing.T, dir string, stdin io.Reader, args ...string) Result {
	t.Helper()
	return RunEnv(t, dir, nil, stdin, args...)
}

// RunEnv is Run with more in the environment.
func RunEnv(t *testing.T, dir string, env []string, stdin io.Reader, args ...string) Result {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, Binary(t), args...)
	cmd.Dir = dir
	cmd.Env = append(CleanEnv(), env...)
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
	return Result{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

// RunIn runs a command whose output is no protocol, in dir.
func RunIn(t *testing.T, dir string, stdin io.Reader, args ...string) Result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), Binary(t), args...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, CleanEnv(), stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return Result{Code: cmd.ProcessState.ExitCode(), Stdout: stdout.String(), Stderr: stderr.String()}
}

// CleanEnv is this process's environment without what changes the binary's ways.
func CleanEnv() []string {
	var env []string
	for _, pair := range os.Environ() {
		name, _, _ := strings.Cut(pair, "=")
		switch strings.ToUpper(name) {
		case "WORKER_JOB_ID", "LOG_LEVEL", "GOMEMLIMIT", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "LOCAL_EMBEDDER_API_KEY":
			continue
		}
		env = append(env, pair)
	}
	return env
}

// Message is any line that the binary prints.
type Message struct {
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

// Messages are the lines of stdout, in the order printed.
func (r Result) Messages(t *testing.T) []Message {
	t.Helper()
	var all []Message
	for line := range strings.Lines(r.Stdout) {
		var m Message
		require.NoError(t, json.Unmarshal([]byte(line), &m), line)
		all = append(all, m)
	}
	return all
}

// States are the raw `state` objects, in the order printed.
func (r Result) States(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, m := range r.Messages(t) {
		if m.Type == "STATE" {
			all = append(all, string(m.State))
		}
	}
	return all
}

// Trace is the one TRACE ERROR that a failed run prints, last.
func (r Result) Trace(t *testing.T) Message {
	t.Helper()
	all := r.Messages(t)
	require.NotEmpty(t, all, "stderr: %s", r.Stderr)
	last := all[len(all)-1]
	require.Equal(t, "TRACE", last.Type, r.Stdout)
	return last
}

// Logs are the messages of one level, one a line.
func (r Result) Logs(t *testing.T, level string) string {
	t.Helper()
	var b strings.Builder
	for _, m := range r.Messages(t) {
		if m.Type == "LOG" && m.Log.Level == level {
			b.WriteString(m.Log.Message + "\n")
		}
	}
	return b.String()
}

// WriteFile puts a file into dir and returns its path.
func WriteFile(t *testing.T, dir, name, content string) string {
	t.Helper()
	path := filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(path, []byte(content), 0o600))
	return path
}

// ToJSON is for configurations and catalogs built in tests.
func ToJSON(t *testing.T, v any) string {
	t.Helper()
	text, err := json.Marshal(v)
	require.NoError(t, err)
	return string(text)
}

// Gunzip reads a compressed file under testdata.
func Gunzip(t *testing.T, name string) []byte {
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

// FileText reads a file of dir.
func FileText(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(text)
}
