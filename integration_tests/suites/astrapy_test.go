package suites_test

import (
	"context"
	"encoding/xml"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"destination-astra/integration_tests/blackbox"
	"destination-astra/internal/effort"
)

const (
	astrapyVersion = "2.3.2"
	// astrapyTests is how many tests of collections there are of either kind.
	astrapyTests = 118
	// pytestTime is for one half of the suite.
	pytestTime = 2 * time.Minute
	// repeatable is how many tests may be run a second time.
	repeatable = 5
)

// exceptions are the tests that do not pass, without _sync and _async in their names, and
// why. Every other one must.
func exceptions() map[string]string {
	const (
		devOps = "asks the DevOps API, and skips anywhere but on Astra DB"
		astra  = "skips anywhere but on Astra DB"
	)
	return map[string]string{
		"test_get_database_info":                                           devOps,
		"test_get_collection_info":                                         devOps,
		"test_database_info_timeout":                                       devOps,
		"test_database_from_admin_default_keyspace_per_environment":        astra,
		"test_database_from_astradbadmin_default_keyspace_per_environment": astra,
		"test_collection_methods_grandfailure_vectorize": "wants the embedding service to refuse the client's key; " +
			"local sends its own, LOCAL_EMBEDDER_API_KEY",
	}
}

// TestAstrapySuite runs the tests of collections that come with astrapy's sources.
func TestAstrapySuite(t *testing.T) {
	t.Parallel()
	python := blackbox.Python(t, "-r", filepath.Join("testdata", "astrapy-requirements.txt"))
	sources := astrapySources(t, python)
	for kind, choice := range map[string]string{"sync": "sync and not async", "async": "async"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			report := pytest(t, python, sources, choice)
			require.Len(t, report.Cases, astrapyTests)
			report.repeat(t, python, sources, choice)
			passed := report.passed(t)
			t.Logf("%d of %d passed", passed, astrapyTests)
			require.Equal(t, astrapyTests-len(exceptions()), passed)
		})
	}
}

// astrapySources fetches astrapy as its makers published it, installs it and returns the
// folder with its tests.
func astrapySources(t *testing.T, python string) string {
	t.Helper()
	dir := t.TempDir()
	pip := func(args ...string) {
		args = append([]string{"-m", "pip", "--quiet", "--disable-pip-version-check"}, args...)
		blackbox.InstallOrSkip(t, dir, python, args...)
	}
	pip("download", "--no-deps", "--no-binary", "astrapy", "--no-build-isolation", "astrapy=="+astrapyVersion)
	archive := "astrapy-" + astrapyVersion + ".tar.gz"
	pip("install", "--no-deps", "--no-build-isolation", archive)
	unpack := exec.CommandContext(t.Context(), python, "-m", "tarfile", "-e", archive)
	unpack.Dir = dir
	out, err := unpack.CombinedOutput()
	require.NoError(t, err, string(out))
	return filepath.Join(dir, strings.TrimSuffix(archive, ".tar.gz"))
}

// report is what pytest says in JUnit's form.
type report struct {
	Cases []testCase `xml:"testsuite>testcase"`
}

type testCase struct {
	Class   string   `xml:"classname,attr"`
	Name    string   `xml:"name,attr"`
	Failure *outcome `xml:"failure"`
	Error   *outcome `xml:"error"`
	Skipped *outcome `xml:"skipped"`
}

type outcome struct {
	Message string `xml:"message,attr"`
	Text    string `xml:",chardata"`
}

// repeat gives cases that failed another chance, with a server of their own: some tests end calls
// after 2 to 50 ms, and a write that was on its way may then arrive in the midst of the next test.
func (r report) repeat(t *testing.T, python, sources, choice string) {
	t.Helper()
	failed := map[string]int{}
	var names []string
	for i, c := range r.Cases {
		if c.problem() != "" && !c.excepted() {
			failed[c.Class+"."+c.Name] = i
			names = append(names, c.Name)
		}
	}
	if len(names) == 0 || len(names) > repeatable {
		return
	}
	t.Logf("once more: %s", strings.Join(names, ", "))
	again := pytest(t, python, sources, "("+choice+") and ("+strings.Join(names, " or ")+")")
	for _, c := range again.Cases {
		if i, known := failed[c.Class+"."+c.Name]; known {
			r.Cases[i] = c
		}
	}
}

// excepted reports whether the case is one of those that do not pass.
func (c testCase) excepted() bool {
	_, excepted := exceptions()[c.kindless()]
	return excepted
}

// kindless is the name that the case has in common with that of the other kind.
func (c testCase) kindless() string {
	return strings.NewReplacer("_async", "", "_sync", "").Replace(c.Name)
}

// passed counts the cases that passed. One that did not must be an exception, and an
// exception that passes is none any more.
func (r report) passed(t *testing.T) int {
	t.Helper()
	passed := 0
	for _, c := range r.Cases {
		problem := c.problem()
		reason, excepted := exceptions()[c.kindless()]
		switch {
		case problem == "":
			passed++
			assert.False(t, excepted, "%s passes by now", c.Name)
		case !excepted:
			assert.Fail(t, c.Class+"."+c.Name, problem)
		default:
			t.Logf("%s %s", c.Name, reason)
		}
	}
	return passed
}

// problem is why a case did not pass; "" when it did.
func (c testCase) problem() string {
	for _, o := range []*outcome{c.Error, c.Failure, c.Skipped} {
		if o != nil {
			return o.Message + "\n" + o.Text
		}
	}
	return ""
}

// pytest runs the chosen tests of collections against a server of their own.
func pytest(t *testing.T, python, sources, choice string) report {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), effort.Patience(pytestTime))
	defer cancel()
	file := filepath.Join(t.TempDir(), "report.xml")
	command := exec.CommandContext(ctx, python, "-B", "-m", "pytest", "-o", "addopts=", "-o", "asyncio_mode=auto",
		"-o", "log_cli=false", "-p", "no:cacheprovider", "-q", "-W", "ignore", "--show-capture=no",
		"--junitxml", file, "-k", choice, filepath.Join("tests", "base", "integration", "collections"))
	command.Dir = sources
	command.Env = append(blackbox.CleanEnv(), "LOCAL_DATA_API_ENDPOINT="+startServer(t),
		"LOCAL_DATA_API_USERNAME=any", "LOCAL_DATA_API_PASSWORD=any", "LOCAL_CASSANDRA_CONTACT_POINT=127.0.0.1",
		"HEADER_EMBEDDING_API_KEY_VOYAGEAI=any", "HEADER_RERANKING_API_KEY_NVIDIA=any",
		"RUN_SHARED_SECRET_VECTORIZE_TESTS=no", "ASTRAPY_TEST_LATEST_MAIN=yes")
	out, _ := command.CombinedOutput() // it ends with 1 when a test fails, which the report tells
	require.NoError(t, ctx.Err(), "the suite did not end:\n%s", out)
	text, err := os.ReadFile(file)
	require.NoError(t, err, string(out))
	var r report
	require.NoError(t, xml.Unmarshal(text, &r))
	return r
}
