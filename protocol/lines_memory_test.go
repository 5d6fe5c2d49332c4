package protocol_test

import (
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/protocol"
)

// longRecord is a record line whose text has so many bytes.
func longRecord(n int) string {
	return `{"type":"RECORD","record":{"stream":"s","emitted_at":1,"data":{"text":"` + strings.Repeat("x", n) + `"}}}` + "\n"
}

// TestLongLinesAreNotCopied: a long line takes twice its size at most, blocks and whole,
// and says so before.
func TestLongLinesAreNotCopied(t *testing.T) {
	const size = 32 << 20
	input := strings.NewReader(longRecord(size) + longRecord(10))
	reserved := 0
	r := protocol.NewReader(input, protocol.ReaderOptions{
		Reserve: func(bytes int) error { reserved += bytes; return nil },
	})
	before := allocated()
	m, err := r.Next()
	require.NoError(t, err)
	require.Less(t, allocated()-before, uint64(size*5/2))
	require.Greater(t, reserved, 2*size-2<<20)
	require.Less(t, reserved, size*5/2)
	long := reserved
	next, err := r.Next()
	require.NoError(t, err)
	require.Equal(t, long, reserved, "a short line reserves nothing")
	require.Len(t, m.Record.Data, size+len(`{"text":""}`), "the next line does not touch it")
	require.Equal(t, strings.Count(string(m.Record.Data), "x"), size+1)
	require.Len(t, next.Record.Data, 10+len(`{"text":""}`))
}

// TestReserveRefuses: what Reserve says ends the reading.
func TestReserveRefuses(t *testing.T) {
	enough := errors.New("enough")
	r := protocol.NewReader(strings.NewReader(longRecord(8<<20)+longRecord(1)), protocol.ReaderOptions{
		Reserve: func(int) error { return enough },
	})
	for range 2 {
		_, err := r.Next()
		require.ErrorIs(t, err, enough)
	}
}

// allocated is how many bytes were ever allocated.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
