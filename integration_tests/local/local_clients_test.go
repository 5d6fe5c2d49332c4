package local_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/effort"
	"destination-astra/localastra"
)

// Foreign clients, at the versions that the scripts below clients/ were written for.
const (
	astrapyPackage   = "astrapy==2.3.2"
	langchainPackage = "langchain-astradb==1.0.0"
	astraTSPackage   = "@datastax/astra-db-ts@2.3.0"
)

const (
	// installTime is for one throw-away environment from a package registry.
	installTime = 5 * time.Minute
	// scriptTime is for one script.
	scriptTime = 2 * time.Minute
)

const clientToken = "AstraCS:client:test"

// TestAstrapy uses the server through the Python client of its makers.
func TestAstrapy(t *testing.T) {
	t.Parallel()
	python := pythonWith(t, astrapyPackage)
	server := startLocal(t, localastra.Options{Memory: true, Token: clientToken})
	runClient(t, python, clientScript(t, "astrapy_client.py"), server.url, server.token)
}

// TestAstraDBTS uses the server through the TypeScript client of its makers.
func TestAstraDBTS(t *testing.T) {
	t.Parallel()
	node, script := nodeWith(t, astraTSPackage, "astra_db_ts_client.mjs")
	server := startLocal(t, localastra.Options{Dir: t.TempDir(), Token: clientToken})
	runClient(t, node, script, server.url, server.token)
}

// TestLangChain reads with langchain-astradb what the connector wrote.
func TestLangChain(t *testing.T) {
	t.Parallel()
	python := pythonWith(t, langchainPackage)
	server := startLocal(t, localastra.Options{Memory: true, Token: clientToken})
	server.writeArticles("written")
	runClient(t, python, clientScript(t, "langchain_client.py"), server.url, server.token, "written", "articles")
}

func clientScript(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("clients", name))
	require.NoError(t, err)
	return path
}

// runClient runs a script, which prints "ok" when all was as expected.
func runClient(t *testing.T, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), scriptTime)
	defer cancel()
	out, err := exec.CommandContext(ctx, program, args...).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Regexp(t, `(^|\n)ok\n$`, string(out))
}

// pythonWith makes a virtual environment with a package and returns its interpreter.
func pythonWith(t *testing.T, pack string) string {
	t.Helper()
	python := lookTool(t, "python3")
	dir := filepath.Join(t.TempDir(), "venv")
	installOrSkip(t, "", python, "-m", "venv", dir)
	inside := filepath.Join(dir, "bin", "python")
	installOrSkip(t, "", inside, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", pack)
	return inside
}

// nodeWith installs a package beside a copy of a script, where node looks for it.
func nodeWith(t *testing.T, pack, name string) (node, script string) {
	t.Helper()
	node = lookTool(t, "node")
	npm := lookTool(t, "npm")
	dir := t.TempDir()
	installOrSkip(t, dir, npm, "install", "--silent", "--no-audit", "--no-fund", "--prefix", dir, pack)
	text, err := os.ReadFile(clientScript(t, name))
	require.NoError(t, err)
	script = filepath.Join(dir, name)
	require.NoError(t, os.WriteFile(script, text, 0o600))
	return node, script
}

func lookTool(t *testing.T, name string) string {
	t.Helper()
	if !effort.Of(t, false, false, true) {
		t.Skip("foreign clients are installed from registries: only with TEST_EFFORT=high")
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Skipf("%s is not installed", name)
	}
	return path
}

// installOrSkip runs an installer. Without a registry there is nothing to test with.
func installOrSkip(t *testing.T, dir, program string, args ...string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), installTime)
	defer cancel()
	command := exec.CommandContext(ctx, program, args...)
	command.Dir = dir
	out, err := command.CombinedOutput()
	if exit := new(exec.ExitError); errors.As(err, &exit) {
		t.Skipf("no throw-away environment (is the package registry out of reach?): %s %v: %v\n%s",
			program, args, err, out)
	}
	require.NoError(t, err)
}
