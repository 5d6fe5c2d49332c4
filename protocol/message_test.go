package protocol_test

import (
	"encoding/json"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/protocol"
)

func TestStreamDescriptor(t *testing.T) {
	plain := protocol.StreamDescriptor{Name: "public.users"}
	public := protocol.StreamDescriptor{Namespace: "public", Name: "users"}
	require.Equal(t, "public.users", plain.String())
	require.Equal(t, "public.users", public.String())
	require.NotEqual(t, plain, public, "the text is for people only")
}

// TestReaderDepthLimit pins the limit to that of encoding/json, which reads the data later.
func TestReaderDepthLimit(t *testing.T) {
	for depth, want := range map[int]bool{9997: true, 9998: false} {
		line := `{"type":"RECORD","record":{"stream":"s","data":{"v":` +
			strings.Repeat("[", depth) + strings.Repeat("]", depth) + `}}}`
		require.Equal(t, want, json.Valid([]byte(line)))
		_, err := protocol.NewReader(strings.NewReader(line), protocol.ReaderOptions{}).Next()
		require.Equal(t, want, err == nil)
	}
}

// TestReaderManyNames goes past the table of names that a reader keeps.
func TestReaderManyNames(t *testing.T) {
	var input strings.Builder
	const streams = 5000
	name := func(i int) string { return strings.Repeat("s", i%7) + string(rune('一'+i)) }
	for i := range streams {
		input.WriteString(`{"type":"RECORD","record":{"stream":"` + name(i) + `","data":{}}}` + "\n")
	}
	r := protocol.NewReader(strings.NewReader(input.String()), protocol.ReaderOptions{})
	for i := range streams {
		m, err := r.Next()
		require.NoError(t, err)
		require.Equal(t, name(i), m.Record.Stream.Name)
	}
	_, err := r.Next()
	require.Equal(t, io.EOF, err)
}

// TestReaderAllocations holds the hot path to the record and its data.
func TestReaderAllocations(t *testing.T) {
	line := `{"type":"RECORD","record":{"namespace":"n","stream":"s","data":{"id":1},"emitted_at":1732150000000}}` + "\n"
	r := protocol.NewReader(strings.NewReader(strings.Repeat(line, 300)), protocol.ReaderOptions{})
	perRecord := testing.AllocsPerRun(200, func() {
		_, err := r.Next()
		if err != nil {
			t.Error(err)
		}
	})
	require.LessOrEqual(t, perRecord, 2.0)
}
