package reading_test

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
)

func TestSearchCommand(t *testing.T) {
	t.Parallel()
	j := NewJob(t, ConfigFor("local:data"), CatalogOf(StreamNamed("s", "append_dedup"), StreamNamed("t", "append")))
	j.Write(t, Note("s", 1, "red apple"), Note("s", 2, "red brick"), Note("t", 3, "red apple")).Succeeded(t)
	search := func(args ...string) Result {
		return RunIn(t, j.Dir, nil, append([]string{"search", "--config", j.Config}, args...)...)
	}
	r := search("text: red apple")
	require.Zero(t, r.Code, r.Stderr)
	require.Regexp(t, `^1\.000\t\S+\ttext: red apple\n1\.000\t\S+\ttext: red apple\n0\.\d{3}\ts_2\ttext: red brick\n$`, r.Stdout)
	require.Equal(t, 1, strings.Count(search("--stream", "t", "red").Stdout, "\n"))
	require.Equal(t, 2, strings.Count(search("--limit", "2", "red").Stdout, "\n"))
	require.Empty(t, search("--stream", "nowhere", "red").Stdout)

	r = search("--json", "--filter", `{"id":2}`, "red apple")
	var hit struct {
		Similarity       float64
		Stream, ID, Text string
		RecordID         string `json:"record_id"`
		Document         map[string]any
	}
	require.NoError(t, json.Unmarshal([]byte(r.Stdout), &hit), r.Stdout)
	require.Equal(t, "s_2", hit.RecordID)
	require.Equal(t, "text: red brick", hit.Text)
	require.EqualValues(t, 2, hit.Document["id"])
	require.NotContains(t, hit.Document, "$vector")

	for _, wrong := range [][]string{{}, {"a", "b"}, {" "}, {"--limit", "0", "x"}, {"--limit", "1001", "x"}, {"--filter", "{", "x"}} {
		r := search(wrong...)
		require.Equal(t, 2, r.Code, "%v: %s", wrong, r.Stderr)
		require.Empty(t, r.Stdout)
	}
	r = search("--filter", `{"id":{"$nonsense":1}}`, "x")
	require.Equal(t, 1, r.Code)
	require.Empty(t, r.Stdout)
	require.Contains(t, r.Stderr, "destination-astra: ")
}

func TestPlanCommand(t *testing.T) {
	t.Parallel()
	j := NewJob(t, ConfigFor("local:data"), CatalogOf(StreamNamed("s", "append_dedup")))
	args := []string{"plan", "--config", j.Config, "--catalog", j.Catalog}
	input := Lines(append(Notes("s", 1, 20), Record("s", `{"id":21}`), "no message", Note("u", 1, "x"))...)
	r := RunIn(t, j.Dir, strings.NewReader(input), args...)
	require.Equal(t, 1, r.Code, "the write would fail")
	for _, words := range []string{"does not exist yet", "records      21: 20 new", "1 rejected", "20 to write",
		"1 lines that are no Airbyte messages", "1 records of the stream u", "The write would fail: ", "s_21", "####"} {
		require.Contains(t, r.Stdout, words)
	}
	j.Write(t, Notes("s", 1, 20)...).Succeeded(t)
	r = RunIn(t, j.Dir, strings.NewReader(input), append(args, "--json")...)
	require.Equal(t, 1, r.Code, "the write would fail")
	var plan struct {
		Exists bool `json:"collection_exists"`
		Total  struct{ Records, Unchanged, Rejected int64 }
	}
	require.NoError(t, json.Unmarshal([]byte(r.Stdout), &plan))
	require.True(t, plan.Exists)
	require.EqualValues(t, 20, plan.Total.Unchanged)
	require.EqualValues(t, 1, plan.Total.Rejected)
	require.Len(t, StoredIn(t, filepath.Join(j.Dir, "data")), 20)

	require.Equal(t, 2, RunIn(t, j.Dir, nil, "plan", "--config", j.Config).Code)
	r = RunIn(t, j.Dir, strings.NewReader(`{"type":"RECORD","record":`), args...)
	require.Equal(t, 1, r.Code)
	require.Contains(t, r.Stderr, "Line 1")
}

func TestVerifyCommand(t *testing.T) {
	t.Parallel()
	j := NewJob(t, ConfigFor("local:data"), CatalogOf(StreamNamed("s", "append_dedup")))
	verify := func(input []string, more ...string) Result {
		return RunIn(t, j.Dir, strings.NewReader(Lines(input...)),
			append([]string{"verify", "--config", j.Config, "--catalog", j.Catalog}, more...)...)
	}
	r := verify(Notes("s", 1, 2))
	require.Equal(t, 1, r.Code)
	require.Contains(t, r.Stdout, "does not exist")
	j.Write(t, Notes("s", 1, 60)...).Succeeded(t)
	r = verify(Notes("s", 1, 60), "--vectors")
	require.Zero(t, r.Code, r.Stdout)
	require.Empty(t, r.Stderr)
	var changed []string
	for id := 1; id <= 60; id++ {
		changed = append(changed, Note("s", id, "changed"))
	}
	r = verify(changed)
	require.Equal(t, 1, r.Code)
	require.Contains(t, r.Stdout, "60 missing, 60 stale, 0 differing")
	require.Contains(t, r.Stdout, "  s_1: 1 missing, 1 stale  text: changed\n")
	require.Contains(t, r.Stdout, "and 40 more records")
	require.Contains(t, r.Stderr, "120 documents")
	r = verify(changed, "--json")
	require.Equal(t, 1, r.Code)
	var v struct {
		Differences int64
		Streams     []struct{ Findings []struct{ Key string } }
	}
	require.NoError(t, json.Unmarshal([]byte(r.Stdout), &v))
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
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "reading.md"))
	require.NoError(t, err)
	dir, bin := t.TempDir(), t.TempDir()
	require.NoError(t, os.Symlink(Binary(t), filepath.Join(bin, "destination-astra")))
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
		cmd.Env = append(CleanEnv(), "PATH="+bin+string(os.PathListSeparator)+os.Getenv("PATH"))
		out, err := cmd.Output()
		require.NoError(t, err, "%s\n%s", block[2], out)
		printed = string(out)
		ran++
	}
	require.Greater(t, ran, 10)
}

// TestPlanOfAFailingWrite says on which line, and exits with 1.
func TestPlanOfAFailingWrite(t *testing.T) {
	t.Parallel()
	j := NewJob(t, ConfigFor("local:data"), CatalogOf(StreamNamed("s", "append")))
	input := Lines(Note("s", 1, "x"), Record("s", `{"id":2}`), Note("s", 3, "y"))
	for _, more := range [][]string{nil, {"--json"}} {
		r := RunIn(t, j.Dir, strings.NewReader(input), append([]string{"plan", "--config", j.Config, "--catalog", j.Catalog}, more...)...)
		require.Equal(t, 1, r.Code)
		require.Contains(t, r.Stdout, "line 2 of the input")
		require.Contains(t, r.Stderr, "line 2 of the input")
		require.NotContains(t, r.Stderr, "..")
	}
}
