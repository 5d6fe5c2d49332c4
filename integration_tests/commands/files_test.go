package commands_test

import (
	"testing"

	. "destination-astra/integration_tests/blackbox"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// TestFilesOfAnotherKind: swapped, compressed and re-encoded files are recognised, and named.
func TestFilesOfAnotherKind(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	config, catalog := ToJSON(t, ConfigFor(api.URL)), ToJSON(t, CatalogOf(StreamNamed("s", "append")))
	tests := map[string]struct {
		config, catalog string
		words           []string
	}{
		"swapped":             {catalog, config, []string{"config.json", "is a catalog", "--config takes"}},
		"config twice":        {config, config, []string{"catalog.json", "is a configuration", "--catalog takes"}},
		"a message":           {config, `{"type":"CATALOG","catalog":{"streams":[]}}`, []string{"an Airbyte message"}},
		"a source's catalog":  {config, `{"streams":[{"name":"s","json_schema":{}}]}`, []string{"not configured"}},
		"states":              {config, `[{"type":"STREAM","stream":{}}]`, []string{"a list of states"}},
		"gzip":                {string(compressed(t, config)), catalog, []string{"a gzip file", "gunzip"}},
		"UTF-16":              {string(utf16Text(config)), catalog, []string{"UTF-16", "iconv"}},
		"gzip catalog":        {config, string(compressed(t, catalog)), []string{"catalog.json", "a gzip file"}},
		"UTF-16 catalog":      {config, string(utf16Text(catalog)), []string{"catalog.json", "UTF-16"}},
		"a problem's path":    {config, `{"streams":[{"stream":{"name":"s"}}]}`, []string{"catalog.json", "streams[0].sync_mode: is missing"}},
		"a minimum too large": {config, ToJSON(t, CatalogOf(StreamNamed("s", "append", Generation(4, 5)))), []string{"minimum_generation_id"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			j := NewJob(t, object{}, object{})
			WriteFile(t, j.Dir, "config.json", test.config)
			WriteFile(t, j.Dir, "catalog.json", test.catalog)
			if test.config != config && test.config != catalog {
				answer := CheckFile(t, j.Dir, j.Config)
				require.Equal(t, "FAILED", answer.Status)
				require.Contains(t, answer.Message, test.words[0])
			}
			if name == "swapped" {
				Run(t, j.Dir, nil, "discover", "--config", j.Config).Failed(t, "config_error", test.words...)
				return
			}
			j.Write(t, Note("s", 1, "x")).Failed(t, "config_error", test.words...)
		})
	}
}

// TestByteOrderMarks of Windows tools are accepted.
func TestByteOrderMarks(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	config, catalog := ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append"))
	j := NewJob(t, config, catalog)
	WriteFile(t, j.Dir, "config.json", "\ufeff"+ToJSON(t, config))
	WriteFile(t, j.Dir, "catalog.json", "\ufeff"+ToJSON(t, catalog))
	j.Write(t, Note("s", 1, "x")).Succeeded(t)
	require.Len(t, api.Stored(t), 1)
}

// TestLogLevelThatIsNone is said, and info taken.
func TestLogLevelThatIsNone(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
	r := RunEnv(t, j.Dir, []string{"LOG_LEVEL=verbose"}, nil, "check", "--config", j.Config)
	require.Contains(t, r.Logs(t, "WARN"), `LOG_LEVEL is not known`)
	for _, level := range []string{"", "INFO", "Debug"} {
		r := RunEnv(t, j.Dir, []string{"LOG_LEVEL=" + level}, nil, "check", "--config", j.Config)
		require.Empty(t, r.Logs(t, "WARN"))
	}
}
