package protocol_test

import (
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/protocol"
)

// readAll reads every message; it stops at the first error that is not a *LineError.
func readAll(t *testing.T, r *protocol.Reader) ([]protocol.Message, []*protocol.LineError) {
	t.Helper()
	var messages []protocol.Message
	var faults []*protocol.LineError
	for {
		m, err := r.Next()
		var fault *protocol.LineError
		switch {
		case err == nil:
			messages = append(messages, m)
		case errors.Is(err, io.EOF):
			return messages, faults
		case errors.As(err, &fault):
			faults = append(faults, fault)
		default:
			require.NoError(t, err)
		}
	}
}

func read(t *testing.T, input string) ([]protocol.Message, []*protocol.LineError) {
	t.Helper()
	return readAll(t, protocol.NewReader(strings.NewReader(input), protocol.ReaderOptions{}))
}

func TestReaderRecord(t *testing.T) {
	users := protocol.StreamDescriptor{Name: "users"}
	tests := map[string]struct {
		line string
		want protocol.Record
	}{
		"plain": {
			line: `{"type":"RECORD","record":{"stream":"users","data":{"id":1},"emitted_at":1732150000000}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{"id":1}`), EmittedAt: 1732150000000},
		},
		"namespace, order and white space": {
			line: " { \"record\" : { \"data\" :\t{ \"a\" : [ 1 , 2 ] } , \"namespace\" : \"public\" ," +
				` "stream" : "users" } , "type" : "RECORD" } ` + "\r",
			want: protocol.Record{
				Stream: protocol.StreamDescriptor{Namespace: "public", Name: "users"},
				Data:   []byte(`{ "a" : [ 1 , 2 ] }`),
			},
		},
		"empty namespace": {
			line: `{"type":"RECORD","record":{"namespace":"","stream":"users","data":{}}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{}`)},
		},
		"null namespace, meta and emitted_at": {
			line: `{"type":"RECORD","record":{"namespace":null,"meta":null,"emitted_at":null,"stream":"users","data":{}}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{}`)},
		},
		"last of duplicates": {
			line: `{"type":"LOG","record":{"namespace":"n","stream":"a","data":{"x":1}},"type":"RECORD",` +
				`"record":{"stream":"b","data":{"x":2},"stream":"users","data":{"x":3,"x":4}}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{"x":3,"x":4}`)},
		},
		"escaped keys and names": {
			line: `{"\u0074ype":"\u0052ECORD","r\u0065cord":{"stream":"us\u0065rs","d\u0061ta":{}}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{}`)},
		},
		"keys are not case-folded": {
			line: `{"type":"RECORD","TYPE":"STATE","record":{"stream":"users","data":{},"Stream":1,"DATA":2}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{}`)},
		},
		"lone surrogate stays": {
			line: `{"type":"RECORD","record":{"stream":"users","data":{"a":"\ud800","b":"é\u0000"}}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{"a":"\ud800","b":"é\u0000"}`)},
		},
		"numbers stay": {
			line: `{"type":"RECORD","record":{"stream":"users","data":{"a":1.10E+400,"b":12345678901234567890}}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{"a":1.10E+400,"b":12345678901234567890}`)},
		},
		"emitted_at with a decimal point": {
			line: `{"type":"RECORD","record":{"stream":"users","data":{},"emitted_at":1.732150000000e12}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{}`), EmittedAt: 1732150000000},
		},
		"changes": {
			line: `{"type":"RECORD","record":{"stream":"users","data":{},"meta":{"changes":[` +
				`{"field":"bio","change":"TRUNCATED","reason":"SOURCE_FIELD_SIZE_LIMITATION"}]}}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{}`), Changes: []protocol.Change{
				{Field: "bio", Change: "TRUNCATED", Reason: "SOURCE_FIELD_SIZE_LIMITATION"},
			}},
		},
		"no changes and unknown members": {
			line: `{"x":[{}],"type":"RECORD","record":{"stream":"users","data":{},"meta":{"changes":[]},` +
				`"file_reference":{"file_size_bytes":1}}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{}`)},
		},
		"byte order mark": {
			line: "\ufeff" + `{"type":"RECORD","record":{"stream":"users","data":{}}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{}`)},
		},
		"deep": {
			line: `{"type":"RECORD","record":{"stream":"users","data":{"a":` +
				strings.Repeat("[", 9997) + strings.Repeat("]", 9997) + `}}}`,
			want: protocol.Record{Stream: users, Data: []byte(`{"a":` +
				strings.Repeat("[", 9997) + strings.Repeat("]", 9997) + `}`)},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			for _, end := range []string{"", "\n"} {
				messages, faults := read(t, tt.line+end)
				require.Empty(t, faults)
				require.Equal(t, []protocol.Message{
					{Type: protocol.TypeRecord, Record: &tt.want, Line: 1},
				}, messages)
			}
		})
	}
}

func TestReaderState(t *testing.T) {
	users := protocol.StreamDescriptor{Namespace: "public", Name: "users"}
	tests := map[string]struct {
		raw    string
		typ    protocol.StateType
		stream protocol.StreamDescriptor
	}{
		"stream": {
			raw: `{"type":"STREAM","stream":{"stream_descriptor":{"name":"users","namespace":"public"},` +
				`"stream_state":{"cursor": 1.50}},"id":7}`,
			typ: protocol.StateStream, stream: users,
		},
		"stream without namespace": {
			raw: `{ "stream" : {"stream_descriptor":{"name":"users","namespace":null}}, "type" : "STREAM" }`,
			typ: protocol.StateStream, stream: protocol.StreamDescriptor{Name: "users"},
		},
		"global": {
			raw: `{"type":"GLOBAL","global":{"shared_state":{},"stream_states":[]},"sourceStats":{"recordCount":1.0}}`,
			typ: protocol.StateGlobal,
		},
		"legacy":    {raw: `{"type":"LEGACY","data":{}}`, typ: protocol.StateLegacy},
		"absent":    {raw: `{"data":{"a":"\ud800"}}`, typ: protocol.StateLegacy},
		"null type": {raw: `{"type":null,"data":{}}`, typ: protocol.StateLegacy},
		"last type": {raw: `{"type":"STREAM","type":"GLOBAL"}`, typ: protocol.StateGlobal},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			messages, faults := read(t, `{"type":"STATE", "state": `+tt.raw+" }\n")
			require.Empty(t, faults)
			require.Equal(t, []protocol.Message{{
				Type: protocol.TypeState, Line: 1,
				State: &protocol.State{Type: tt.typ, Stream: tt.stream, Raw: []byte(tt.raw)},
			}}, messages)
		})
	}
}

func TestReaderStatus(t *testing.T) {
	const status = `{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.0,"stream_status":%s}}`
	tests := map[string]struct {
		body    string
		want    *protocol.StreamStatus
		skipped int64
	}{
		"complete": {
			body: `{"stream_descriptor":{"name":"users","namespace":"public"},"status":"COMPLETE"}`,
			want: &protocol.StreamStatus{
				Stream: protocol.StreamDescriptor{Namespace: "public", Name: "users"},
				Status: protocol.StatusComplete,
			},
		},
		"incomplete": {
			body: `{"status":"INCOMPLETE","stream_descriptor":{"name":"users"},"reasons":[]}`,
			want: &protocol.StreamStatus{
				Stream: protocol.StreamDescriptor{Name: "users"}, Status: protocol.StatusIncomplete,
			},
		},
		"unknown status": {
			body: `{"stream_descriptor":{"name":"users"},"status":"DONE"}`, skipped: 1,
		},
		"no stream": {body: `{"status":"COMPLETE"}`, skipped: 1},
		"null":      {body: `null`, skipped: 1},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			line := strings.Replace(status, "%s", tt.body, 1)
			r := protocol.NewReader(strings.NewReader(line), protocol.ReaderOptions{})
			messages, faults := readAll(t, r)
			require.Empty(t, faults)
			require.Equal(t, tt.skipped, r.Skipped())
			if tt.want == nil {
				require.Empty(t, messages)
				return
			}
			require.Equal(t, []protocol.Message{
				{Type: protocol.TypeTrace, Status: tt.want, Line: 1},
			}, messages)
		})
	}
}

func TestReaderSkips(t *testing.T) {
	tests := map[string]struct {
		line    string
		counted bool
	}{
		"blank":                  {line: ""},
		"white space":            {line: " \t\r"},
		"log":                    {line: `{"type":"LOG","log":{"level":"INFO","message":"x"}}`},
		"spec":                   {line: `{"type":"SPEC"}`},
		"other trace":            {line: `{"type":"TRACE","trace":{"type":"ERROR"}}`},
		"trace without a body":   {line: `{"type":"TRACE"}`},
		"newer type":             {line: `{"type":"HELLO","record":1}`},
		"lower case":             {line: `{"type":"record","record":{"stream":"s","data":{}}}`, counted: true},
		"a row with a type":      {line: `{"type":"article","id":1}`, counted: true},
		"text":                   {line: "Starting the sync", counted: true},
		"number":                 {line: "42", counted: true},
		"list":                   {line: `[{"type":"RECORD"}]`, counted: true},
		"no type":                {line: `{"level":"info","record":{}}`, counted: true},
		"type is no string":      {line: `{"type":1,"record":{}}`, counted: true},
		"open brace":             {line: "{", counted: true},
		"pretty-printed":         {line: `  "type": "RECORD",`, counted: true},
		"python dict":            {line: `{'type': 'RECORD'}`, counted: true},
		"other type, broken":     {line: `{"type":"LOG","record":{`, counted: true},
		"other members, broken":  {line: `{"level":"info","msg":NaN}`, counted: true},
		"similar type, broken":   {line: `{"type":"RECORDS","a":}`, counted: true},
		"type cut at its start":  {line: `{"type":`, counted: true},
		"key cut":                {line: `{"ty`, counted: true},
		"text before the record": {line: `INFO {"type":"RECORD","record":{}}`, counted: true},
		"NUL":                    {line: "\x00", counted: true},
		"trace, invalid UTF-8":   {line: "{\"type\":\"TRACE\",\"trace\":{\"a\":\"\xff\"}}"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			const next = `{"type":"STATE","state":{}}`
			input := strings.NewReader(tt.line + "\n" + next)
			r := protocol.NewReader(input, protocol.ReaderOptions{})
			messages, faults := readAll(t, r)
			require.Empty(t, faults)
			require.Len(t, messages, 1)
			require.EqualValues(t, 2, messages[0].Line)
			require.Equal(t, tt.counted, r.Skipped() == 1)
		})
	}
}

func TestReaderLineError(t *testing.T) {
	record := func(body string) string { return `{"type":"RECORD","record":` + body + `}` }
	data := func(value string) string {
		return record(`{"stream":"s","data":{"v":` + value + `}}`)
	}
	state := func(body string) string { return `{"type":"STATE","state":` + body + `}` }
	tests := map[string]struct{ line, want string }{
		"cut":                    {record(`{"stream":"s"`)[:32], "RECORD message: unexpected end of JSON at byte 32"},
		"white space":            {" {\t\"type\" :\t\"STATE\" , x", "STATE message: unexpected character 'x' at byte 22"},
		"record before type":     {`{"record":{"stream":"s"`, "RECORD message: unexpected end of JSON at byte 23"},
		"state before type":      {`{"state":{,`, "STATE message: unexpected character ',' at byte 10"},
		"record without colon":   {`{"record" {}}`, "RECORD message: unexpected character '{' at byte 10"},
		"escaped":                {`{"\u0074ype":"REC\u004fRD",`, "RECORD message: unexpected end of JSON at byte 27"},
		"after another member":   {`{"a":{},"type":"RECORD",]`, "RECORD message: unexpected character ']' at byte 24"},
		"cut in the type":        {`{"type":"REC`, "RECORD message: unexpected end of JSON at byte 12"},
		"two on a line":          {state("{}") + state("{}"), "STATE message: unexpected character '{' at byte 27"},
		"NaN":                    {data("NaN"), "RECORD message: NaN is not JSON at byte 52"},
		"Infinity":               {data("[Infinity]"), "RECORD message: Infinity is not JSON at byte 53"},
		"-Infinity":              {data("-Infinity"), "RECORD message: -Infinity is not JSON at byte 52"},
		"leading zero":           {data("01"), "RECORD message: unexpected character '1' at byte 53"},
		"lone minus":             {data("-"), "RECORD message: unexpected character '-' at byte 52"},
		"no fraction":            {data("1."), "RECORD message: invalid number at byte 52"},
		"no exponent":            {data("1e+"), "RECORD message: invalid number at byte 52"},
		"control character":      {data("\"a\tb\""), "RECORD message: control character in a string at byte 54"},
		"escape":                 {data(`"\x"`), "RECORD message: invalid escape in a string at byte 53"},
		"short escape":           {data(`"\u12g4"`), "RECORD message: invalid escape in a string at byte 53"},
		"literal":                {data(`nul`), "RECORD message: invalid literal at byte 52"},
		"trailing comma":         {data(`[1,]`), "RECORD message: unexpected character ']' at byte 55"},
		"invalid UTF-8":          {data("\"ab\xffc\""), "RECORD message: invalid UTF-8 at byte 55"},
		"surrogate in UTF-8":     {data("\"\xed\xa0\x80\""), "RECORD message: invalid UTF-8 at byte 53"},
		"invalid UTF-8 in state": {state("{\"a\":\"\xc3\"}"), "STATE message: invalid UTF-8 at byte 30"},
		"too deep": {
			data(strings.Repeat("[", 9998)), "RECORD message: nested too deep at byte 10049",
		},
		"no record":          {`{"type":"RECORD"}`, "RECORD message: record is missing"},
		"record is a list":   {record(`[]`), "RECORD message: record is not an object"},
		"no stream":          {record(`{"data":{}}`), "RECORD message: record.stream is missing"},
		"stream is a number": {record(`{"stream":1,"data":{}}`), "RECORD message: record.stream is not a string"},
		"no data":            {record(`{"stream":"s"}`), "RECORD message: record.data is missing"},
		"null data":          {record(`{"stream":"s","data":null}`), "RECORD message: record.data is missing"},
		"data is a list":     {record(`{"stream":"s","data":[]}`), "RECORD message: record.data is not an object"},
		"last data is a string": {
			record(`{"stream":"s","data":{},"data":""}`), "RECORD message: record.data is not an object",
		},
		"namespace is a number": {
			record(`{"stream":"s","namespace":1,"data":{}}`), "RECORD message: record.namespace is not a string",
		},
		"emitted_at is a string": {
			record(`{"stream":"s","data":{},"emitted_at":"1"}`), "RECORD message: record.emitted_at is not an integer",
		},
		"emitted_at is too large": {
			record(`{"stream":"s","data":{},"emitted_at":1e19}`), "RECORD message: record.emitted_at is not an integer",
		},
		"changes are no list": {
			record(`{"stream":"s","data":{},"meta":{"changes":{}}}`),
			"RECORD message: record.meta.changes is not a list of changes",
		},
		"meta is no object": {
			record(`{"stream":"s","data":{},"meta":[]}`), "RECORD message: record.meta.changes is not a list of changes",
		},
		"no state":          {`{"type":"STATE"}`, "STATE message: state is missing"},
		"state is a string": {state(`""`), "STATE message: state is not an object"},
		"unknown state type": {
			state(`{"type":"PER_STREAM"}`), "STATE message: state.type is not one of STREAM, GLOBAL, LEGACY",
		},
		"state type is 1": {state(`{"type":1}`), "STATE message: state.type is not a string"},
		"no descriptor": {
			state(`{"type":"STREAM","stream":{}}`), "STATE message: state.stream.stream_descriptor.name is missing",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			const next = `{"type":"STATE","state":{}}`
			messages, faults := read(t, "\n"+tt.line+"\n"+next+"\n")
			require.Len(t, faults, 1)
			require.EqualError(t, faults[0], "protocol: line 2: "+tt.want)
			require.Len(t, messages, 1, "the reader goes on with the line after it")
			require.EqualValues(t, 3, messages[0].Line)
		})
	}
}

func TestReaderTruncatedAtEOF(t *testing.T) {
	const line = `{"type":"RECORD","record":{"stream":"s","data":{"id":1}}}`
	for end := 1; end < len(line); end++ {
		messages, faults := read(t, line[:end])
		require.Empty(t, messages, line[:end])
		require.Len(t, faults, 1, line[:end])
		require.Contains(t, faults[0].Type, "RECORD", line[:end])
	}
	for _, text := range []string{`{"sta`, `{"type":"ST`, `{"a":1,"type": `, `{"state"`} {
		_, faults := read(t, text)
		require.Len(t, faults, 1, text)
		require.Contains(t, faults[0].Type, "STATE", text)
	}
	for _, text := range []string{`{"level":"inf`, `{"types"`, `{"type":"LOG","log":{`, `[`, `{'ty`} {
		_, faults := read(t, text)
		require.Empty(t, faults, text)
	}
}
