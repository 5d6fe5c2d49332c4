package local_test

import (
	"context"
	"os/exec"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/effort"
	"destination-astra/localastra"
)

// Foreign clients, at the versions that the scripts below clients/ were written for.
const (
	astrapyPackage   = "astrapy==2.3.2"
	langchainPackage = "langchain-astradb==1.0.0"
	astraTSPackage   = "@datastax/astra-db-ts@2.3.0"
)

// scriptTime is for one script.
const scriptTime = time.Minute

const clientToken = "AstraCS:client:test"

// TestAstrapy uses the server through the Python client of its makers.
func TestAstrapy(t *testing.T) {
	t.Parallel()
	python := Python(t, astrapyPackage)
	server := startLocal(t, localastra.Options{Memory: true, Token: clientToken})
	server.must("default_keyspace", `{"createCollection":{"name":"another"}}`)
	runClient(t, python, clientScript(t, "astrapy_client.py"), server.url, server.token)
}

// TestAstraDBTS uses the server through the TypeScript client of its makers.
func TestAstraDBTS(t *testing.T) {
	t.Parallel()
	node, dir := Node(t, "clients", astraTSPackage)
	script := filepath.Join(dir, "astra_db_ts_client.mjs")
	server := startLocal(t, localastra.Options{Dir: t.TempDir(), Token: clientToken})
	server.must("default_keyspace", `{"createCollection":{"name":"another"}}`)
	runClient(t, node, script, server.url, server.token)
}

// TestLangChain reads with langchain-astradb what the connector wrote.
func TestLangChain(t *testing.T) {
	t.Parallel()
	python := Python(t, langchainPackage)
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
	ctx, cancel := context.WithTimeout(t.Context(), effort.Patience(scriptTime))
	defer cancel()
	script := exec.CommandContext(ctx, program, args...)
	script.Env = CleanEnv()
	out, err := script.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Regexp(t, `(^|\n)ok\n$`, string(out))
}
