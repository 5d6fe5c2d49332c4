package golden_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/golden"
)

// recorder stands in for *testing.T, so that a failing assertion can be looked at.
type recorder struct {
	failures []string
	logs     []string
}

func (r *recorder) Helper() {}

func (r *recorder) Fatalf(format string, args ...any) {
	r.failures = append(r.failures, fmt.Sprintf(format, args...))
}

func (r *recorder) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

func TestAssert(t *testing.T) {
	t.Setenv(golden.UpdateVariable, "")
	long := strings.Repeat("x", 5000)
	tests := map[string]struct {
		file, got string
		failure   string // "" = passes
	}{
		"equal":           {file: "one\ntwo\n", got: "one\ntwo\n"},
		"both empty":      {file: "", got: ""},
		"a line differs":  {file: "one\ntwo\n", got: "one\ntoo\n", failure: "line 2:\n want \"two\"\n got  \"too\""},
		"white space":     {file: "one\n", got: "one \n", failure: `got  "one "`},
		"carriage return": {file: "one\n", got: "one\r\n", failure: `got  "one\r"`},
		"a line more":     {file: "one\n", got: "one\ntwo\n", failure: `line 2`},
		"newline missing": {file: "one\n", got: "one", failure: "want 2 lines, got 1"},
		"far in a line":   {file: long + "a", got: long + "b", failure: "(from column 4961)"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			require.NoError(t, os.Mkdir("testdata", 0o755))
			require.NoError(t, os.WriteFile(filepath.Join("testdata", "a.golden"), []byte(test.file), 0o644))

			var r recorder
			golden.Assert(&r, "a.golden", []byte(test.got))

			if test.failure == "" {
				require.Empty(t, r.failures)
				return
			}
			require.Len(t, r.failures, 1)
			require.Contains(t, r.failures[0], test.failure)
			require.Less(t, len(r.failures[0]), 1000, "a failure stays readable")
		})
	}
}

func TestAssertNeedsTheFile(t *testing.T) {
	t.Setenv(golden.UpdateVariable, "0")
	t.Chdir(t.TempDir())
	var r recorder

	golden.Assert(&r, "absent.golden", []byte("text"))

	require.Len(t, r.failures, 1)
	require.Contains(t, r.failures[0], "GOLDEN_UPDATE=1")
	require.NoFileExists(t, filepath.Join("testdata", "absent.golden"))
}

func TestUpdate(t *testing.T) {
	for _, name := range []string{"plain.golden", "deep/er/plain.golden", "packed.jsonl.gz"} {
		t.Run(name, func(t *testing.T) {
			t.Chdir(t.TempDir())
			var r recorder
			t.Setenv(golden.UpdateVariable, "1")
			golden.Assert(&r, name, []byte("first\n"))
			golden.Assert(&r, name, []byte("second\n"))
			require.Len(t, r.logs, 2, "an update is said aloud")

			t.Setenv(golden.UpdateVariable, "")
			golden.Assert(&r, name, []byte("second\n"))
			require.Empty(t, r.failures)
			require.Equal(t, "second\n", string(golden.Read(&r, name)))

			golden.Assert(&r, name, []byte("first\n"))
			require.Len(t, r.failures, 1)
		})
	}
}

func TestUpdateKeepsPackedBytes(t *testing.T) {
	t.Chdir(t.TempDir())
	t.Setenv(golden.UpdateVariable, "1")
	path := filepath.Join("testdata", "packed.gz")
	var r recorder

	golden.Assert(&r, "packed.gz", []byte("same"))
	first, err := os.ReadFile(path)
	require.NoError(t, err)
	golden.Assert(&r, "packed.gz", []byte("same"))
	second, err := os.ReadFile(path)

	require.NoError(t, err)
	require.Equal(t, first, second, "the same content must not show up as a change")
}

func TestReadFails(t *testing.T) {
	t.Chdir(t.TempDir())
	require.NoError(t, os.Mkdir("testdata", 0o755))
	require.NoError(t, os.WriteFile(filepath.Join("testdata", "bad.gz"), []byte("not packed"), 0o644))
	for _, name := range []string{"absent.golden", "bad.gz"} {
		var r recorder
		golden.Read(&r, name)
		require.Len(t, r.failures, 1, name)
	}
}

func Example() {
	// Inside a test, t is its *testing.T. It fails when testdata/greeting.golden says something else.
	var t recorder
	golden.Assert(&t, "greeting.golden", []byte("hello\n"))
	fmt.Println("failures:", len(t.failures))
	// Output: failures: 0
}
