package syncs_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
)

// TestFaker sends the output of a real source (three streams, 1,100 records, 11
// states) through the binary into a folder, twice.
func TestFaker(t *testing.T) {
	t.Parallel()
	store := filepath.Join(t.TempDir(), "data")
	config := ConfigFor("local:"+store, func(c object) { c["processing"] = object{"chunk_size": 500} })
	j := NewJob(t, config, json.RawMessage(Gunzip(t, "faker-catalog.json.gz")))
	messages := Gunzip(t, "faker-messages.jsonl.gz")
	counts := sourceCounts(t, messages)
	require.Len(t, counts, 11)

	first := Run(t, j.Dir, bytes.NewReader(messages), j.Args()...).Succeeded(t)

	CompareStates(t, string(messages), first)
	var records, chunks, embedded float64
	for i, s := range first.Stats(t) {
		require.Equal(t, counts[i], s.RecordCount, "state %d", i)
		require.Zero(t, s.RejectedRecordCount)
		records += s.RecordCount
		chunks += s.AdditionalStats["chunks"]
		embedded += s.AdditionalStats["embedded"]
	}
	require.Equal(t, 1100.0, records)
	stored := StoredIn(t, store)
	require.Len(t, stored, int(chunks))
	require.Equal(t, chunks, embedded)
	require.Len(t, Unique(Texts(stored, "_ab_record_id")), 1100)
	require.Empty(t, first.Logs(t, "WARN"))

	second := Run(t, j.Dir, bytes.NewReader(messages), j.Args()...).Succeeded(t)

	CompareStates(t, string(messages), second)
	for i, s := range second.Stats(t) {
		require.Equal(t, counts[i], s.RecordCount, "state %d", i)
		require.Zero(t, s.AdditionalStats["embedded"], "state %d", i)
		require.Zero(t, s.AdditionalStats["deleted"], "state %d", i)
	}
	require.Contains(t, second.Logs(t, "INFO"), "embedded=0")
	require.Equal(t, Content(t, stored, Everything), Content(t, StoredIn(t, store), Everything))
}

// sourceCounts are what the source says it sent before each of its states.
func sourceCounts(t *testing.T, messages []byte) []float64 {
	t.Helper()
	var counts []float64
	for line := range strings.Lines(string(messages)) {
		var m struct {
			Type  string
			State struct{ SourceStats struct{ RecordCount float64 } }
		}
		require.NoError(t, json.Unmarshal([]byte(line), &m))
		if m.Type == "STATE" {
			counts = append(counts, m.State.SourceStats.RecordCount)
		}
	}
	return counts
}
