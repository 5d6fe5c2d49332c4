package commands_test

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/localastra"
	"destination-astra/spec"
)

func TestSpec(t *testing.T) {
	t.Parallel()
	r := Run(t, t.TempDir(), nil, "spec")
	require.Zero(t, r.Code)
	require.Empty(t, r.Stderr)
	require.Equal(t, 1, strings.Count(r.Stdout, "\n"))
	var m struct {
		Type string
		Spec json.RawMessage
	}
	require.NoError(t, json.Unmarshal([]byte(r.Stdout), &m))
	require.Equal(t, "SPEC", m.Type)
	require.Equal(t, string(spec.ConnectorSpecification()), string(m.Spec))
}

// TestCheckCreatesNothing: neither the collection nor the keyspace, and it says what
// a write would create.
func TestCheckCreatesNothing(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	answer := Check(t, ConfigFor(api.URL))
	require.Equal(t, "SUCCEEDED", answer.Status)
	require.Contains(t, answer.Message, Collection)
	require.Contains(t, answer.Message, "1536")
	require.Empty(t, api.Collections(t))

	store := filepath.Join(t.TempDir(), "store")
	require.Equal(t, "SUCCEEDED", Check(t, ConfigFor("local:"+store)).Status)
}

// TestCheckChangesNothing in a collection that is there.
func TestCheckChangesNothing(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
	j.Write(t, Notes("s", 1, 30)...).Succeeded(t)
	before := Content(t, api.Stored(t), Everything)
	explain := map[string]any{"findCollections": object{"options": object{"explain": true}}}
	options := string(api.Command(t, "", explain).Status)

	require.Equal(t, "SUCCEEDED", CheckFile(t, j.Dir, j.Config).Status)

	require.Equal(t, before, Content(t, api.Stored(t), Everything))
	require.Equal(t, options, string(api.Command(t, "", explain).Status))
	require.Equal(t, []string{Collection}, api.Collections(t))
}

func TestHelp(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"", "spec", "check", "write", "discover", "read", "search", "plan", "verify", "local", "demo", "version"} {
		args := strings.Fields(command + " --help")
		r := runForPeople(t, args...)
		require.Zero(t, r.Code, command)
		require.Contains(t, r.Stdout, "Usage:", command)
		require.Contains(t, r.Stdout, "Exit codes:", command)
		require.Empty(t, r.Stderr, command)
	}
}

func TestVersion(t *testing.T) {
	t.Parallel()
	r := runForPeople(t, "version")
	require.Zero(t, r.Code)
	require.Regexp(t, `^v?\d+\.\d+\.\d+\S*\n$`, r.Stdout)
	require.Contains(t, runForPeople(t, "--version").Stdout, strings.TrimSpace(r.Stdout))
}

func TestWrongCommandLines(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"", "dance", "--dance", "spec --dance", "check", "write", "write --config x", "write --catalog x",
		"check extra --config x", "local", "demo extra", "check --config",
	} {
		r := runForPeople(t, strings.Fields(line)...)
		require.Equal(t, 2, r.Code, line)
		require.Empty(t, r.Stdout, line)
		require.Contains(t, r.Stderr, "destination-astra: ", line)
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
		j := NewJob(t, ConfigFor("local:data"), CatalogOf(StreamNamed("s", "append")))
		input := strings.NewReader(Lines(Note("s", 1, "one"), State("s", 1)))
		r := Run(t, j.Dir, input, strings.Fields(line)...).Succeeded(t)
		require.Equal(t, []int{1}, r.Cursors(t), line)
		require.Len(t, StoredIn(t, filepath.Join(j.Dir, "data")), 1, line)
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
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append", Generation(3, 0))))
	dest := t.TempDir()
	WriteFile(t, dest, "stdin", Lines(Note("s", 1, "one"), State("s", 1)))
	script := `eval "$AIRBYTE_ENTRYPOINT write --config ` + j.Config + ` --catalog ` + j.Catalog +
		`" 2> stderr > stdout < stdin; echo $? > exitCode.txt`
	cmd := exec.CommandContext(t.Context(), shell, "-c", script)
	cmd.Dir = dest
	cmd.Env = append(CleanEnv(), "AIRBYTE_ENTRYPOINT="+Binary(t), "WORKER_JOB_ID=812", "WORKER_JOB_ATTEMPT=0")
	require.NoError(t, cmd.Run())

	require.Equal(t, "0\n", FileText(t, dest, "exitCode.txt"))
	require.Empty(t, FileText(t, dest, "stderr"))
	r := Result{Stdout: FileText(t, dest, "stdout")}
	require.Equal(t, []int{1}, r.Cursors(t))
	stored := api.Stored(t)
	require.Len(t, stored, 1)
	require.Equal(t, json.Number("3"), stored[0]["_ab_generation_id"])
}

// TestDemo needs nothing but the binary, and leaves nothing behind.
func TestDemo(t *testing.T) {
	t.Parallel()
	r := runForPeople(t, "demo")
	require.Zero(t, r.Code, r.Stderr)
	require.Regexp(t, `\d+ pages.* \d+ records.* \d+ chunks.* in [\d.]+ seconds`, r.Stdout)
	require.Equal(t, 3, strings.Count(r.Stdout, "\nSearch: "))
	require.Len(t, regexp.MustCompile(`(?m)^  \d\. 0\.\d{3}  \S+\.md\b`).FindAllString(r.Stdout, -1), 9)
	require.Contains(t, r.Stdout, "write --config config.json --catalog catalog.json")
	folder := regexp.MustCompile(`temporary local store \((.+)\)`).FindStringSubmatch(r.Stdout)
	require.Len(t, folder, 2)
	require.NoDirExists(t, folder[1])
}

// TestLocal serves a folder that write filled, to any client, until it is stopped.
// Meanwhile nobody else can open the folder, and is told where it is served.
func TestLocal(t *testing.T) {
	t.Parallel()
	j := NewJob(t, ConfigFor("local:data"), CatalogOf(StreamNamed("s", "append")))
	j.Write(t, append(Notes("s", 1, 5), State("s", 1))...).Succeeded(t)
	p := Start(t, j.Dir, "local", "--data", "data", "--listen", "127.0.0.1:0", "--token", "AstraCS:local")
	url := regexp.MustCompile(`http://127\.0\.0\.1:\d+`).FindString(p.Await(t, "Data API on"))
	require.NotEmpty(t, url)

	stored := FindAll(t, http.DefaultClient, url+"/v1/default_keyspace/"+Collection, "AstraCS:local")
	require.Len(t, stored, 5)
	right := Set("indexing", "astra_db_app_token", "AstraCS:local")
	other := NewJob(t, ConfigFor(url, right), CatalogOf(StreamNamed("s", "append")))
	other.Write(t, append(Notes("s", 6, 9), State("s", 2))...).Succeeded(t)
	answer := Check(t, ConfigFor(url, Set("indexing", "astra_db_app_token", "AstraCS:wrong")))
	require.Equal(t, "FAILED", answer.Status)

	r := j.Write(t, Note("s", 10, "x"), State("s", 3)).Failed(t, "config_error", url, "indexing.astra_db_endpoint")
	require.Empty(t, r.States(t))

	ended := p.Signal(t, syscall.SIGTERM, StopPatience)
	require.Zero(t, ended.Code, "being stopped is its ordinary end; stderr: %s", ended.Stderr)
	require.Len(t, StoredIn(t, filepath.Join(j.Dir, "data")), 9)
}

// TestLocalRefuses what would expose the data, or cannot work.
func TestLocalRefuses(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	r := runForPeople(t, "local", "--data", dir, "--listen", "0.0.0.0:0")
	require.Equal(t, 2, r.Code, "the command line is wrong")
	require.Contains(t, r.Stderr, "token")
	require.Equal(t, 2, runForPeople(t, "local", "--data", dir, "--listen", "nowhere").Code)
	require.Equal(t, 2, runForPeople(t, "local", "--data", dir, "--listen", "127.0.0.1:0", "--backend", "other").Code)
	entries, err := os.ReadDir(dir)
	require.NoError(t, err)
	require.Empty(t, entries, "what is refused creates nothing")
}

// runForPeople runs a command whose output is no protocol.
func runForPeople(t *testing.T, args ...string) Result {
	t.Helper()
	return RunIn(t, t.TempDir(), nil, args...)
}
