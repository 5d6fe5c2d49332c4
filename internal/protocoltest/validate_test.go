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
	errors, logs []string
}

func (r *recorder) Helper()           {}
func (r *recorder) Error(args ...any) { r.errors = append(r.errors, fmt.Sprint(args...)) }
func (r *recorder) Errorf(format string, args ...any) {
	r.errors = append(r.errors, fmt.Sprintf(format, args...))
}
func (r *recorder) Logf(format string, args ...any) {
	r.logs = append(r.logs, fmt.Sprintf(format, args...))
}

func TestValidate(t *testing.T) {
	const log = `{"type":"LOG","log":{"level":"INFO","message":"x"}}` + "\n"
	tests := map[string]struct {
		output string
		want   string // part of the only error, "" for none
		schema bool   // only the schema finds it
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
			output: `{"type":"LOG","log":{"level":"LOUD","message":"x"}}` + "\n", want: "/log/level", schema: true,
		},
		"emitted_at is a string": {
			output: `{"type":"RECORD","record":{"stream":"s","data":{},"emitted_at":"1"}}` + "\n",
			want:   "/record/emitted_at", schema: true,
		},
		"spec with a bad URL": {
			output: `{"type":"SPEC","spec":{"connectionSpecification":{},"documentationUrl":"no"}}` + "\n",
			want:   "/spec/documentationUrl", schema: true,
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			r := &recorder{TB: t}
			protocoltest.Validate(r, []byte(tt.output))
			if tt.schema && len(r.logs) > 0 {
				t.Skip(r.logs[0])
			}
			if tt.want == "" {
				require.Empty(t, r.errors)
				return
			}
			require.Len(t, r.errors, 1)
			require.Contains(t, r.errors[0], tt.want)
		})
	}
}
