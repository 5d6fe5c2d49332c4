package parity_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// pythonCase is a golden case with what the Python connector asked of the Data API.
type pythonCase struct {
	goldenCase
	Requests string `json:"requests.jsonl"`
}

// neverThere are the cases of which the Data API refuses every document, or texts that
// no collection of the Python connector can hold. refusedInPart are those of which it
// refuses some request or document: what remains is what such a connection leaves.
var (
	neverThere    = []string{"reserved_names", "openai_long_input", "openai_over_ctx", "types_compat8"}
	refusedInPart = []string{"cdc_deletes", "types_all_fields"}
)

// TestMigration lets this connector take over what the Python connector left, case by
// case: its requests are replayed, with ids and vectors of their own, and then the same
// records come again.
func TestMigration(t *testing.T) {
	t.Parallel()
	for _, backend := range Backends() {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			cases, dedup := 0, 0
			for line := range bytes.Lines(Gunzip(t, "cases.jsonl.gz")) {
				var c pythonCase
				require.NoError(t, json.Unmarshal(line, &c))
				if c.Catalog == "" || c.Name == failedInPython || slices.Contains(neverThere, c.Name) {
					continue
				}
				cases++
				t.Run(c.Name+"/refresh", func(t *testing.T) { c.refresh(t, backend) })
				if slices.ContainsFunc(mapValues(keyedStreams(t, c.Catalog)), func(keyed bool) bool { return keyed }) {
					dedup++
					t.Run(c.Name+"/append_dedup", func(t *testing.T) { c.dedup(t, backend) })
				}
			}
			require.Equal(t, 35, cases)
			require.GreaterOrEqual(t, dedup, 5)
		})
	}
}

func mapValues(m map[string]bool) []bool {
	var all []bool
	for _, v := range m {
		all = append(all, v)
	}
	return all
}

// refresh replaces everything: what the Python connector wrote is gone, and what a
// correct connector leaves is there, once.
func (c pythonCase) refresh(t *testing.T, backend string) {
	api, config := c.leftBehind(t, backend)
	catalog, statuses := c.catalog(t, 2)
	input := c.Input
	if !strings.HasSuffix(input, "\n") {
		input += "\n"
	}

	j := NewJob(t, config, catalog)
	Run(t, j.Dir, strings.NewReader(input+Lines(statuses...)), j.Args()...).Succeeded(t)

	got := api.Stored(t)
	for _, d := range got {
		require.Equal(t, "2", fmt.Sprint(d["_ab_generation_id"]), "left of the old: %v", d)
	}
	require.Equal(t, Content(t, c.remaining(t), Everything), Content(t, got, ours))
}

// isKeyless reports a document of the Python connector whose record lacked a value of its
// key: it belongs to no key, and stays until a refresh (ADR 0026).
func isKeyless(d Document) bool {
	return d["_ab_embedder"] == nil && strings.Contains(d.Text("_ab_record_id"), "__not_found__")
}

// dedup writes the records again: each key has one version, ours, and what has no key or belongs
// to streams that do not deduplicate stays beside what is added.
func (c pythonCase) dedup(t *testing.T, backend string) {
	api, config := c.leftBehind(t, backend)
	keyed := keyedStreams(t, c.Catalog)
	kept, keyless := 0, 0
	for _, d := range api.Stored(t) {
		switch {
		case !keyed[d.Text("_ab_stream")]:
			kept++
		case isKeyless(d):
			keyless++
		}
	}
	catalog, _ := c.catalog(t, 0)

	j := NewJob(t, config, catalog)
	r := Run(t, j.Dir, strings.NewReader(c.Input), j.Args()...).Succeeded(t)

	require.Contains(t, r.Logs(t, "WARN"), "Python connector")
	require.Equal(t, keyless > 0, strings.Contains(r.Logs(t, "WARN"), "no value for the primary key"), r.Logs(t, "WARN"))
	var mine, want, others []Document
	for _, d := range api.Stored(t) {
		switch {
		case keyed[d.Text("_ab_stream")] && isKeyless(d):
			keyless--
		case keyed[d.Text("_ab_stream")]:
			require.NotEmpty(t, d["_ab_embedder"], "left of the old: %v", d)
			mine = append(mine, d)
		case d["_ab_embedder"] == nil:
			others = append(others, d)
		}
	}
	for _, d := range c.remaining(t) {
		if keyed[d.Text("_ab_stream")] {
			want = append(want, d)
		}
	}
	require.Equal(t, Content(t, want, Everything), Content(t, mine, ours))
	require.Len(t, others, kept, "what is not replaced stays")
	require.Zero(t, keyless, "so does what has no key")
}

// catalog is the case's catalog numbered as a refresh of the generation, with the statuses
// that complete it. For generation 0 only overwrite becomes append.
func (c pythonCase) catalog(t *testing.T, generationID int) (object, []string) {
	t.Helper()
	var catalog struct{ Streams []object }
	require.NoError(t, json.Unmarshal([]byte(c.Catalog), &catalog))
	var statuses []string
	for _, s := range catalog.Streams {
		if s["destination_sync_mode"] == "overwrite" {
			s["destination_sync_mode"] = "append"
		}
		for _, name := range []string{"generation_id", "minimum_generation_id"} {
			delete(s, name)
		}
		s["sync_id"] = 12
		if generationID == 0 {
			continue
		}
		Generation(generationID, generationID)(s)
		stream := s["stream"].(object)
		descriptor := object{"name": stream["name"]}
		if namespace, ok := stream["namespace"]; ok {
			descriptor["namespace"] = namespace
		}
		statuses = append(statuses, ToJSON(t, object{"type": "TRACE", "trace": object{
			"type": "STREAM_STATUS", "emitted_at": 1.0,
			"stream_status": object{"stream_descriptor": descriptor, "status": "COMPLETE"},
		}}))
	}
	return CatalogOf(catalog.Streams...), statuses
}

// leftBehind replays the Python connector's requests and returns the configuration with
// which this connector goes on.
func (c pythonCase) leftBehind(t *testing.T, backend string) (*DataAPI, object) {
	t.Helper()
	api := NewDataAPI(t, localastra.Options{Backend: backend})
	dimension := 0
	ids := 0
	inserted := 0
	for line := range strings.Lines(c.Requests) {
		var request struct {
			Path string
			Body object
		}
		require.NoError(t, json.Unmarshal([]byte(line), &request))
		if create, ok := request.Body["createCollection"].(object); ok {
			dimension = int(create["options"].(object)["vector"].(object)["dimension"].(float64))
		}
		if insert, ok := request.Body["insertMany"].(object); ok {
			for _, document := range insert["documents"].([]any) {
				ids++
				d := document.(object)
				d["_id"] = fmt.Sprintf("%08x-7a1c-4f6e-9b2d-%012x", 0x9e3779b9*uint32(ids), ids)
				d["$vector"] = embedtest.Vectors([]string{fmt.Sprint("python", ids)}, dimension)[0]
			}
			inserted += len(insert["documents"].([]any))
		}
		path := strings.TrimPrefix(request.Path, "/api/json")
		c.replay(t, api, path, request.Body)
	}
	require.NotZero(t, inserted)
	require.NotEmpty(t, api.Stored(t))
	service := embedtest.NewServer(embedtest.Options{AnyKey: true, Dimensions: dimension})
	listener := httptest.NewServer(service)
	t.Cleanup(listener.Close)
	var config object
	require.NoError(t, json.Unmarshal([]byte(c.Config), &config))
	Set("indexing", "astra_db_endpoint", api.URL)(config)
	config["embedding"] = object{
		"mode": "openai_compatible", "base_url": listener.URL, "api_key": "k", "dimensions": dimension,
	}
	return api, config
}

// replay sends a request as the Python connector did.
func (c pythonCase) replay(t *testing.T, api *DataAPI, path string, body object) {
	t.Helper()
	text := strings.NewReader(ToJSON(t, body))
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://local"+path, text)
	require.NoError(t, err)
	req.Header.Set("Content-Type", "application/json")
	res, err := api.Transport().RoundTrip(req)
	require.NoError(t, err)
	reply, err := io.ReadAll(res.Body)
	require.NoError(t, err)
	require.Equal(t, http.StatusOK, res.StatusCode, "%s", reply)
	if !slices.Contains(refusedInPart, c.Name) {
		require.NotContains(t, string(reply), `"errors"`)
	}
}
