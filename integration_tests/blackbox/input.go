package blackbox

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// Collection is the one that the tests' configurations name.
const Collection = "golden"

// MarkedKey is an API key that no output may hold.
const MarkedKey = "sk-MARKEDkey-0123456789"

// object is JSON in the making.
type object = map[string]any

// ConfigFor is a small configuration that writes to the endpoint; edits change it.
func ConfigFor(endpoint string, edits ...func(config object)) object {
	config := object{
		"embedding":  object{"mode": "fake"},
		"processing": object{"chunk_size": 500, "text_fields": []string{"text"}, "metadata_fields": []string{"id"}},
		"indexing": object{
			"astra_db_endpoint": endpoint, "astra_db_app_token": "AstraCS:test",
			"astra_db_keyspace": "default_keyspace", "collection": Collection,
			// These servers answer at once or never: a sync after one that was killed need not wait for long.
			"server_timeout_seconds": 1,
		},
	}
	for _, edit := range edits {
		edit(config)
	}
	return config
}

// Set changes one setting of a section.
func Set(section, name string, value any) func(object) {
	return func(config object) { config[section].(object)[name] = value }
}

// Skipping sets rejected_records to skip at most so many records.
func Skipping(most int) func(object) {
	return Set("processing", "rejected_records", object{"mode": "skip", "max_rejected_records": most})
}

// StreamNamed is a configured stream in the given mode; append_dedup has the key id.
func StreamNamed(name, mode string, edits ...func(stream object)) object {
	stream := object{
		"stream": object{"name": name, "json_schema": object{"type": "object"},
			"supported_sync_modes": []string{"full_refresh", "incremental"}},
		"sync_mode": "incremental", "destination_sync_mode": mode, "sync_id": 12,
	}
	if mode == "append_dedup" {
		stream["primary_key"] = [][]string{{"id"}}
	}
	for _, edit := range edits {
		edit(stream)
	}
	return stream
}

// Generation numbers a stream.
func Generation(id, minimum int) func(object) {
	return func(stream object) { stream["generation_id"], stream["minimum_generation_id"] = id, minimum }
}

// CatalogOf is a catalog of the streams.
func CatalogOf(streams ...object) object { return object{"streams": streams} }

// Job is a configuration and a catalog on disk, in a folder of its own.
type Job struct{ Dir, Config, Catalog string }

// NewJob writes them there.
func NewJob(t *testing.T, config, catalog any) Job {
	t.Helper()
	dir := t.TempDir()
	return Job{Dir: dir, Config: WriteFile(t, dir, "config.json", ToJSON(t, config)),
		Catalog: WriteFile(t, dir, "catalog.json", ToJSON(t, catalog))}
}

// Args are the arguments of write.
func (j Job) Args() []string {
	return []string{"write", "--config", j.Config, "--catalog", j.Catalog}
}

// Write runs a write of the messages to its end.
func (j Job) Write(t *testing.T, messages ...string) Result {
	t.Helper()
	return Run(t, j.Dir, strings.NewReader(Lines(messages...)), j.Args()...)
}

// Lines are the messages, one a line.
func Lines(messages ...string) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString(m + "\n")
	}
	return b.String()
}

// Record is a RECORD line; data is JSON.
func Record(stream, data string) string {
	return fmt.Sprintf(`{"type":"RECORD","record":{"stream":%q,"emitted_at":1700000000000,"data":%s}}`, stream, data)
}

// Note is a record with an id and a text.
func Note(stream string, id int, text string) string {
	return Record(stream, fmt.Sprintf(`{"id":%d,"text":%q}`, id, text))
}

// Notes are records with the ids from first to last.
func Notes(stream string, first, last int) []string {
	var all []string
	for id := first; id <= last; id++ {
		all = append(all, Note(stream, id, fmt.Sprintf("note %d of %s", id, stream)))
	}
	return all
}

// Deleted is a CDC delete that carries only its key.
func Deleted(stream string, id int) string {
	return Record(stream, fmt.Sprintf(`{"id":%d,"_ab_cdc_deleted_at":"2026-01-01T00:00:00Z"}`, id))
}

// State is a STREAM state with a cursor and the platform's id.
func State(stream string, cursor int) string {
	return fmt.Sprintf(`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":%q},`+
		`"stream_state":{"cursor":%d}},"id":%d}}`, stream, cursor, cursor)
}

// Status is a TRACE with the status of a stream.
func Status(stream, status string) string {
	return fmt.Sprintf(`{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.0,"stream_status":`+
		`{"stream_descriptor":{"name":%q},"status":%q}}}`, stream, status)
}

// DestinationStats are what a state came back with.
type DestinationStats struct {
	RecordCount         float64            `json:"recordCount"`
	RejectedRecordCount float64            `json:"rejectedRecordCount"`
	AdditionalStats     map[string]float64 `json:"additionalStats"`
}

// Stats are the destinationStats of each state, in the order printed.
func (r Result) Stats(t *testing.T) []DestinationStats {
	t.Helper()
	var all []DestinationStats
	for _, raw := range r.States(t) {
		var s struct{ DestinationStats *DestinationStats }
		require.NoError(t, json.Unmarshal([]byte(raw), &s))
		require.NotNil(t, s.DestinationStats, raw)
		all = append(all, *s.DestinationStats)
	}
	return all
}

// Cursors are the cursors of the states that came back, in the order printed.
func (r Result) Cursors(t *testing.T) []int {
	t.Helper()
	var all []int
	for _, raw := range r.States(t) {
		var s struct {
			Stream struct {
				StreamState struct{ Cursor int } `json:"stream_state"`
			}
		}
		require.NoError(t, json.Unmarshal([]byte(raw), &s))
		all = append(all, s.Stream.StreamState.Cursor)
	}
	return all
}

// Succeeded requires exit code 0 and no TRACE.
func (r Result) Succeeded(t *testing.T) Result {
	t.Helper()
	require.Zero(t, r.Code, "stdout: %s\nstderr: %s", r.Stdout, r.Stderr)
	require.NotContains(t, r.Stdout, `"type":"TRACE"`)
	return r
}

// Failed requires exit code 1 and, last on stdout, a TRACE with the failure type and each of
// the words in its message.
func (r Result) Failed(t *testing.T, failureType string, words ...string) Result {
	t.Helper()
	require.Equal(t, 1, r.Code, "stdout: %s\nstderr: %s", r.Stdout, r.Stderr)
	trace := r.Trace(t).Trace
	require.Equal(t, "ERROR", trace.Type)
	require.Equal(t, failureType, trace.Error.FailureType, r.Stdout)
	for _, word := range words {
		require.Contains(t, trace.Error.Message, word)
	}
	return r
}

// EmbeddingAt makes the embedding service at url answer vectors of so many dimensions.
func EmbeddingAt(url string, dimensions int) func(object) {
	return func(c object) {
		c["embedding"] = object{"mode": "openai_compatible", "base_url": url, "api_key": "k", "dimensions": dimensions}
	}
}

// CompareStates requires that the input's states come back in order, each the same
// text but for destinationStats.
func CompareStates(t *testing.T, input string, r Result) {
	t.Helper()
	var want []string
	for line := range strings.Lines(input) {
		var m Message
		if json.Unmarshal([]byte(line), &m) == nil && m.Type == "STATE" {
			want = append(want, string(m.State))
		}
	}
	got := r.States(t)
	require.Len(t, got, len(want))
	for i := range want {
		before, after, found := strings.Cut(got[i], `"destinationStats":{`)
		require.True(t, found, got[i])
		end := strings.Index(after, "}}") + len("}}")
		rest := strings.TrimPrefix(after[end:], ",")
		require.Equal(t, want[i], strings.TrimSuffix(strings.TrimSuffix(before, " "), ",")+rest)
	}
}
