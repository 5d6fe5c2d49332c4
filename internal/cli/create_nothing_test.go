package cli_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/cli"
)

// TestLookingCreatesNothing runs every command that only looks on a `local:` folder that
// does not exist.
func TestLookingCreatesNothing(t *testing.T) {
	const catalog = `{"streams":[{"stream":{"name":"s","json_schema":{}},"sync_mode":"full_refresh",
		"destination_sync_mode":"append"}]}`
	const record = `{"type":"RECORD","record":{"stream":"s","data":{"t":"x"},"emitted_at":1}}` + "\n"
	commands := map[string][]string{
		"check": {"check"}, "search": {"search", "words"}, "read": {"read", "--catalog", "CATALOG"},
		"discover": {"discover"}, "plan": {"plan", "--catalog", "CATALOG"}, "verify": {"verify", "--catalog", "CATALOG"},
	}
	run := func(dir string, args []string) (stdout string) {
		config, catalogFile := filepath.Join(dir, "config.json"), filepath.Join(dir, "catalog.json")
		data := filepath.Join(dir, "absent", "data")
		require.NoError(t, os.WriteFile(config, fmt.Appendf(nil, `{"embedding":{"mode":"fake"},
			"processing":{"chunk_size":100,"text_fields":["t"]},"indexing":{"astra_db_endpoint":"local:%s",
			"astra_db_app_token":"t","astra_db_keyspace":"default_keyspace","collection":"c"}}`, data), 0o600))
		require.NoError(t, os.WriteFile(catalogFile, []byte(catalog), 0o600))
		args = append([]string{args[0], "--config", config}, args[1:]...)
		for i := range args {
			args[i] = strings.Replace(args[i], "CATALOG", catalogFile, 1)
		}
		var out, errs bytes.Buffer
		code := cli.Run(t.Context(), args, strings.NewReader(record), &out, &errs, noEnv)
		require.NotEqual(t, cli.ExitUsage, code, "%v: %s", args, errs.String())
		return out.String()
	}
	for name, args := range commands {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			run(dir, args)
			require.NoDirExists(t, filepath.Join(dir, "absent"))
		})
	}
	dir := t.TempDir()
	require.Contains(t, run(dir, []string{"check"}), "SUCCEEDED")
	run(dir, []string{"write", "--catalog", "CATALOG"})
	require.FileExists(t, filepath.Join(dir, "absent", "data", "astra.db"), "a write creates it")

	require.NoError(t, os.RemoveAll(filepath.Join(dir, "absent")))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "absent"), nil, 0o600))
	require.Contains(t, run(dir, []string{"check"}), "is not a folder")
}
