package commands_test

import (
	"bytes"
	"compress/gzip"
	"strings"
	"testing"
	"unicode/utf16"

	. "destination-astra/integration_tests/blackbox"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// TestUnusableInput: what is no stream of messages is never a success of a write, a plan or a
// verify, and the message says what it looks like and what to do.
func TestUnusableInput(t *testing.T) {
	t.Parallel()
	messages := Lines(append(Notes("s", 1, 300), State("s", 1))...)
	tests := map[string]struct {
		input []byte
		words []string
	}{
		"gzip":            {compressed(t, messages), []string{"gzip", "gunzip -c"}},
		"UTF-16":          {utf16Text(messages), []string{"UTF-16", "iconv"}},
		"CSV":             {[]byte("id,text\n1,one\n2,two\n"), []string{"commas", `"type":"RECORD"`}},
		"rows":            {[]byte(`{"id":1,"text":"one"}` + "\n"), []string{"JSON objects that are no messages"}},
		"array":           {[]byte(`[{"id":1,"text":"one"}]`), []string{"JSON array", "jq -c '.[]'"}},
		"pretty-printed":  {[]byte("{\n  \"type\": \"RECORD\",\n  \"record\": {}\n}\n"), []string{"jq -c ."}},
		"small letters":   {[]byte(strings.ReplaceAll(Note("s", 1, "x"), "RECORD", "record")), []string{"capital"}},
		"another catalog": {[]byte(Lines(Note("t", 1, "x"), State("t", 1))), []string{`"t" (1 records)`, `catalog "s"`}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{})
			j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
			r := Run(t, j.Dir, bytes.NewReader(test.input), j.Args()...)
			r.Failed(t, "config_error", test.words...)
			require.Empty(t, r.States(t))
			for _, command := range []string{"plan", "verify"} {
				r := RunIn(t, j.Dir, bytes.NewReader(test.input), command, "--config", j.Config, "--catalog", j.Catalog)
				require.Equal(t, 1, r.Code, command)
				for _, word := range test.words {
					require.Contains(t, r.Stderr, word, command)
				}
			}
		})
	}
}

// TestNoInput is a source that had nothing to say, to a write; a plan or a verify of it says
// nothing about anything.
func TestNoInput(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
	j.Write(t).Succeeded(t)
	for _, command := range []string{"plan", "verify"} {
		r := RunIn(t, j.Dir, strings.NewReader("\n"), command, "--config", j.Config, "--catalog", j.Catalog)
		require.Equal(t, 1, r.Code, command)
		require.Contains(t, r.Stderr, "The input is empty")
		require.Equal(t, 1, strings.Count(r.Stderr, "\n"), r.Stderr)
	}
}

// TestMisspeltTypesAreCounted beside messages.
func TestMisspeltTypesAreCounted(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
	r := j.Write(t, Note("s", 1, "x"), strings.ReplaceAll(Note("s", 2, "y"), "RECORD", "record"), "text").Succeeded(t)
	require.Contains(t, r.Logs(t, "WARN"), "skipped lines=2")
	require.Contains(t, r.Logs(t, "WARN"), "capital letters, such as RECORD lines=1")
}

func compressed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.Bytes()
}

// utf16Text is what Windows tools call Unicode.
func utf16Text(text string) []byte {
	b := []byte{0xff, 0xfe}
	for _, unit := range utf16.Encode([]rune(text)) {
		b = append(b, byte(unit), byte(unit>>8))
	}
	return b
}
