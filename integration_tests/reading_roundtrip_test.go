package integration_tests

import (
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// readRecord is the data of a RECORD; its numbers are json.Number.
func readRecords(t *testing.T, stdout string) []document {
	t.Helper()
	var all []document
	for line := range strings.Lines(stdout) {
		if !strings.HasPrefix(line, `{"type":"RECORD"`) {
			continue
		}
		m := decodeDocument(t, []byte(line))
		all = append(all, m["record"].(map[string]any)["data"].(map[string]any))
	}
	return all
}

// withVectors are all documents with everything in them, by _id.
func withVectors(t *testing.T, api *dataAPI) map[string]document {
	t.Helper()
	all := map[string]document{}
	state := ""
	for {
		find := object{"projection": object{"*": 1}}
		if state != "" {
			find["options"] = object{"pageState": state}
		}
		a := api.command(t, collection, object{"find": find})
		for _, raw := range a.Data.Documents {
			d := decodeDocument(t, raw)
			all[d.text("_id")] = d
		}
		if a.Data.NextPageState == nil {
			return all
		}
		state = *a.Data.NextPageState
	}
}

// oddNote has names that are renamed, a long string, and values of every type.
func oddNote(stream string) string {
	return record(stream, `{"id":"odd","text":"an odd one","a.b":1,"c&d":{"e.f":[1.50,true,null]},"_vector":[9],`+
		`"$dollar":1e20,"":"empty","nested":{"$type":"t"},"long":"`+strings.Repeat("ä", 5000)+`"}`)
}

// TestReadingRoundTrip: what write stored, read prints, field by field and vector by
// vector; and what read printed, write stores.
func TestReadingRoundTrip(t *testing.T) {
	t.Parallel()
	for _, backend := range backends() {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			api := newDataAPI(t, localastra.Options{Backend: backend})
			config := configFor(api.url, set("processing", "metadata_fields", []string{}),
				set("processing", "chunk_size", 5))
			j := newJob(t, config, catalogOf(streamNamed("s", "append_dedup"), streamNamed("t", "append")))
			input := append(notes("s", 1, 30), oddNote("s"), note("s", 99, strings.Repeat("a long text ", 20)))
			j.write(t, append(input, notes("t", 1, 70)...)...).succeeded(t)

			found := run(t, j.dir, nil, "discover", "--config", j.config)
			require.Zero(t, found.code, found.stdout)
			configured := runIn(t, j.dir, nil, "discover", "--config", j.config, "--configured")
			require.NotContains(t, configured.stdout, `"_vector"`)
			catalog := strings.ReplaceAll(configured.stdout, `"properties":{"_ab_chunk_index"`,
				`"properties":{"_vector":{},"_ab_chunk_index"`)
			writeFile(t, j.dir, "stored.json", catalog)
			r := run(t, j.dir, nil, "read", "--config", j.config, "--catalog", "stored.json")
			require.Zero(t, r.code, r.stdout)

			stored := withVectors(t, api)
			records := readRecords(t, r.stdout)
			require.Greater(t, len(records), 110)
			require.Len(t, records, len(stored))
			for _, got := range records {
				compareRecord(t, stored[got.text("_id")], got)
			}

			again := newJob(t, configFor("local:copy"), json.RawMessage(configured.stdout))
			copied := run(t, again.dir, strings.NewReader(r.stdout), again.args()...).succeeded(t)
			require.Len(t, copied.states(t), 2)
			require.Contains(t, copied.logs(t, "INFO"), fmt.Sprintf("records=%d", len(stored)))
		})
	}
}

// compareRecord holds a record against its document.
func compareRecord(t *testing.T, want, got document) {
	t.Helper()
	require.NotNil(t, want, got.text("_id"))
	require.Equal(t, vectorOf(t, want["$vector"]), numbersOf(t, got["_vector"]))
	expected := document{}
	for name, value := range want {
		switch name {
		case "$vector":
		case "_vector":
			expected["_ab_field___vector"] = value
		default:
			expected[name] = value
		}
	}
	delete(got, "_vector")
	require.Equal(t, expected, got)
}

func vectorOf(t *testing.T, v any) []float32 {
	t.Helper()
	packed, err := base64.StdEncoding.DecodeString(v.(map[string]any)["$binary"].(string))
	require.NoError(t, err)
	var all []float32
	for ; len(packed) > 0; packed = packed[4:] {
		all = append(all, math.Float32frombits(binary.BigEndian.Uint32(packed)))
	}
	return all
}

func numbersOf(t *testing.T, v any) []float32 {
	t.Helper()
	var all []float32
	for _, n := range v.([]any) {
		f, err := n.(json.Number).Float64()
		require.NoError(t, err)
		all = append(all, float32(f))
	}
	return all
}

// TestReadingGoesOn after a signal in the middle of a page, and in the middle of a call:
// every document comes once over both reads.
func TestReadingGoesOn(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append"), streamNamed("t", "append")))
	j.write(t, append(notes("s", 1, 130), notes("t", 1, 3)...)...).succeeded(t)
	held, release := make(chan struct{}), make(chan struct{})
	calls := 0
	api.Control("find", func(*http.Request, []byte) (bool, int, []byte) {
		if calls++; calls == 3 {
			close(held)
			<-release
		}
		return false, 0, nil
	})
	p := start(t, j.dir, "read", "--config", j.config, "--catalog", j.catalog)
	<-held
	r := p.signal(t, syscall.SIGTERM, stopPatience)
	close(release)
	require.Equal(t, 143, r.code, r.stdout)
	first := readRecords(t, r.stdout)
	require.Len(t, first, 100)
	require.Contains(t, r.stdout, `"status":"INCOMPLETE"`)
	require.Contains(t, r.trace(t).Trace.Error.Message, "stopped")

	writeFile(t, j.dir, "state.json", "["+strings.Join(r.states(t), ",")+"]")
	again := run(t, j.dir, nil, "read", "--config", j.config, "--catalog", j.catalog, "--state", "state.json")
	require.Zero(t, again.code, again.stdout)
	seen := map[string]bool{}
	for _, d := range append(first, readRecords(t, again.stdout)...) {
		require.False(t, seen[d.text("_id")], "twice")
		seen[d.text("_id")] = true
	}
	require.Len(t, seen, 133)
}

// TestReadingKilled: a read that was killed goes on from its last state; what came after
// that comes again, and nothing is left out.
func TestReadingKilled(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))
	j.write(t, notes("s", 1, 2500)...).succeeded(t)
	p := start(t, j.dir, "read", "--config", j.config, "--catalog", j.catalog)
	p.await(t, `"type":"STATE"`)
	r := p.signal(t, syscall.SIGKILL, stopPatience)
	complete := strings.LastIndex(r.stdout, "\n") + 1
	first := result{stdout: r.stdout[:complete]}
	writeFile(t, j.dir, "state.jsonl", first.stdout)
	again := run(t, j.dir, nil, "read", "--config", j.config, "--catalog", j.catalog, "--state", "state.jsonl")
	require.Zero(t, again.code, again.stdout)
	seen := map[string]bool{}
	for _, d := range append(readRecords(t, first.stdout), readRecords(t, again.stdout)...) {
		seen[d.text("_id")] = true
	}
	require.Len(t, seen, 2500)
	require.Less(t, len(readRecords(t, again.stdout)), 2500, "it did not start over")
}

// TestReadingFails in the protocol's way.
func TestReadingFails(t *testing.T) {
	t.Parallel()
	j := newJob(t, configFor("local:data"), catalogOf(streamNamed("s", "append")))
	read := []string{"read", "--config", j.config, "--catalog", j.catalog}
	run(t, j.dir, nil, read...).failed(t, "config_error", "does not exist")
	writeFile(t, j.dir, "state.json", `{"type":"GLOBAL"}`)
	run(t, j.dir, nil, append(read, "--state", "state.json")...).failed(t, "config_error", "--state")
	run(t, j.dir, nil, append(read, "--state", "nowhere")...).failed(t, "config_error", "--state")
	require.Equal(t, 2, runIn(t, j.dir, nil, "read", "--config", j.config).code)
	require.Equal(t, 2, runIn(t, j.dir, nil, "discover").code)
	empty := run(t, j.dir, nil, "discover", "--config", j.config)
	require.Zero(t, empty.code)
	require.Contains(t, empty.stdout, `"catalog":{"streams":[]}`)
	api := newDataAPI(t, localastra.Options{Token: "AstraCS:right"})
	other := newJob(t, configFor(api.url), catalogOf())
	run(t, other.dir, nil, "discover", "--config", other.config).failed(t, "config_error", "astra_db_app_token")
}
