package integration_tests

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// runIn runs a command whose output is no protocol, in dir.
func runIn(t *testing.T, dir string, stdin io.Reader, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binaryPath, args...)
	cmd.Dir, cmd.Env, cmd.Stdin = dir, cleanEnv(), stdin
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return result{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
}

func TestSearchCommand(t *testing.T) {
	t.Parallel()
	j := newJob(t, configFor("local:data"), catalogOf(streamNamed("s", "append_dedup"), streamNamed("t", "append")))
	j.write(t, note("s", 1, "red apple"), note("s", 2, "red brick"), note("t", 3, "red apple")).succeeded(t)
	search := func(args ...string) result {
		return runIn(t, j.dir, nil, append([]string{"search", "--config", j.config}, args...)...)
	}
	r := search("text: red apple")
	require.Zero(t, r.code, r.stderr)
	require.Regexp(t, `^1\.000\t\S+\ttext: red apple\n1\.000\t\S+\ttext: red apple\n0\.\d{3}\ts_2\ttext: red brick\n$`, r.stdout)
	require.Equal(t, 1, strings.Count(search("--stream", "t", "red").stdout, "\n"))
	require.Equal(t, 2, strings.Count(search("--limit", "2", "red").stdout, "\n"))
	require.Empty(t, search("--stream", "nowhere", "red").stdout)

	r = search("--json", "--filter", `{"id":2}`, "red apple")
	var hit struct {
		Similarity       float64
		Stream, ID, Text string
		RecordID         string `json:"record_id"`
		Document         map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &hit), r.stdout)
	require.Equal(t, "s_2", hit.RecordID)
	require.Equal(t, "text: red brick", hit.Text)
	require.EqualValues(t, 2, hit.Document["id"])
	require.NotContains(t, hit.Document, "$vector")

	for _, wrong := range [][]string{{}, {"a", "b"}, {" "}, {"--limit", "0", "x"}, {"--limit", "1001", "x"}, {"--filter", "{", "x"}} {
		r := search(wrong...)
		require.Equal(t, 2, r.code, "%v: %s", wrong, r.stderr)
		require.Empty(t, r.stdout)
	}
	r = search("--filter", `{"id":{"$nonsense":1}}`, "x")
	require.Equal(t, 1, r.code)
	require.Empty(t, r.stdout)
	require.Contains(t, r.stderr, "destination-astra: ")
}

func TestPlanCommand(t *testing.T) {
	t.Parallel()
	j := newJob(t, configFor("local:data"), catalogOf(streamNamed("s", "append_dedup")))
	args := []string{"plan", "--config", j.config, "--catalog", j.catalog}
	input := lines(append(notes("s", 1, 20), record("s", `{"id":21}`), "no message", note("u", 1, "x"))...)
	r := runIn(t, j.dir, strings.NewReader(input), args...)
	require.Zero(t, r.code, r.stderr)
	for _, words := range []string{"does not exist yet", "records      21: 20 new", "1 rejected", "20 to write",
		"1 lines that are no Airbyte messages", "1 records of the stream u", "The write would fail: ", "s_21", "####"} {
		require.Contains(t, r.stdout, words)
	}
	j.write(t, notes("s", 1, 20)...).succeeded(t)
	r = runIn(t, j.dir, strings.NewReader(input), append(args, "--json")...)
	require.Zero(t, r.code, r.stderr)
	var plan struct {
		Exists bool `json:"collection_exists"`
		Total  struct{ Records, Unchanged, Rejected int64 }
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &plan))
	require.True(t, plan.Exists)
	require.EqualValues(t, 20, plan.Total.Unchanged)
	require.EqualValues(t, 1, plan.Total.Rejected)
	require.Len(t, storedIn(t, filepath.Join(j.dir, "data")), 20)

	require.Equal(t, 2, runIn(t, j.dir, nil, "plan", "--config", j.config).code)
	r = runIn(t, j.dir, strings.NewReader(`{"type":"RECORD","record":`), args...)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "Line 1")
}

func TestVerifyCommand(t *testing.T) {
	t.Parallel()
	j := newJob(t, configFor("local:data"), catalogOf(streamNamed("s", "append_dedup")))
	verify := func(input []string, more ...string) result {
		return runIn(t, j.dir, strings.NewReader(lines(input...)),
			append([]string{"verify", "--config", j.config, "--catalog", j.catalog}, more...)...)
	}
	r := verify(notes("s", 1, 2))
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stdout, "does not exist")
	j.write(t, notes("s", 1, 60)...).succeeded(t)
	r = verify(notes("s", 1, 60), "--vectors")
	require.Zero(t, r.code, r.stdout)
	require.Empty(t, r.stderr)
	var changed []string
	for id := 1; id <= 60; id++ {
		changed = append(changed, note("s", id, "changed"))
	}
	r = verify(changed)
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stdout, "60 missing, 60 stale, 0 differing")
	require.Contains(t, r.stdout, "  s_1: 1 missing, 1 stale  text: changed\n")
	require.Contains(t, r.stdout, "and 40 more records")
	require.Contains(t, r.stderr, "120 documents")
	r = verify(changed, "--json")
	require.Equal(t, 1, r.code)
	var v struct {
		Differences int64
		Streams     []struct{ Findings []struct{ Key string } }
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &v))
	require.EqualValues(t, 120, v.Differences)
	require.Len(t, v.Streams[0].Findings, 60)
}

// TestReadingPage runs every command of docs/reading.md as written, in order, and finds
// what the page says they print.
func TestReadingPage(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	page, err := os.ReadFile(filepath.Join("..", "docs", "reading.md"))
	require.NoError(t, err)
	dir, bin := t.TempDir(), t.TempDir()
	require.NoError(t, os.Symlink(binaryPath, filepath.Join(bin, "destination-astra")))
	printed, ran := "", 0
	for _, block := range regexp.MustCompile("(?s)```(sh|text)\n(.*?)```").FindAllStringSubmatch(string(page), -1) {
		if block[1] == "text" {
			for _, line := range strings.Split(strings.TrimSpace(block[2]), "\n") {
				require.Contains(t, printed, line)
			}
			continue
		}
		cmd := exec.CommandContext(t.Context(), shell, "-e", "-c", block[2])
		cmd.Dir = dir
		cmd.Env = append(cleanEnv(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := cmd.Output()
		require.NoError(t, err, "%s\n%s", block[2], out)
		printed = string(out)
		ran++
	}
	require.Greater(t, ran, 10)
}
