package protocol_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/stretchr/testify/require"

	"destination-astra/protocol"
)

// zipped is the text as gzip prints it.
func zipped(t *testing.T, text string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	_, err := z.Write([]byte(text))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	return b.String()
}

// wide is the text in UTF-16, its lower bytes first.
func wide(text string) string {
	var b strings.Builder
	for _, unit := range utf16.Encode([]rune(text)) {
		b.WriteByte(byte(unit))
		b.WriteByte(byte(unit >> 8))
	}
	return b.String()
}

// readToEnd reads to the end and returns the messages, the first broken line and the verdict.
func readToEnd(t *testing.T, input string) (messages int, broken *protocol.LineError, verdict *protocol.InputError) {
	t.Helper()
	r := protocol.NewReader(strings.NewReader(input), protocol.ReaderOptions{MaxLineBytes: 1 << 16})
	for {
		_, err := r.Next()
		var line *protocol.LineError
		switch {
		case errors.Is(err, io.EOF):
			if err := r.Judge(); err != nil {
				require.ErrorAs(t, err, &verdict)
			}
			return messages, broken, verdict
		case errors.As(err, &line):
			if broken == nil {
				broken = line
			}
		default:
			require.NoError(t, err)
			messages++
		}
	}
}

// TestUnusableInput: what no Airbyte message can be told from is named.
func TestUnusableInput(t *testing.T) {
	message := recordStart + "x" + recordEnd
	tests := map[string]struct{ input, looks, advice string }{
		"gzip":            {zipped(t, strings.Repeat(message+"\n", 50)), "gzip", "gunzip"},
		"zstd":            {"\x28\xb5\x2f\xfd\x04\x00\x99\x0a\x01", "zstd", "zstd -dc"},
		"zip":             {"PK\x03\x04\x0a\x00\x00", "zip", "unzip"},
		"Parquet":         {"PAR1\x15\x04\x15", "Parquet", "RECORD"},
		"UTF-16 marked":   {"\xff\xfe" + wide(message+"\n"+message+"\n"), "UTF-16", "iconv -f UTF-16 "},
		"UTF-16 unmarked": {wide(message + "\n" + message + "\n"), "UTF-16LE", "iconv -f UTF-16LE "},
		"UTF-16 big":      {"\x00{\x00\"\x00t\x00\n", "UTF-16BE", "iconv -f UTF-16BE "},
		"CSV":             {"id,title\n1,one\n2,two\n", "commas", "RECORD"},
		"TSV":             {"id\ttitle\n1\tone\n", "tabs", "RECORD"},
		"plain rows":      {`{"id":1,"title":"one"}` + "\n" + `{"id":2}` + "\n", "JSON objects", "RECORD"},
		"rows of a type":  {`{"type":"article","id":1}` + "\n", "JSON objects", "RECORD"},
		"long rows":       {`{"id":1,"body":"` + strings.Repeat("x", 5000) + `"}` + "\n", "JSON objects", "RECORD"},
		"array":           {`[{"id":1},{"id":2}]`, "JSON array", "jq -c '.[]'"},
		"array in lines":  {"[\n  {\"id\":1},\n  {\"id\":2}\n]\n", "JSON array", "jq -c '.[]'"},
		"pretty-printed":  {"{\n  \"type\": \"RECORD\",\n  \"record\": {}\n}\n", "several lines", "jq -c ."},
		"small letters":   {strings.Replace(message, "RECORD", "record", 1) + "\n", "capital", `"type":"RECORD"`},
		"mixed letters":   {`{"type":"State","state":{}}`, "capital", `"type":"STATE"`},
		"HTML":            {"<!DOCTYPE html>\n<html></html>\n", "HTML", ""},
		"text":            {"Starting the source\nnothing to do\n", "plain text", ""},
		"Latin-1":         {"caf\xe9\nth\xe9\n", "no UTF-8", ""},
		"unknown type":    {`{"type":"NEWS","news":{}}`, "", ""},
		"blank":           {"\n  \n\n", "", ""},
		"nothing":         {"", "", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			messages, broken, verdict := readToEnd(t, test.input)
			require.Zero(t, messages)
			require.Nil(t, broken)
			require.NotNil(t, verdict)
			require.Contains(t, verdict.Error(), test.looks)
			require.Contains(t, verdict.Advice, test.advice)
			if strings.TrimSpace(test.input) == "" {
				require.Zero(t, verdict.Lines)
			} else {
				require.Positive(t, verdict.Lines)
			}
		})
	}
}

// TestUsableInput: one message of any known type is enough.
func TestUsableInput(t *testing.T) {
	for _, line := range []string{
		recordStart + "x" + recordEnd, `{"type":"LOG","log":{"level":"INFO","message":"x"}}`,
		`{"type":"TRACE","trace":{"type":"ESTIMATE"}}`, `{"type":"CONTROL"}`,
	} {
		_, broken, verdict := readToEnd(t, "text\n"+line+"\nid,title\n")
		require.Nil(t, broken)
		require.Nil(t, verdict)
	}
}

// TestBrokenLineOfAnotherFormat: where no message came before, the format says more than
// the line.
func TestBrokenLineOfAnotherFormat(t *testing.T) {
	message := recordStart + "x" + recordEnd
	_, broken, _ := readToEnd(t, "["+message+",\n"+message+"\n]")
	require.Nil(t, broken, "each line but the first is a message")
	_, broken, _ = readToEnd(t, "[\n"+message+",\n"+message+"\n]")
	require.Equal(t, "a JSON array", broken.Looks)
	_, broken, _ = readToEnd(t, message+"\n["+message+",\n"+message+",\n]")
	require.Empty(t, broken.Looks)
}

// TestMisspeltTypesAreSkipped and named, also among messages.
func TestMisspeltTypesAreSkipped(t *testing.T) {
	message := recordStart + "x" + recordEnd
	r := protocol.NewReader(strings.NewReader(message+"\n"+strings.Replace(message, "RECORD", "record", 1)+"\n"+
		`{"type":"NEWS"}`+"\n"), protocol.ReaderOptions{})
	for err := error(nil); err == nil; _, err = r.Next() {
	}
	require.EqualValues(t, 1, r.Skipped())
	require.EqualValues(t, 1, r.Misspelt())
	require.NoError(t, r.Judge())
}

// FuzzJudge: any input without a message gets a verdict that quotes nothing of it.
func FuzzJudge(f *testing.F) {
	for _, seed := range []string{"a,b\n1,2", "\x1f\x8b", "[1]", "{", "\xff\xfe{\x00", "<a>", `{"type":"record"}`, "BZh9"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, input []byte) {
		r := protocol.NewReader(bytes.NewReader(input), protocol.ReaderOptions{MaxLineBytes: 4096})
		got := 0
		for {
			m, err := r.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err == nil && m.Type != "" {
				got++
			}
		}
		err := r.Judge()
		if got > 0 {
			require.NoError(t, err)
		}
		if err != nil {
			require.Less(t, len(err.Error()), 400)
		}
		_, _ = protocol.FormatOf(input)
	})
}
