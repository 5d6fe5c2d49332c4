package document_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/document"
)

// TestPython holds texts, field paths and record ids against Python's own: each case is a
// random record, the text of what dpath 2.2.0 selects in it, and str() of one of its fields.
func TestPython(t *testing.T) {
	type pythonCase struct {
		Data, Glob, Key, Str string
		Text                 *string // nil: the path selects nothing
	}
	cases := readLines[pythonCase](t, "python.jsonl.gz")
	require.Len(t, cases, 600)
	for _, c := range cases {
		builder := newBuilder(t, document.Options{TextFields: []string{c.Glob}, MetadataFields: []string{"none"}})
		stream := keyed("s", c.Key)
		record, err := builder.Build(stream, data(c.Data))
		if c.Text == nil {
			require.ErrorContains(t, err, "no text", "%s in %s", c.Glob, c.Data)
			continue
		}
		require.NoError(t, err, "%s in %s", c.Glob, c.Data)
		require.Equal(t, *c.Text, record.Documents[0].Text, "%s in %s", c.Glob, c.Data)
		require.Equal(t, "s_"+c.Str, record.RecordID, "%s in %s", c.Key, c.Data)
	}
}

// TestPythonNumbers holds numbers whose text differs from JSON's.
func TestPythonNumbers(t *testing.T) {
	tests := map[string]string{
		"-0": "0", "-0.0": "-0.0", "1E5": "100000.0", "1e16": "1e+16", "9999999999999998": "9999999999999998",
		"9999999999999998.0": "9999999999999998.0", "0.0001": "0.0001", "0.00001": "1e-05",
		"1.10": "1.1", "3.14159265358979323846": "3.141592653589793", "5e-324": "5e-324",
		"123456789012345678901234567890": "123456789012345678901234567890",
		"1e400":                          "1e400", // inf in Python
	}
	builder := newBuilder(t, document.Options{})
	for number, want := range tests {
		record := build(t, builder, appending("s"), `{"n":`+number+`}`)
		require.Equal(t, "n: "+want, record.Documents[0].Text)
	}
}
