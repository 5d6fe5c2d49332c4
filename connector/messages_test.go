package connector_test

import (
	"encoding/json"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/protocol"
)

// configured is a ConfiguredAirbyteStream on its way into a catalog.
type configured map[string]any

// The destination sync modes.
const (
	toAppend    = "append"
	toDedup     = "append_dedup"
	toOverwrite = "overwrite"
)

// setting changes a configured stream.
type setting func(configured)

// stream is an incremental stream without a key, unless settings say otherwise.
func stream(name, mode string, settings ...setting) configured {
	c := configured{
		"stream": map[string]any{
			"name": name, "json_schema": map[string]any{},
			"supported_sync_modes": []string{"full_refresh", "incremental"},
		},
		"sync_mode": "incremental", "destination_sync_mode": mode,
	}
	for _, set := range settings {
		set(c)
	}
	return c
}

// key makes the fields the primary key.
func key(fields ...string) setting {
	paths := [][]string{}
	for _, f := range fields {
		paths = append(paths, []string{f})
	}
	return func(c configured) { c["primary_key"] = paths }
}

// numbered is what a platform that knows refreshes sends.
func numbered(generation, minimum, sync int64) setting {
	return func(c configured) {
		c["generation_id"], c["minimum_generation_id"], c["sync_id"] = generation, minimum, sync
	}
}

// syncID numbers the sync and nothing else.
func syncID(id int64) setting { return func(c configured) { c["sync_id"] = id } }

// fullRefresh is a stream that is read from its start; resumable says whether a
// second attempt may go on where the first one ended.
func fullRefresh(resumable bool) setting {
	return func(c configured) {
		c["sync_mode"] = "full_refresh"
		c["stream"].(map[string]any)["is_resumable"] = resumable
	}
}

func inNamespace(namespace string) setting {
	return func(c configured) { c["stream"].(map[string]any)["namespace"] = namespace }
}

func catalog(t *testing.T, streams []configured) *protocol.Catalog {
	t.Helper()
	text, err := json.Marshal(map[string]any{"streams": streams})
	require.NoError(t, err)
	c, err := protocol.ParseCatalog(text)
	require.NoError(t, err)
	return c
}

// record is a RECORD line; data is a JSON object.
func record(stream, data string) string {
	return fmt.Sprintf(`{"type":"RECORD","record":{"stream":%q,"emitted_at":1,"data":%s}}`, stream, data)
}

// row is a record with an id and a text.
func row(stream string, id any, text string) string {
	data, _ := json.Marshal(map[string]any{"id": id, "text": text})
	return record(stream, string(data))
}

// deleted is the record of a row that the source has deleted.
func deleted(stream string, id any) string {
	data, _ := json.Marshal(map[string]any{"id": id, "_ab_cdc_deleted_at": "2026-01-01"})
	return record(stream, string(data))
}

func streamState(stream string, n int) string {
	return fmt.Sprintf(`{"type":"STATE","state":{"type":"STREAM","stream":{"stream_descriptor":{"name":%q},`+
		`"stream_state":{"n":%d}},"sourceStats":{"recordCount":1.0}}}`, stream, n)
}

func globalState(n int) string {
	return fmt.Sprintf(`{"type":"STATE","state":{"type":"GLOBAL","global":{"shared_state":{"n":%d},`+
		`"stream_states":[]}}}`, n)
}

func legacyState(n int) string {
	return fmt.Sprintf(`{"type":"STATE","state":{"data":{"n":%d}}}`, n)
}

func status(stream, status string) string {
	return fmt.Sprintf(`{"type":"TRACE","trace":{"type":"STREAM_STATUS","emitted_at":1,"stream_status":`+
		`{"stream_descriptor":{"name":%q},"status":%q}}}`, stream, status)
}

func complete(stream string) string { return status(stream, "COMPLETE") }

// member is the value of a member of a JSON object.
func member(t *testing.T, object json.RawMessage, name string) json.RawMessage {
	t.Helper()
	var members map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(object, &members))
	require.Contains(t, members, name)
	return members[name]
}
