package reading_test

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

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/localastra"
)

// object is JSON in the making.
type object = map[string]any

// readRecord is the data of a RECORD; its numbers are json.Number.
func readRecords(t *testing.T, stdout string) []Document {
	t.Helper()
	var all []Document
	for line := range strings.Lines(stdout) {
		if !strings.HasPrefix(line, `{"type":"RECORD"`) {
			continue
		}
		m := DecodeDocument(t, []byte(line))
		all = append(all, m["record"].(map[string]any)["data"].(map[string]any))
	}
	return all
}

// withVectors are all documents with everything in them, by _id.
func withVectors(t *testing.T, api *DataAPI) map[string]Document {
	t.Helper()
	all := map[string]Document{}
	state := ""
	for {
		find := object{"projection": object{"*": 1}}
		if state != "" {
			find["options"] = object{"pageState": state}
		}
		a := api.Command(t, Collection, object{"find": find})
		for _, raw := range a.Data.Documents {
			d := DecodeDocument(t, raw)
			all[d.Text("_id")] = d
		}
		if a.Data.NextPageState == nil {
			return all
		}
		state = *a.Data.NextPageState
	}
}

// oddNote has names that are renamed, a long string, and values of every type.
func oddNote(stream string) string {
	return Record(stream, `{"id":"odd","text":"an odd one","a.b":1,"c&d":{"e.f":[1.50,true,null]},"_vector":[9],`+
		`"$dollar":1e20,"":"empty","nested":{"$type":"t"},"long":"`+strings.Repeat("ä", 5000)+`"}`)
}

// TestReadingRoundTrip: what write stored, read prints, field by field and vector by
// vector; and what read printed, write stores.
func TestReadingRoundTrip(t *testing.T) {
	t.Parallel()
	for _, backend := range Backends() {
		t.Run(backend, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{Backend: backend})
			config := ConfigFor(api.URL, Set("processing", "metadata_fields", []string{}),
				Set("processing", "chunk_size", 5))
			j := NewJob(t, config, CatalogOf(StreamNamed("s", "append_dedup"), StreamNamed("t", "append")))
			input := append(Notes("s", 1, 30), oddNote("s"), Note("s", 99, strings.Repeat("a long text ", 20)))
			j.Write(t, append(input, Notes("t", 1, 70)...)...).Succeeded(t)

			found := Run(t, j.Dir, nil, "discover", "--config", j.Config)
			require.Zero(t, found.Code, found.Stdout)
			configured := RunIn(t, j.Dir, nil, "discover", "--config", j.Config, "--configured")
			require.NotContains(t, configured.Stdout, `"_vector"`)
			catalog := strings.ReplaceAll(configured.Stdout, `"properties":{"_ab_`,
				`"properties":{"_vector":{},"_ab_`)
			WriteFile(t, j.Dir, "stored.json", catalog)
			r := Run(t, j.Dir, nil, "read", "--config", j.Config, "--catalog", "stored.json")
			require.Zero(t, r.Code, r.Stdout)

			stored := withVectors(t, api)
			records := readRecords(t, r.Stdout)
			require.Greater(t, len(records), 110)
			require.Len(t, records, len(stored))
			for _, got := range records {
				compareRecord(t, stored[got.Text("_id")], got)
			}

			again := NewJob(t, ConfigFor("local:copy"), json.RawMessage(configured.Stdout))
			copied := Run(t, again.Dir, strings.NewReader(r.Stdout), again.Args()...).Succeeded(t)
			require.Len(t, copied.States(t), 2)
			require.Contains(t, copied.Logs(t, "INFO"), fmt.Sprintf("records=%d", len(stored)))
		})
	}
}

// compareRecord holds a record against its document.
func compareRecord(t *testing.T, want, got Document) {
	t.Helper()
	require.NotNil(t, want, got.Text("_id"))
	require.Equal(t, vectorOf(t, want["$vector"]), numbersOf(t, got["_vector"]))
	expected := Document{}
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
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append"), StreamNamed("t", "append")))
	j.Write(t, append(Notes("s", 1, 130), Notes("t", 1, 3)...)...).Succeeded(t)
	held, release := make(chan struct{}), make(chan struct{})
	calls := 0
	api.Control("find", func(*http.Request, []byte) (bool, int, []byte) {
		if calls++; calls == 3 {
			close(held)
			<-release
		}
		return false, 0, nil
	})
	p := Start(t, j.Dir, "read", "--config", j.Config, "--catalog", j.Catalog)
	<-held
	r := p.Signal(t, syscall.SIGTERM, StopPatience)
	close(release)
	require.Equal(t, 143, r.Code, r.Stdout)
	first := readRecords(t, r.Stdout)
	require.Len(t, first, 100)
	require.Contains(t, r.Stdout, `"status":"INCOMPLETE"`)
	require.Contains(t, r.Trace(t).Trace.Error.Message, "stopped")

	WriteFile(t, j.Dir, "state.json", "["+strings.Join(r.States(t), ",")+"]")
	again := Run(t, j.Dir, nil, "read", "--config", j.Config, "--catalog", j.Catalog, "--state", "state.json")
	require.Zero(t, again.Code, again.Stdout)
	seen := map[string]bool{}
	for _, d := range append(first, readRecords(t, again.Stdout)...) {
		require.False(t, seen[d.Text("_id")], "twice")
		seen[d.Text("_id")] = true
	}
	require.Len(t, seen, 133)
}

// TestReadingKilled: a read that was killed goes on from its last state; what came after
// that comes again, and nothing is left out.
func TestReadingKilled(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
	j.Write(t, Notes("s", 1, 2500)...).Succeeded(t)
	p := Start(t, j.Dir, "read", "--config", j.Config, "--catalog", j.Catalog)
	p.Await(t, `"type":"STATE"`)
	r := p.Signal(t, syscall.SIGKILL, StopPatience)
	complete := strings.LastIndex(r.Stdout, "\n") + 1
	first := Result{Stdout: r.Stdout[:complete]}
	WriteFile(t, j.Dir, "state.jsonl", first.Stdout)
	again := Run(t, j.Dir, nil, "read", "--config", j.Config, "--catalog", j.Catalog, "--state", "state.jsonl")
	require.Zero(t, again.Code, again.Stdout)
	seen := map[string]bool{}
	for _, d := range append(readRecords(t, first.Stdout), readRecords(t, again.Stdout)...) {
		seen[d.Text("_id")] = true
	}
	require.Len(t, seen, 2500)
	require.Less(t, len(readRecords(t, again.Stdout)), 2500, "it did not start over")
}

// TestReadingFails in the protocol's way.
func TestReadingFails(t *testing.T) {
	t.Parallel()
	j := NewJob(t, ConfigFor("local:data"), CatalogOf(StreamNamed("s", "append")))
	read := []string{"read", "--config", j.Config, "--catalog", j.Catalog}
	Run(t, j.Dir, nil, read...).Failed(t, "config_error", "does not exist")
	WriteFile(t, j.Dir, "state.json", `{"type":"GLOBAL"}`)
	Run(t, j.Dir, nil, append(read, "--state", "state.json")...).Failed(t, "config_error", "--state")
	Run(t, j.Dir, nil, append(read, "--state", "nowhere")...).Failed(t, "config_error", "--state")
	require.Equal(t, 2, RunIn(t, j.Dir, nil, "read", "--config", j.Config).Code)
	require.Equal(t, 2, RunIn(t, j.Dir, nil, "discover").Code)
	empty := Run(t, j.Dir, nil, "discover", "--config", j.Config)
	require.Zero(t, empty.Code)
	require.Contains(t, empty.Stdout, `"catalog":{"streams":[]}`)
	api := NewDataAPI(t, localastra.Options{Token: "AstraCS:right"})
	other := NewJob(t, ConfigFor(api.URL), CatalogOf())
	Run(t, other.Dir, nil, "discover", "--config", other.Config).Failed(t, "config_error", "astra_db_app_token")
}
