package protocoltest_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"destination-astra/internal/protocoltest"
)

// recorder is a testing.TB that keeps what a test would have said.
type recorder struct {
	testing.TB
	errors []string
}

func (r *recorder) Helper()           {}
func (r *recorder) Error(args ...any) { r.errors = append(r.errors, fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}

// output is what a connector may print.
type output struct {
	text string
	want string // part of the only error, "" for none
}

func outputs() map[string]output {
	const log = `{"type":"LOG","log":{"level":"INFO","message":"x"}}` + "\n"
	return map[string]output{
		"nothing":         {text: ""},
		"log":             {text: log},
		"two":             {text: log + log},
		"second is bad":   {text: log + "hello\n", want: "line 2: not JSON"},
		"no newline":      {text: strings.TrimSpace(log), want: "line 1: no newline"},
		"blank line":      {text: "\n", want: "line 1: not JSON"},
		"list":            {text: "[]\n", want: "line 1: not an object"},
		"no type":         {text: "{}\n", want: `type "" is none`},
		"unknown type":    {text: `{"type":"HELLO"}` + "\n", want: `type "HELLO"`},
		"no body":         {text: `{"type":"STATE"}` + "\n", want: `without an object "state"`},
		"carriage return": {text: `{"type":"STATE","state":{}}` + "\r\n", want: "carriage return"},
		"trace without error": {
			text: `{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1}}` + "\n", want: "trace: a ERROR",
		},
		"bad level": {
			text: `{"type":"LOG","log":{"level":"LOUD","message":"x"}}` + "\n", want: "/log/level",
		},
		"emitted_at is a string": {
			text: `{"type":"RECORD","record":{"stream":"s","data":{},"emitted_at":"1"}}` + "\n",
			want: "/record/emitted_at",
		},
		"state of no stream": {
			text: `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_state":{}}}}` + "\n", want: "/state/stream",
		},
		"state of another type": {
			text: `{"type":"STATE","state":{"type":"PER_STREAM"}}` + "\n", want: "/state/type",
		},
		"count is a string": {
			text: `{"type":"STATE","state":{"destinationStats":{"recordCount":"1"}}}` + "\n",
			want: "/state/destinationStats/recordCount",
		},
		"global state": {
			text: `{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"a":1},` +
				`"stream_states":[{"stream_descriptor":{"name":"s"}}]},"id":7}}` + "\n",
		},
		"status of its own": {
			text: `{"type":"CONNECTION_STATUS","connectionStatus":{"status":"OK"}}` + "\n",
			want: "/connectionStatus/status",
		},
		"failure of its own type": {
			text: `{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1,"error":{"message":"m",` +
				`"failure_type":"user_error"}}}` + "\n",
			want: "/trace/error/failure_type",
		},
		"trace without a time": {
			text: `{"type":"TRACE","trace":{"type":"ERROR","error":{"message":"m"}}}` + "\n", want: "emitted_at",
		},
		"stream without a sync mode": {
			text: `{"type":"CATALOG","catalog":{"streams":[{"name":"s","json_schema":{},` +
				`"supported_sync_modes":[]}]}}` + "\n",
			want: "/catalog/streams/0/supported_sync_modes",
		},
		"not ours to say": {
			text: `{"type":"CONTROL","control":{"type":"CONNECTOR_CONFIG","emitted_at":1}}` + "\n", want: `"CONTROL"`,
		},
		"spec with a bad URL": {
			text: `{"type":"SPEC","spec":{"connectionSpecification":{},"documentationUrl":"no"}}` + "\n",
			want: "/spec/documentationUrl",
		},
	}
}

func TestValidate(t *testing.T) {
	for name, tt := range outputs() {
		t.Run(name, func(t *testing.T) {
			r := &recorder{TB: t}
			protocoltest.Validate(r, []byte(tt.text))
			if tt.want == "" {
				require.Empty(t, r.errors)
				return
			}
			require.Len(t, r.errors, 1)
			require.Contains(t, r.errors[0], tt.want)
		})
	}
}

// schemaVariable names the protocol's own schema.
const schemaVariable = "AIRBYTE_PROTOCOL"

// TestProtocolAgrees: the protocol's own schema judges each message as messages.json does.
func TestProtocolAgrees(t *testing.T) {
	path := os.Getenv(schemaVariable)
	if path == "" {
		t.Skipf("%s names no airbyte_protocol.yaml to compare messages.json with", schemaVariable)
	}
	protocol := compiled(t, path)
	for name, tt := range outputs() {
		for line := range strings.Lines(tt.text) {
			message, err := jsonschema.UnmarshalJSON(strings.NewReader(line))
			if err != nil || tt.want != "" && !strings.HasPrefix(tt.want, "/") {
				continue // no matter for a schema
			}
			err = protocol.Validate(message)
			if tt.want == "" {
				require.NoError(t, err, name)
				continue
			}
			require.ErrorContains(t, err, tt.want, name)
		}
	}
}

// compiled is the protocol's schema of a message.
func compiled(t *testing.T, path string) *jsonschema.Schema {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	var parsed map[string]any
	require.NoError(t, yaml.Unmarshal(text, &parsed))
	encoded, err := json.Marshal(parsed) // the compiler wants JSON's number types
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(encoded))
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	name, _ := parsed["$id"].(string)
	require.NoError(t, compiler.AddResource(name, document))
	schema, err := compiler.Compile(name + "#/definitions/AirbyteMessage")
	require.NoError(t, err)
	return schema
}
