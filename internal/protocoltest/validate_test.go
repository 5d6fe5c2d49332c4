package protocoltest_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

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

func TestValidate(t *testing.T) {
	const log = `{"type":"LOG","log":{"level":"INFO","message":"x"}}` + "\n"
	tests := map[string]struct {
		output string
		want   string // part of the only error, "" for none
	}{
		"nothing":         {output: ""},
		"log":             {output: log},
		"two":             {output: log + log},
		"second is bad":   {output: log + "hello\n", want: "line 2: not JSON"},
		"no newline":      {output: strings.TrimSpace(log), want: "line 1: no newline"},
		"blank line":      {output: "\n", want: "line 1: not JSON"},
		"list":            {output: "[]\n", want: "line 1: not an object"},
		"no type":         {output: "{}\n", want: `type "" is none`},
		"unknown type":    {output: `{"type":"HELLO"}` + "\n", want: `type "HELLO"`},
		"no body":         {output: `{"type":"STATE"}` + "\n", want: `without an object "state"`},
		"carriage return": {output: `{"type":"STATE","state":{}}` + "\r\n", want: "carriage return"},
		"trace without error": {
			output: `{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1}}` + "\n", want: "trace: a ERROR",
		},
		"bad level": {
			output: `{"type":"LOG","log":{"level":"LOUD","message":"x"}}` + "\n", want: "/log/level",
		},
		"emitted_at is a string": {
			output: `{"type":"RECORD","record":{"stream":"s","data":{},"emitted_at":"1"}}` + "\n",
			want:   "/record/emitted_at",
		},
		"state of no stream": {
			output: `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_state":{}}}}` + "\n", want: "/state/stream",
		},
		"state of another type": {
			output: `{"type":"STATE","state":{"type":"PER_STREAM"}}` + "\n", want: "/state/type",
		},
		"count is a string": {
			output: `{"type":"STATE","state":{"destinationStats":{"recordCount":"1"}}}` + "\n",
			want:   "/state/destinationStats/recordCount",
		},
		"global state": {
			output: `{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"a":1},` +
				`"stream_states":[{"stream_descriptor":{"name":"s"}}]},"id":7}}` + "\n",
		},
		"status of its own": {
			output: `{"type":"CONNECTION_STATUS","connectionStatus":{"status":"OK"}}` + "\n",
			want:   "/connectionStatus/status",
		},
		"failure of its own type": {
			output: `{"type":"TRACE","trace":{"type":"ERROR","emitted_at":1,"error":{"message":"m",` +
				`"failure_type":"user_error"}}}` + "\n",
			want: "/trace/error/failure_type",
		},
		"trace without a time": {
			output: `{"type":"TRACE","trace":{"type":"ERROR","error":{"message":"m"}}}` + "\n", want: "emitted_at",
		},
		"stream without a sync mode": {
			output: `{"type":"CATALOG","catalog":{"streams":[{"name":"s","json_schema":{},` +
				`"supported_sync_modes":[]}]}}` + "\n",
			want: "/catalog/streams/0/supported_sync_modes",
		},
		"not ours to say": {
			output: `{"type":"CONTROL","control":{"type":"CONNECTOR_CONFIG","emitted_at":1}}` + "\n", want: `"CONTROL"`,
		},
		"spec with a bad URL": {
			output: `{"type":"SPEC","spec":{"connectionSpecification":{},"documentationUrl":"no"}}` + "\n",
			want:   "/spec/documentationUrl",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &recorder{TB: t}
			protocoltest.Validate(r, []byte(tt.output))
			if tt.want == "" {
				require.Empty(t, r.errors)
				return
			}
			require.Len(t, r.errors, 1)
			require.Contains(t, r.errors[0], tt.want)
		})
	}
}
