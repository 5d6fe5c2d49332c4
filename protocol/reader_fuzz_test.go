package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"destination-astra/protocol"
)

// members decodes an object with encoding/json: exact keys, the last of duplicates.
func members(t *testing.T, text []byte) map[string]json.RawMessage {
	t.Helper()
	var m map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(text, &m))
	return m
}

func object(text []byte) bool { return len(text) > 0 && text[0] == '{' }

// FuzzReader compares the scanner with encoding/json on one terminated line.
func FuzzReader(f *testing.F) {
	for _, seed := range []string{
		recordStart + "x" + recordEnd, // a whole record
		`{"record":{"data":{"a":[1,-0.5e+3,true,null,"\n\u00e9"]},"stream":"s","namespace":"n"},"type":"RECORD"}`,
		`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"}}}}`,
		`{"type":"RECORD","type":"LOG"}`,              // the last type counts
		`{"type":"RECORD","record":{"a":01`,           // claimed by its type, then cut
		`{"state":{}`,                                 // claimed by its body
		`{"type":"REC`,                                // claimed by half a type
		"{\"type\":\"STATE\",\"state\":{\"\xff\":1}}", // valid but for its UTF-8
		"not JSON", "", "{", `{"a":NaN}`, `[1]`, "{} {}",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		if bytes.ContainsRune(text, '\n') {
			t.Skip("not one line")
		}
		r := protocol.NewReader(bytes.NewReader(append(text, '\n')), protocol.ReaderOptions{})
		m, err := r.Next()
		text = bytes.TrimPrefix(text, []byte("\ufeff"))
		if !json.Valid(text) {
			require.Error(t, err)
			requireSkippedOrClaimed(t, text, err)
			return
		}
		if !object(bytes.TrimSpace(text)) {
			require.Equal(t, io.EOF, err)
			return
		}
		top := members(t, text)
		var typ any
		_ = json.Unmarshal(top["type"], &typ)
		if typ != "RECORD" && typ != "STATE" {
			require.True(t, errors.Is(err, io.EOF) || m.Type == protocol.TypeTrace && typ == "TRACE")
			return
		}
		var fault *protocol.LineError
		if errors.As(err, &fault) {
			require.Equal(t, typ, fault.Type)
			require.True(t, !utf8.Valid(text) || fault.Offset == -1, fault)
			return
		}
		require.NoError(t, err)
		require.True(t, utf8.Valid(text))
		requireSameFields(t, top, m)
	})
}

// requireSkippedOrClaimed checks a line that is not JSON: it is an error only when it is an
// object that names one of the members that decide.
func requireSkippedOrClaimed(t *testing.T, text []byte, err error) {
	t.Helper()
	var fault *protocol.LineError
	if errors.As(err, &fault) {
		require.Equal(t, byte('{'), bytes.TrimLeft(text, " \t\r")[0])
		require.Contains(t, []string{"RECORD", "STATE"}, fault.Type)
		return
	}
	require.Equal(t, io.EOF, err)
	for _, start := range []string{`{"type":"RECORD"`, `{"type":"STATE"`, `{"record":`, `{"state":`} {
		require.False(t, bytes.HasPrefix(text, []byte(start)), "lost: %q", text)
	}
}

func requireSameFields(t *testing.T, top map[string]json.RawMessage, m protocol.Message) {
	t.Helper()
	if m.State != nil {
		require.Equal(t, string(top["state"]), string(m.State.Raw))
		return
	}
	record := members(t, top["record"])
	var name string
	var namespace *string
	require.NoError(t, json.Unmarshal(record["stream"], &name))
	if record["namespace"] != nil {
		require.NoError(t, json.Unmarshal(record["namespace"], &namespace))
	}
	require.Equal(t, name, m.Record.Stream.Name)
	if namespace != nil {
		require.Equal(t, *namespace, m.Record.Stream.Namespace)
	} else {
		require.Empty(t, m.Record.Stream.Namespace)
	}
	require.True(t, object(m.Record.Data))
	require.Equal(t, string(record["data"]), string(m.Record.Data))
}

// FuzzReaderData puts any text where a value of a record stands: it must be accepted exactly
// when encoding/json takes it and it is UTF-8.
func FuzzReaderData(f *testing.F) {
	for _, seed := range []string{
		`1`, `-0`, `0.10e-7`, `1e`, `.5`, `"\ud800"`, `"\u00G0"`, `[[[]]]`, `{"a":{"b":[]}}`, `nulll`,
		"\"\t\"", "\"\x7f\"", "\"\xc3\xa9 eight bytes and \\\" more\"", "\"\xc3\"", `1},"b":{`, ` [ 1 , 2 ] `,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		if strings.Contains(value, "\n") {
			t.Skip("not one line")
		}
		line := `{"type":"RECORD","record":{"stream":"s","data":{"v":` + value + `}}}`
		_, err := protocol.NewReader(strings.NewReader(line), protocol.ReaderOptions{}).Next()
		valid := json.Valid([]byte(line))
		if valid && strings.ContainsRune(value, '}') {
			t.Skip("it closes its object and may have become another message")
		}
		if !valid || !utf8.ValidString(line) {
			var fault *protocol.LineError
			require.ErrorAs(t, err, &fault)
			require.GreaterOrEqual(t, fault.Offset, 0)
			require.LessOrEqual(t, fault.Offset, len(line))
			return
		}
		// A value may close its object and go on, so what is left need not be a record.
		var message struct {
			Record struct{ Data json.RawMessage }
		}
		if json.Unmarshal([]byte(line), &message) == nil && !strings.ContainsAny(value, "}") {
			require.NoError(t, err)
		}
	})
}
