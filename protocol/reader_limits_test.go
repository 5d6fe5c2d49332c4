package protocol_test

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"destination-astra/protocol"
)

const (
	recordStart = `{"type":"RECORD","record":{"stream":"s","data":{"v":"`
	recordEnd   = `"}}}`
)

func TestReaderLongLines(t *testing.T) {
	sizes := []int{
		100, 256<<10 - 1 - len(recordStart+recordEnd), 256<<10 - len(recordStart+recordEnd),
		256 << 10, 1<<20 + 3, 64 << 20,
	}
	for _, size := range sizes {
		value := strings.Repeat("x", size)
		input := io.MultiReader(
			strings.NewReader(recordStart), strings.NewReader(value), strings.NewReader(recordEnd+"\n"),
			strings.NewReader(recordStart), strings.NewReader("next"), strings.NewReader(recordEnd),
		)
		messages, faults := readAll(t, protocol.NewReader(input, protocol.ReaderOptions{}))
		require.Empty(t, faults)
		require.Len(t, messages, 2)
		require.True(t, string(messages[0].Record.Data) == `{"v":"`+value+`"}`, "%d bytes", size)
		require.JSONEq(t, `{"v":"next"}`, string(messages[1].Record.Data))
	}
}

func TestReaderMaxLineBytes(t *testing.T) {
	line := recordStart + strings.Repeat("x", 600_000) + recordEnd
	tests := map[string]struct {
		input string
		limit int
		want  string
	}{
		"exactly":    {input: line + "\n", limit: len(line)},
		"at the end": {input: line, limit: len(line)},
		"one more": {
			input: line + "\n", limit: len(line) - 1,
			want: "protocol: line 1: RECORD message: longer than 600056 bytes",
		},
		"one more at the end": {
			input: line, limit: len(line) - 1,
			want: "protocol: line 1: RECORD message: longer than 600056 bytes",
		},
		"much more": {
			input: line + "\n", limit: 10,
			want: "protocol: line 1: RECORD message: longer than 10 bytes",
		},
		"other text": {
			input: strings.Repeat("x", 300_000) + "\n", limit: 290_000,
			want: "protocol: line 1: longer than 290000 bytes",
		},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			// The last line fits into every limit.
			input := strings.NewReader(tt.input)
			rest := strings.NewReader("\n{}\n")
			r := protocol.NewReader(io.MultiReader(input, rest), protocol.ReaderOptions{MaxLineBytes: tt.limit})
			messages, faults := readAll(t, r)
			if tt.want == "" {
				require.Len(t, messages, 1)
				require.Empty(t, faults)
			} else {
				require.Empty(t, messages)
				require.Len(t, faults, 1)
				require.EqualError(t, faults[0], tt.want)
			}
			require.EqualValues(t, 1, r.Skipped(), "the line after it was read")
		})
	}
}

// endless is a line that never ends.
type endless struct{ read int }

func (e *endless) Read(p []byte) (int, error) {
	copy(p, bytes.Repeat([]byte("x"), len(p)))
	e.read += len(p)
	return len(p), nil
}

func TestReaderEndlessLine(t *testing.T) {
	in := &endless{}
	_, err := protocol.NewReader(in, protocol.ReaderOptions{MaxLineBytes: 1 << 20}).Next()
	require.ErrorContains(t, err, "longer than 1048576 bytes")
	require.LessOrEqual(t, in.read, 2<<20)
}

func TestReaderChunkedInput(t *testing.T) {
	input := recordStart + "é" + recordEnd + "\r\n\n" + `{"type":"STATE","state":{}}`
	readers := map[string]io.Reader{
		"one byte":       iotest.OneByteReader(strings.NewReader(input)),
		"data with EOF":  iotest.DataErrReader(strings.NewReader(input)),
		"half":           iotest.HalfReader(strings.NewReader(input)),
		"one byte, EOF":  iotest.DataErrReader(iotest.OneByteReader(strings.NewReader(input))),
		"all in one go":  strings.NewReader(input),
		"buffered bytes": bytes.NewBufferString(input),
	}
	for name, in := range readers {
		t.Run(name, func(t *testing.T) {
			messages, faults := readAll(t, protocol.NewReader(in, protocol.ReaderOptions{}))
			require.Empty(t, faults)
			require.Len(t, messages, 2)
			require.EqualValues(t, 3, messages[1].Line)
		})
	}
}

func TestReaderError(t *testing.T) {
	cause := errors.New("pipe burst")
	in := io.MultiReader(
		strings.NewReader("{}\n"+recordStart), iotest.ErrReader(cause), strings.NewReader("{}\n"),
	)
	r := protocol.NewReader(in, protocol.ReaderOptions{})
	for range 2 {
		_, err := r.Next()
		require.ErrorIs(t, err, cause)
		require.EqualError(t, err, "protocol: read line 2: pipe burst")
	}
}

func TestReaderEOFIsSticky(t *testing.T) {
	r := protocol.NewReader(strings.NewReader(""), protocol.ReaderOptions{})
	for range 3 {
		_, err := r.Next()
		require.Equal(t, io.EOF, err)
	}
}

func TestReaderDataIsPrivate(t *testing.T) {
	var input strings.Builder
	for _, v := range []string{"first", "other", "third"} {
		input.WriteString(recordStart + v + recordEnd + "\n")
		input.WriteString(`{"type":"STATE","state":{"v":"` + v + `"}}` + "\n")
	}
	messages, _ := read(t, input.String())
	require.Len(t, messages, 6)
	require.JSONEq(t, `{"v":"first"}`, string(messages[0].Record.Data))
	require.JSONEq(t, `{"v":"first"}`, string(messages[1].State.Raw))
	_ = append(messages[0].Record.Data, "overflow"...)
	require.JSONEq(t, `{"v":"other"}`, string(messages[2].Record.Data))
}
