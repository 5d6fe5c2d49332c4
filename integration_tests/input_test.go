package integration_tests

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// collection is the one that the tests' configurations name.
const collection = "golden"

// object is JSON in the making.
type object = map[string]any

// configFor is a small configuration that writes to the endpoint; edits change it.
func configFor(endpoint string, edits ...func(config object)) object {
	config := object{
		"embedding":  object{"mode": "fake"},
		"processing": object{"chunk_size": 500, "text_fields": []string{"text"}, "metadata_fields": []string{"id"}},
		"indexing": object{
			"astra_db_endpoint": endpoint, "astra_db_app_token": "AstraCS:test",
			"astra_db_keyspace": "default_keyspace", "collection": collection,
		},
	}
	for _, edit := range edits {
		edit(config)
	}
	return config
}

// set changes one setting of a section.
func set(section, name string, value any) func(object) {
	return func(config object) { config[section].(object)[name] = value }
}

// skipping sets rejected_records to skip at most so many records.
func skipping(most int) func(object) {
	return set("processing", "rejected_records", object{"mode": "skip", "max_rejected_records": most})
}

// streamNamed is a configured stream in the given mode; append_dedup has the key id.
func streamNamed(name, mode string, edits ...func(stream object)) object {
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

// generation numbers a stream.
func generation(id, minimum int) func(object) {
	return func(stream object) { stream["generation_id"], stream["minimum_generation_id"] = id, minimum }
}

func catalogOf(streams ...object) object { return object{"streams": streams} }

// job is a configuration and a catalog on disk, in a folder of its own.
type job struct{ dir, config, catalog string }

func newJob(t *testing.T, config, catalog any) job {
	t.Helper()
	dir := t.TempDir()
	return job{dir: dir, config: writeFile(t, dir, "config.json", toJSON(t, config)),
		catalog: writeFile(t, dir, "catalog.json", toJSON(t, catalog))}
}

// args are the arguments of write.
func (j job) args() []string {
	return []string{"write", "--config", j.config, "--catalog", j.catalog}
}

// write runs a write of the messages to its end.
func (j job) write(t *testing.T, messages ...string) result {
	t.Helper()
	return run(t, j.dir, strings.NewReader(lines(messages...)), j.args()...)
}

func lines(messages ...string) string {
	var b strings.Builder
	for _, m := range messages {
		b.WriteString(m + "\n")
	}
	return b.String()
}

// record is a RECORD line; data is JSON.
func record(stream, data string) string {
	return fmt.Sprintf(`{"type":"RECORD","record":{"stream":%q,"emitted_at":1700000000000,"data":%s}}`, stream, data)
}

// note is a record with an id and a text.
func note(stream string, id int, text string) string {
	return record(stream, fmt.Sprintf(`{"id":%d,"text":%q}`, id, text))
}

// notes are records with the ids from first to last.
func notes(stream string, first, last int) []string {
	var all []string
	for id := first; id <= last; id++ {
		all = append(all, note(stream, id, fmt.Sprintf("note %d of %s", id, stream)))
	}
	return all
}

// deleted is a CDC delete that carries only its key.
func deleted(stream string, id int) string {
	return record(stream, fmt.Sprintf(`{"id":%d,"_ab_cdc_deleted_at":"2026-01-01T00:00:00Z"}`, id))
}

// state is a STREAM state with a cursor and the platform's id.
func state(stream string, cursor int) string {
	return fmt.Sprintf(`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":%q},`+
		`"stream_state":{"cursor":%d}},"id":%d}}`, stream, cursor, cursor)
}

func status(stream, status string) string {
	return fmt.Sprintf(`{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1.0,"stream_status":`+
		`{"stream_descriptor":{"name":%q},"status":%q}}}`, stream, status)
}

// destinationStats are what a state came back with.
type destinationStats struct {
	RecordCount         float64            `json:"recordCount"`
	RejectedRecordCount float64            `json:"rejectedRecordCount"`
	AdditionalStats     map[string]float64 `json:"additionalStats"`
}

// stats are the destinationStats of each state, in the order printed.
func (r result) stats(t *testing.T) []destinationStats {
	t.Helper()
	var all []destinationStats
	for _, raw := range r.states(t) {
		var s struct{ DestinationStats *destinationStats }
		require.NoError(t, json.Unmarshal([]byte(raw), &s))
		require.NotNil(t, s.DestinationStats, raw)
		all = append(all, *s.DestinationStats)
	}
	return all
}

// cursors are the cursors of the states that came back, in the order printed.
func (r result) cursors(t *testing.T) []int {
	t.Helper()
	var all []int
	for _, raw := range r.states(t) {
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

// succeeded requires exit code 0 and no TRACE.
func (r result) succeeded(t *testing.T) result {
	t.Helper()
	require.Zero(t, r.code, "stdout: %s\nstderr: %s", r.stdout, r.stderr)
	require.NotContains(t, r.stdout, `"type":"TRACE"`)
	return r
}

// failed requires exit code 1 and, last on stdout, a TRACE with the failure type and each of
// the words in its message.
func (r result) failed(t *testing.T, failureType string, words ...string) result {
	t.Helper()
	require.Equal(t, 1, r.code, "stdout: %s\nstderr: %s", r.stdout, r.stderr)
	trace := r.trace(t).Trace
	require.Equal(t, "ERROR", trace.Type)
	require.Equal(t, failureType, trace.Error.FailureType, r.stdout)
	for _, word := range words {
		require.Contains(t, trace.Error.Message, word)
	}
	return r
}
