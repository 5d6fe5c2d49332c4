package protocol_test

import (
	"bytes"
	"encoding/json"
	"io"
	"math"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/protocoltest"
	"destination-astra/protocol"
)

const (
	stateStart = `{"type":"STATE","state":`
	stats      = `{"recordCount":3.0,"rejectedRecordCount":1.0,"additionalStats":{"chunks":7.0,"embedded":2.5}}`
)

var threeRecords = &protocol.DestinationStats{
	RecordCount: 3, RejectedRecordCount: 1,
	AdditionalStats: map[string]float64{"embedded": 2.5, "chunks": 7},
}

func TestWriterState(t *testing.T) {
	tests := map[string]struct{ raw, want string }{
		"added":  {`{"type":"GLOBAL","id":7}`, `{"type":"GLOBAL","id":7,"destinationStats":` + stats + `}`},
		"empty":  {`{}`, `{"destinationStats":` + stats + `}`},
		"spaces": {`{ "id" : 7.00 , "x":1e400 }`, `{ "id" : 7.00 , "x":1e400,"destinationStats":` + stats + ` }`},
		"space":  {`{ }`, `{"destinationStats":` + stats + ` }`},
		"replaced": {
			`{"a":1,"destinationStats" : {"recordCount":9.0} ,"b":2}`, `{"a":1,"destinationStats" : ` + stats + ` ,"b":2}`,
		},
		"null replaced": {`{"destinationStats":null}`, `{"destinationStats":` + stats + `}`},
		"last of two replaced": {
			`{"destinationStats":1,"destinationStats":2}`, `{"destinationStats":1,"destinationStats":` + stats + `}`,
		},
		"escaped name replaced": {`{"destination\u0053tats":1}`, `{"destination\u0053tats":` + stats + `}`},
		"nested one stays": {
			`{"data":{"destinationStats":1}}`, `{"data":{"destinationStats":1},"destinationStats":` + stats + `}`,
		},
		"strings stay": {
			`{"data":{"a":"<&>\ud800\/é"}}`, `{"data":{"a":"<&>\ud800\/é"},"destinationStats":` + stats + `}`,
		},
		"line breaks become spaces": {"{\r\n\"a\":1}", `{  "a":1,"destinationStats":` + stats + `}`},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			s := &protocol.State{Raw: []byte(tt.raw)}
			require.NoError(t, protocol.NewWriter(&out).State(s, threeRecords))
			require.Equal(t, stateStart+tt.want+"}\n", out.String())
			require.Equal(t, tt.raw, string(s.Raw), "the state itself stays as it was")
			protocoltest.Validate(t, out.Bytes())
		})
	}
}

func TestWriterStateWithoutStats(t *testing.T) {
	var out bytes.Buffer
	const raw = `{ "id":7, "destinationStats":{"recordCount":9} }`
	require.NoError(t, protocol.NewWriter(&out).State(&protocol.State{Raw: []byte(raw)}, nil))
	require.Equal(t, stateStart+raw+"}\n", out.String())
}

func TestWriterStateRefuses(t *testing.T) {
	tests := map[string]struct {
		raw   string
		stats protocol.DestinationStats
		want  string
	}{
		"nothing":  {want: "protocol: write STATE: not a JSON object"},
		"a list":   {raw: `[]`, want: "protocol: write STATE: not a JSON object"},
		"cut":      {raw: `{"a":`, want: "protocol: write STATE: not a JSON object: unexpected end of JSON at byte 5"},
		"more":     {raw: `{} {}`, want: "protocol: write STATE: not a JSON object: unexpected character '{' at byte 3"},
		"no UTF-8": {raw: "{\"a\":\"\xff\"}", want: "protocol: write STATE: not valid UTF-8"},
		"NaN": {
			raw: `{}`, stats: protocol.DestinationStats{RecordCount: math.NaN()}, want: "NaN is not a JSON number",
		},
		"infinite": {
			raw: `{}`, want: "+Inf is not a JSON number",
			stats: protocol.DestinationStats{AdditionalStats: map[string]float64{"x": math.Inf(1)}},
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			var out bytes.Buffer
			w := protocol.NewWriter(&out)
			require.ErrorContains(t, w.State(&protocol.State{Raw: []byte(tt.raw)}, &tt.stats), tt.want)
			require.Empty(t, out.String())
			require.NoError(t, w.Log(protocol.LogInfo, "the writer goes on", ""))
		})
	}
}

func TestDestinationStatsHaveDecimalPoints(t *testing.T) {
	for value, want := range map[float64]string{
		0: "0.0", 1: "1.0", 2.5: "2.5", -3: "-3.0", 1e21: "1000000000000000000000.0", 9007199254740993: "9007199254740992.0",
	} {
		text, err := json.Marshal(protocol.DestinationStats{RecordCount: value})
		require.NoError(t, err)
		require.Equal(t, `{"recordCount":`+want+`,"rejectedRecordCount":0.0}`, string(text))
	}
}

// FuzzState reads a state, writes it back, and compares everything but destinationStats.
func FuzzState(f *testing.F) {
	for _, seed := range []string{
		`{}`, `{ }`, `{"id":7}`, `{"destinationStats":{}}`, `{"a":{"destinationStats":1} , "b":"}" }`,
		`{"type":"STREAM","stream":{"stream_descriptor":{"name":"s"}},"id":1.0}`,
		`{"destinationStats":1,"destinationStats":2,"a":"\ud800"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, raw string) {
		if strings.Contains(raw, "\n") {
			t.Skip("not one line")
		}
		in := protocol.NewReader(strings.NewReader(stateStart+raw+"}\n"), protocol.ReaderOptions{})
		m, err := in.Next()
		if err != nil || m.State == nil {
			t.Skip("not a state")
		}
		var out bytes.Buffer
		require.NoError(t, protocol.NewWriter(&out).State(m.State, threeRecords))
		require.Equal(t, 1, bytes.Count(out.Bytes(), []byte{'\n'}))

		before, written := members(t, m.State.Raw), members(t, out.Bytes())
		after := members(t, written["state"])
		require.Equal(t, stats, string(after["destinationStats"]))
		delete(before, "destinationStats")
		delete(after, "destinationStats")
		if !strings.Contains(string(m.State.Raw), "\r") {
			require.Equal(t, before, after)
		}
		require.LessOrEqual(t, len(before), len(after)+1)
	})
}

func BenchmarkWriterState(b *testing.B) {
	s := &protocol.State{Raw: []byte(`{"type":"GLOBAL","global":{"stream_states":[` +
		strings.Repeat(`{"stream_descriptor":{"name":"users"},"stream_state":{"cursor":"2026-01-01"}},`, 50) +
		`{}]},"id":7}`)}
	w := protocol.NewWriter(io.Discard)
	b.SetBytes(int64(len(s.Raw)))
	b.ReportAllocs()
	for b.Loop() {
		if err := w.State(s, threeRecords); err != nil {
			b.Fatal(err)
		}
	}
}
