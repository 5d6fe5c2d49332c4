package integration_tests

import (
	"encoding/json"
	"errors"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
	"destination-astra/spec"
)

func TestSpec(t *testing.T) {
	t.Parallel()
	r := run(t, t.TempDir(), nil, "spec")
	require.Zero(t, r.code)
	require.Empty(t, r.stderr)
	require.Equal(t, 1, strings.Count(r.stdout, "\n"))
	var m struct {
		Type string
		Spec json.RawMessage
	}
	require.NoError(t, json.Unmarshal([]byte(r.stdout), &m))
	require.Equal(t, "SPEC", m.Type)
	require.Equal(t, string(spec.ConnectorSpecification()), string(m.Spec))
}

// TestCheckCreatesNothing: neither the collection nor the keyspace, and it says what
// a write would create.
func TestCheckCreatesNothing(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	answer := check(t, configFor(api.url))
	require.Equal(t, "SUCCEEDED", answer.Status)
	require.Contains(t, answer.Message, collection)
	require.Contains(t, answer.Message, "1536")
	require.Empty(t, api.collections(t))

	store := filepath.Join(t.TempDir(), "store")
	require.Equal(t, "SUCCEEDED", check(t, configFor("local:"+store)).Status)
}

// TestCheckChangesNothing in a collection that is there.
func TestCheckChangesNothing(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))
	j.write(t, notes("s", 1, 30)...).succeeded(t)
	before := content(t, api.documents(t), everything)
	explain := map[string]any{"findCollections": object{"options": object{"explain": true}}}
	options := string(api.command(t, "", explain).Status)

	require.Equal(t, "SUCCEEDED", checkFile(t, j.dir, j.config).Status)

	require.Equal(t, before, content(t, api.documents(t), everything))
	require.Equal(t, options, string(api.command(t, "", explain).Status))
	require.Equal(t, []string{collection}, api.collections(t))
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "spec", "check", "write", "discover", "read", "search", "plan", "verify", "local", "demo", "version"} {
		args := strings.Fields(command + " --help")
		r := runForPeople(t, args...)
		require.Zero(t, r.code, command)
		require.Contains(t, r.stdout, "Usage:", command)
		require.Contains(t, r.stdout, "Exit codes:", command)
		require.Empty(t, r.stderr, command)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	r := runForPeople(t, "version")
	require.Zero(t, r.code)
	require.Regexp(t, `^v?\d+\.\d+\.\d+\S*\n$`, r.stdout)
	require.Contains(t, runForPeople(t, "--version").stdout, strings.TrimSpace(r.stdout))
}

func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", "dance", "--dance", "spec --dance", "check", "write", "write --config x", "write --catalog x",
		"check extra --config x", "local", "demo extra", "check --config",
	} {
		r := runForPeople(t, strings.Fields(line)...)
		require.Equal(t, 2, r.code, line)
		require.Empty(t, r.stdout, line)
		require.Contains(t, r.stderr, "destination-astra: ", line)
	}
}

func TestFlagsInAnyOrder(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"write --config config.json --catalog catalog.json",
		"write --catalog catalog.json --config config.json",
		"--config config.json write --catalog catalog.json",
		"--catalog catalog.json --config config.json write",
		"write --config=config.json --catalog=catalog.json",
	} {
		j := newJob(t, configFor("local:data"), catalogOf(streamNamed("s", "append")))
		input := strings.NewReader(lines(note("s", 1, "one"), state("s", 1)))
		r := run(t, j.dir, input, strings.Fields(line)...).succeeded(t)
		require.Equal(t, []int{1}, r.cursors(t), line)
		require.Len(t, storedIn(t, filepath.Join(j.dir, "data")), 1, line)
	}
}

// TestAsThePlatformStartsIt: by the shell's eval of AIRBYTE_ENTRYPOINT with absolute
// paths, from a folder of its own, with redirections.
func TestAsThePlatformStartsIt(t *testing.T) {
	t.Parallel()
	shell, err := exec.LookPath("sh")
	if err != nil {
		t.Skip("there is no sh")
	}
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append", generation(3, 0))))
	dest := t.TempDir()
	writeFile(t, dest, "stdin", lines(note("s", 1, "one"), state("s", 1)))
	script := `eval "$AIRBYTE_ENTRYPOINT write --config ` + j.config + ` --catalog ` + j.catalog +
		`" 2> stderr > stdout < stdin; echo $? > exitCode.txt`
	cmd := exec.CommandContext(t.Context(), shell, "-c", script)
	cmd.Dir = dest
	cmd.Env = append(cleanEnv(), "AIRBYTE_ENTRYPOINT="+binaryPath, "WORKER_JOB_ID=812", "WORKER_JOB_ATTEMPT=0")
	require.NoError(t, cmd.Run())

	require.Equal(t, "0\n", fileText(t, dest, "exitCode.txt"))
	require.Empty(t, fileText(t, dest, "stderr"))
	r := result{stdout: fileText(t, dest, "stdout")}
	require.Equal(t, []int{1}, r.cursors(t))
	stored := api.documents(t)
	require.Len(t, stored, 1)
	require.Equal(t, json.Number("3"), stored[0]["_ab_generation_id"])
}

// TestDemo needs nothing but the binary, and leaves nothing behind.
func TestDemo(t *testing.T) {
	t.Parallel()
	r := runForPeople(t, "demo")
	require.Zero(t, r.code, r.stderr)
	require.Regexp(t, `\d+ pages.* \d+ records.* \d+ chunks.* in [\d.]+ seconds`, r.stdout)
	require.Equal(t, 3, strings.Count(r.stdout, "\nSearch: "))
	require.Len(t, regexp.MustCompile(`(?m)^  \d\. 0\.\d{3}  \S+\.md\b`).FindAllString(r.stdout, -1), 9)
	require.Contains(t, r.stdout, "write --config config.json --catalog catalog.json")
	folder := regexp.MustCompile(`temporary local store \((.+)\)`).FindStringSubmatch(r.stdout)
	require.Len(t, folder, 2)
	require.NoDirExists(t, folder[1])
}

// TestLocal serves a folder that write filled, to any client, until it is stopped.
// Meanwhile nobody else can open the folder, and is told where it is served.
func TestLocal(t *testing.T) {
	t.Parallel()
	j := newJob(t, configFor("local:data"), catalogOf(streamNamed("s", "append")))
	j.write(t, append(notes("s", 1, 5), state("s", 1))...).succeeded(t)
	p := start(t, j.dir, "local", "--data", "data", "--listen", "127.0.0.1:0", "--token", "AstraCS:local")
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(p.await(t, "Data API on"))
	require.NotEmpty(t, url)

	stored := findAll(t, http.DefaultClient, url+"/v1/default_keyspace/"+collection, "AstraCS:local")
	require.Len(t, stored, 5)
	right := set("indexing", "astra_db_app_token", "AstraCS:local")
	other := newJob(t, configFor(url, right), catalogOf(streamNamed("s", "append")))
	other.write(t, append(notes("s", 6, 9), state("s", 2))...).succeeded(t)
	answer := check(t, configFor(url, set("indexing", "astra_db_app_token", "AstraCS:wrong")))
	require.Equal(t, "FAILED", answer.Status)

	r := j.write(t, note("s", 10, "x"), state("s", 3)).failed(t, "config_error", url, "indexing.astra_db_endpoint")
	require.Empty(t, r.states(t))

	ended := p.signal(t, syscall.SIGTERM, stopPatience)
	require.Zero(t, ended.code, "being stopped is its ordinary end; stderr: %s", ended.stderr)
	require.Len(t, storedIn(t, filepath.Join(j.dir, "data")), 9)
}

// TestLocalRefuses what would expose the data, or cannot work.
func TestLocalRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := runForPeople(t, "local", "--data", dir, "--listen", "0.0.0.0:0")
	require.Equal(t, 1, r.code)
	require.Contains(t, r.stderr, "token")
	require.Equal(t, 1, runForPeople(t, "local", "--data", dir, "--listen", "nowhere").code)
	require.Equal(t, 1, runForPeople(t, "local", "--data", dir, "--listen", "127.0.0.1:0", "--backend", "other").code)
}

// runForPeople runs a command whose output is no protocol.
func runForPeople(t *testing.T, args ...string) result {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), binaryPath, args...)
	cmd.Dir, cmd.Env = t.TempDir(), cleanEnv()
	var stdout, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		require.NoError(t, err)
	}
	return result{code: cmd.ProcessState.ExitCode(), stdout: stdout.String(), stderr: stderr.String()}
}

func fileText(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, name))
	require.NoError(t, err)
	return string(text)
}
