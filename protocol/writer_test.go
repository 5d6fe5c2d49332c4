package protocol_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"destination-astra/internal/protocoltest"
	"destination-astra/protocol"
)

var update = flag.Bool("update", false, "write the golden files anew")

// requireGolden compares the output with testdata/name.golden and with the protocol's schema.
func requireGolden(t *testing.T, name string, output []byte) {
	t.Helper()
	protocoltest.Validate(t, output)
	path := filepath.Join("testdata", name+".golden")
	if *update {
		require.NoError(t, os.WriteFile(path, output, 0o644))
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(output))
}

// newWriter returns a Writer whose clock stands at the protocol's favourite moment.
func newWriter(out io.Writer) *protocol.Writer {
	w := protocol.NewWriter(out)
	w.Now = func() time.Time { return time.UnixMilli(1732150000123) }
	return w
}

func TestWriterLog(t *testing.T) {
	var out bytes.Buffer
	w := newWriter(&out)
	for _, level := range []protocol.Level{
		protocol.LogFatal, protocol.LogError, protocol.LogWarn,
		protocol.LogInfo, protocol.LogDebug, protocol.LogTrace, "LOUD", "",
	} {
		require.NoError(t, w.Log(level, "a message", ""))
	}
	require.NoError(t, w.Log(protocol.LogError, "lines\nand <html> & \"quotes\"\r\u2028", "main.go:1\n\tmain()"))
	require.NoError(t, w.Log(protocol.LogInfo, "no UTF-8: \xff", ""))
	require.NoError(t, w.Log(protocol.LogInfo, "", ""))
	requireGolden(t, "log", out.Bytes())
}

func TestWriterTraceError(t *testing.T) {
	var out bytes.Buffer
	w := newWriter(&out)
	require.NoError(t, w.TraceError(protocol.ErrorTrace{}))
	require.NoError(t, w.TraceError(protocol.ErrorTrace{
		Message:         "The Astra DB token cannot read the keyspace 'x'.",
		InternalMessage: "astra: findCollections x: 401",
		StackTrace:      "main.go:1\n\tmain()",
		FailureType:     protocol.ConfigError,
		Stream:          &protocol.StreamDescriptor{Namespace: "public", Name: "users"},
	}))
	require.NoError(t, w.TraceError(protocol.ErrorTrace{
		Message: "Later.", FailureType: protocol.TransientError, Stream: &protocol.StreamDescriptor{Name: "users"},
	}))
	requireGolden(t, "trace", out.Bytes())
}

func TestWriterOthers(t *testing.T) {
	var out bytes.Buffer
	w := newWriter(&out)
	require.NoError(t, w.ConnectionStatus(true, ""))
	require.NoError(t, w.ConnectionStatus(false, "The token is wrong."))
	require.NoError(t, w.Spec([]byte("{\n  \"connectionSpecification\": {\"type\": \"object\"},\r\n"+
		"  \"protocol_version\": \"0.2.0\"\n}\n")))
	require.NoError(t, w.Record(&protocol.Record{
		Stream:    protocol.StreamDescriptor{Namespace: "public", Name: "users"},
		Data:      json.RawMessage(`{"id":12345678901234567890,"html":"<b>","lone":"\ud800"}`),
		EmittedAt: 1732150000000,
		Changes:   []protocol.Change{{Field: "bio", Change: "NULLED", Reason: "SOURCE_RETRIEVAL_ERROR"}},
	}))
	require.NoError(t, w.Record(&protocol.Record{
		Stream: protocol.StreamDescriptor{Name: "users"}, Data: json.RawMessage("{\n}"),
	}))
	require.NoError(t, w.Catalog(nil))
	yes := true
	require.NoError(t, w.Catalog([]protocol.Stream{
		{StreamDescriptor: protocol.StreamDescriptor{Name: "bare"}},
		{
			StreamDescriptor:        protocol.StreamDescriptor{Namespace: "ks", Name: "full"},
			JSONSchema:              json.RawMessage(`{"type":"object"}`),
			SupportedSyncModes:      []protocol.SyncMode{protocol.FullRefresh, protocol.Incremental},
			SourceDefinedCursor:     true,
			DefaultCursorField:      []string{"updated_at"},
			SourceDefinedPrimaryKey: [][]string{{"_id"}},
			IsResumable:             &yes,
		},
	}))
	requireGolden(t, "others", out.Bytes())
}

func TestWriterStates(t *testing.T) {
	var out bytes.Buffer
	w := newWriter(&out)
	for _, raw := range []string{
		`{"type":"STREAM","stream":{"stream_descriptor":{"name":"users","namespace":"public"},` +
			`"stream_state":{"cursor":"2026-01-01"}},"sourceStats":{"recordCount":1000.0},"id":7}`,
		`{"type":"GLOBAL", "global":{"shared_state":{"lsn":1.00},"stream_states":[]},"x":[1 , 2], "id":8}`,
		`{"type":"LEGACY","data":{},"destinationStats":{"recordCount":5.0,"old":1},"id":9}`,
		`{"data":{}}`,
	} {
		require.NoError(t, w.State(&protocol.State{Raw: []byte(raw)}, threeRecords))
		require.NoError(t, w.State(&protocol.State{Raw: []byte(raw)}, &protocol.DestinationStats{}))
		require.NoError(t, w.State(&protocol.State{Raw: []byte(raw)}, nil))
	}
	requireGolden(t, "state", out.Bytes())
}

func TestWriterRefusesWhatIsNoObject(t *testing.T) {
	var out bytes.Buffer
	w := newWriter(&out)
	require.EqualError(t, w.Spec(nil), "protocol: write SPEC: spec is not a JSON object")
	require.ErrorContains(t, w.Record(&protocol.Record{Data: []byte(`{"a":NaN}`)}), "NaN is not JSON")
	require.ErrorContains(t, w.Record(&protocol.Record{Data: []byte("{\"a\":\"\xff\"}")}), "not valid UTF-8")
	require.ErrorContains(t, w.Catalog([]protocol.Stream{{JSONSchema: []byte("{")}}), "write CATALOG")
	require.Empty(t, out.String())
}

func TestWriterClockDefault(t *testing.T) {
	var out bytes.Buffer
	w := protocol.NewWriter(&out)
	require.NoError(t, w.TraceError(protocol.ErrorTrace{Message: "x"}))
	require.NotContains(t, out.String(), `"emitted_at":0.0`)
	protocoltest.Validate(t, out.Bytes())
}

// flaky fails, or stops short, at its second write and works again later.
type flaky struct {
	bytes.Buffer
	writes int
	err    error
}

func (f *flaky) Write(p []byte) (int, error) {
	f.writes++
	if f.writes == 2 {
		n, _ := f.Buffer.Write(p[:3])
		return n, f.err
	}
	return f.Buffer.Write(p)
}

func TestWriterErrorIsSticky(t *testing.T) {
	cause := errors.New("broken pipe")
	for name, tt := range map[string]struct{ err, want error }{
		"error":       {cause, cause},
		"short write": {nil, io.ErrShortWrite},
	} {
		t.Run(name, func(t *testing.T) {
			out := &flaky{err: tt.err}
			w := newWriter(out)
			require.NoError(t, w.Log(protocol.LogInfo, "one", ""))
			first := w.State(&protocol.State{Raw: []byte(`{}`)}, nil)
			require.ErrorIs(t, first, protocol.ErrStdoutClosed)
			require.ErrorIs(t, first, tt.want)
			require.ErrorContains(t, first, "protocol: write STATE: stdout closed: ")
			require.Equal(t, first, w.Log(protocol.LogInfo, "three", ""))
			require.Equal(t, first, w.TraceError(protocol.ErrorTrace{}))
			require.Equal(t, 2, out.writes, "nothing is written after the error")
		})
	}
}

// lines counts writes that are not exactly one line.
type lines struct{ good, bad int }

func (l *lines) Write(p []byte) (int, error) {
	if bytes.Count(p, []byte{'\n'}) == 1 && p[len(p)-1] == '\n' {
		l.good++
	} else {
		l.bad++
	}
	return len(p), nil
}

func TestWriterConcurrent(t *testing.T) {
	out := &lines{}
	w := newWriter(out)
	var g errgroup.Group
	for range 8 {
		g.Go(func() error {
			for range 100 {
				if err := w.Log(protocol.LogInfo, strings.Repeat("x\n", 100), ""); err != nil {
					return err
				}
				if err := w.State(&protocol.State{Raw: []byte("{\n}")}, threeRecords); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, g.Wait())
	require.Equal(t, &lines{good: 1600}, out)
}
