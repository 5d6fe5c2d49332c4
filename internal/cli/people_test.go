package cli_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/cli"
)

// TestTerminalEscapes: what records hold steers no terminal, and JSON has it as it is.
func TestTerminalEscapes(t *testing.T) {
	t.Parallel()
	const text = "a\x1b[2Jb\u009b1mc\u202ed\u2028e\x7ff\u200dg \u00e9"
	dir := t.TempDir()
	run := func(code int, stdin string, args ...string) string {
		var out, errs bytes.Buffer
		args = append(args, "--config", filepath.Join(dir, "config"))
		require.Equal(t, code, cli.Run(t.Context(), args, strings.NewReader(stdin), &out, &errs, noEnv), "%s%s", &out, &errs)
		return out.String() + errs.String()
	}
	write := func(name, text string) string {
		path := filepath.Join(dir, name)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return path
	}
	quoted, err := json.Marshal(text)
	require.NoError(t, err)
	record := fmt.Sprintf(`{"type":"RECORD","record":{"stream":"s","data":{"id":%s,"t":%[1]s},"emitted_at":1}}`+"\n", quoted)
	write("config", fmt.Sprintf(`{"embedding":{"mode":"fake"},"processing":{"chunk_size":100,"text_fields":["t"]},
		"indexing":{"astra_db_endpoint":"local:%s","astra_db_app_token":"t","astra_db_keyspace":"default_keyspace",
		"collection":"c"}}`, filepath.Join(dir, "data")))
	catalog := write("catalog", `{"streams":[{"stream":{"name":"s","json_schema":{}},"sync_mode":"full_refresh",
		"destination_sync_mode":"append_dedup","primary_key":[["id"]]}]}`)
	run(cli.ExitDone, record, "write", "--catalog", catalog)
	other := strings.Replace(record, `"t":`, `"t":1,"u":`, 1)
	shown := map[string]string{
		"search": run(cli.ExitDone, "", "search", "a"),
		"verify": run(cli.ExitFailed, other, "verify", "--catalog", catalog),
		"plan":   run(cli.ExitDone, record+strings.Replace(record, `"stream":"s"`, `"stream":`+string(quoted), 1), "plan", "--catalog", catalog),
	}
	for command, said := range shown {
		require.Contains(t, said, `a\x1b[2Jb\u009b1mc\u202ed`, command)
		require.Contains(t, said, "\\x7ff\u200dg", command)
		require.NotRegexp(t, "[\x00-\x08\x0b-\x1f\x7f\u0080-\u009f\u202a-\u202e\u2028\u2029]", said, command)
	}
	var hit struct{ Text string }
	require.NoError(t, json.Unmarshal([]byte(run(cli.ExitDone, "", "search", "--json", "a")), &hit))
	require.Equal(t, "t: "+text, hit.Text)
}

// TestHome: ~ is the user's folder, as it is to a shell, in a configuration and behind --data.
func TestHome(t *testing.T) {
	t.Parallel()
	home := t.TempDir()
	env := func(name string) string { return map[string]string{"HOME": home}[name] }
	config := func(endpoint string) string {
		path := filepath.Join(t.TempDir(), "config")
		require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `{"embedding":{"mode":"fake"},"processing":{"chunk_size":100},
			"indexing":{"astra_db_endpoint":%q,"astra_db_app_token":"t","astra_db_keyspace":"default_keyspace",
			"collection":"c"}}`, endpoint), 0o600))
		return path
	}
	run := func(getenv func(string) string, args ...string) string {
		var out, errs bytes.Buffer
		cli.Run(t.Context(), args, strings.NewReader(""), &out, &errs, getenv)
		return out.String() + errs.String()
	}
	catalog := filepath.Join(home, "catalog")
	require.NoError(t, os.WriteFile(catalog, []byte(`{"streams":[{"stream":{"name":"s","json_schema":{}},
		"sync_mode":"full_refresh","destination_sync_mode":"append"}]}`), 0o600))
	run(env, "write", "--catalog", catalog, "--config", config("local:~/data"))
	require.FileExists(t, filepath.Join(home, "data", "astra.db"))
	require.NoDirExists(t, "~")
	require.Contains(t, run(env, "local", "--check", "--data=~/data"), "documents are whole")
	require.Contains(t, run(env, "check", "--config", config("local:~root/data")), "another user")
	require.Contains(t, run(noEnv, "check", "--config", config("local:~/data")), "HOME")
}
