package protocol_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/protocol"
)

func TestWriterProgress(t *testing.T) {
	var out bytes.Buffer
	w := newWriter(&out)
	users := protocol.StreamDescriptor{Namespace: "public", Name: "users"}
	for _, status := range []string{
		protocol.StatusStarted, protocol.StatusRunning, protocol.StatusComplete, protocol.StatusIncomplete,
	} {
		require.NoError(t, w.StreamStatus(protocol.StreamStatus{Stream: users, Status: status}))
	}
	require.NoError(t, w.StreamStatus(protocol.StreamStatus{
		Stream: protocol.StreamDescriptor{Name: "plain"}, Status: protocol.StatusStarted}))
	require.NoError(t, w.Estimate(protocol.Estimate{Stream: users, Rows: 12, Bytes: 3400}))
	require.NoError(t, w.Estimate(protocol.Estimate{Stream: protocol.StreamDescriptor{Name: "plain"}}))
	requireGolden(t, "progress", out.Bytes())
}

func TestWriterProgressRefuses(t *testing.T) {
	var out bytes.Buffer
	require.ErrorContains(t, newWriter(&out).StreamStatus(protocol.StreamStatus{Status: "DONE"}), `"DONE"`)
	require.Empty(t, out.String())
}

// TestReaderReadsStatuses: what a Writer prints a Reader understands.
func TestReaderReadsStatuses(t *testing.T) {
	var out bytes.Buffer
	want := protocol.StreamStatus{Stream: protocol.StreamDescriptor{Name: "s"}, Status: protocol.StatusComplete}
	require.NoError(t, newWriter(&out).StreamStatus(want))
	m, err := protocol.NewReader(&out, protocol.ReaderOptions{}).Next()
	require.NoError(t, err)
	require.Equal(t, &want, m.Status)
}

// failing is a closed stdout.
type failing struct{}

// Write fails.
func (failing) Write([]byte) (int, error) { return 0, errors.New("closed") }

func TestWriterProgressToAClosedStdout(t *testing.T) {
	w := protocol.NewWriter(failing{})
	require.ErrorIs(t, w.Estimate(protocol.Estimate{}), protocol.ErrStdoutClosed)
	require.ErrorIs(t, w.StreamStatus(protocol.StreamStatus{Status: protocol.StatusStarted}), protocol.ErrStdoutClosed)
}
