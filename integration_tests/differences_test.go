package integration_tests

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// The tests of this file show what docs/differences.md says and no other test does.

// TestFieldMappedOntoText keeps its value beside the text (golden case field_mappings).
func TestFieldMappedOntoText(t *testing.T) {
	t.Parallel()
	all := goldenCases(t)
	c := all[slices.IndexFunc(all, func(c goldenCase) bool { return c.Name == "field_mappings" })]
	kept := c.write(t, object{"mode": "fake"})
	require.Equal(t, []string{"de", "en"}, texts(kept, "_ab_field_text"))
	require.Equal(t, []string{"heading: T1\nauthor: Ann", "heading: T2"}, texts(kept, "text"))
}

// TestCountsOfEveryKindOfState: a STREAM state counts its stream since its last one, a
// GLOBAL or LEGACY state counts all streams since the last of these (golden case
// states_between).
func TestCountsOfEveryKindOfState(t *testing.T) {
	t.Parallel()
	all := goldenCases(t)
	c := all[slices.IndexFunc(all, func(c goldenCase) bool { return c.Name == "states_between" })]
	j := newJob(t, configFor("local:data"), json.RawMessage(c.Catalog))
	r := run(t, j.dir, strings.NewReader(c.Input), j.args()...).succeeded(t)
	var counts []float64
	for _, s := range r.stats(t) {
		counts = append(counts, s.RecordCount)
	}
	require.Equal(t, []float64{0, 1, 0, 2, 1, 0, 1}, counts)
}

// TestDocumentsOfThePythonConnector are replaced with all their chunks, of which
// there are more than one deleteMany takes, and those of other records stay.
func TestDocumentsOfThePythonConnector(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	api.createCollection(t, object{"vector": object{"dimension": 1536, "metric": "cosine"}})
	vector := make([]float32, 1536)
	vector[0] = 1
	var old []object
	for i := range 70 {
		old = append(old, object{
			"_id": fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "$vector": vector, "text": fmt.Sprintf("text: old %d", i),
			"_ab_stream": "u", "_ab_record_id": fmt.Sprintf("u_%d", i/50), "id": i / 50,
		})
	}
	api.command(t, collection, object{"insertMany": object{"documents": old}})
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("u", "append_dedup")))

	r := j.write(t, note("u", 0, "new"), state("u", 1)).succeeded(t)

	require.Equal(t, 50.0, r.stats(t)[0].AdditionalStats["deleted"])
	stored := api.documents(t)
	require.Len(t, stored, 21)
	require.Contains(t, texts(stored, "text"), "text: new")
}

// TestEmbeddingFailureLeavesTheOldVersion, as nothing is deleted before the new
// version is stored.
func TestEmbeddingFailureLeavesTheOldVersion(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	service := embedtest.NewServer(embedtest.Options{APIKey: "k", Dimensions: 8})
	listener := httptest.NewServer(service)
	defer listener.Close()
	j := newJob(t, configFor(api.url, embeddingAt(listener.URL, 8)), catalogOf(streamNamed("u", "append_dedup")))
	j.write(t, note("u", 1, "old")).succeeded(t)
	service.Fail(embedtest.Status(http.StatusForbidden, "quota", "used up"))

	r := j.write(t, note("u", 1, "new"), state("u", 1))

	require.Equal(t, 1, r.code)
	require.Empty(t, r.states(t))
	require.Equal(t, []string{"text: old"}, texts(api.documents(t), "text"))
}

func embeddingAt(url string, dimensions int) func(object) {
	return func(c object) {
		c["embedding"] = object{"mode": "openai_compatible", "base_url": url, "api_key": "k", "dimensions": dimensions}
	}
}

// TestMetadataChangeNeedsNoEmbedding: the text's vector is read back.
func TestMetadataChangeNeedsNoEmbedding(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	config := configFor(api.url, set("processing", "metadata_fields", []string{"id", "tag"}))
	j := newJob(t, config, catalogOf(streamNamed("u", "append_dedup")))
	j.write(t, record("u", `{"id":1,"text":"same","tag":"a"}`)).succeeded(t)

	r := j.write(t, record("u", `{"id":1,"text":"same","tag":"b"}`), state("u", 1)).succeeded(t)

	stats := r.stats(t)[0].AdditionalStats
	require.Equal(t, []float64{0, 1, 1}, []float64{stats["embedded"], stats["reused"], stats["deleted"]})
	require.Equal(t, []string{"b"}, texts(api.documents(t), "tag"))
}

// TestAnotherEmbedder ends the sync before it mixes vectors that cannot be compared.
func TestAnotherEmbedder(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	service := httptest.NewServer(embedtest.NewServer(embedtest.Options{APIKey: "k"}))
	defer service.Close()
	stream := catalogOf(streamNamed("u", "append_dedup"))
	newJob(t, configFor(api.url), stream).write(t, note("u", 1, "one")).succeeded(t)

	other := newJob(t, configFor(api.url, embeddingAt(service.URL, 1536)), stream)
	r := other.write(t, note("u", 1, "one"), note("u", 2, "two"), state("u", 1))

	r.failed(t, "config_error", "fake/", "openai_compatible/", "refresh")
	require.Empty(t, r.states(t))
	require.Len(t, api.documents(t), 1)
}

// TestNewerJob: documents of a higher generation belong to a job that has taken over.
func TestNewerJob(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	complete := status("o", "COMPLETE")
	newJob(t, configFor(api.url), catalogOf(streamNamed("o", "append", generation(5, 5)))).
		write(t, append(notes("o", 1, 5), complete)...).succeeded(t)

	old := newJob(t, configFor(api.url), catalogOf(streamNamed("o", "append", generation(4, 4))))
	r := old.write(t, append(notes("o", 11, 15), complete)...)

	r.failed(t, "transient_error", "5", "4")
	stored := texts(api.documents(t), "text")
	require.Subset(t, stored, []string{"text: note 1 of o", "text: note 5 of o"})
}

// TestDifferencesPage: docs/differences.md names tests and golden cases that exist.
func TestDifferencesPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "docs", "differences.md"))
	require.NoError(t, err)
	files, err := filepath.Glob("*_test.go")
	require.NoError(t, err)
	var code strings.Builder
	for _, name := range files {
		code.WriteString(fileText(t, ".", name))
	}
	tests := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, tests)
	for _, test := range tests {
		require.Contains(t, code.String(), "func "+test[1]+"(t *testing.T)")
	}
	names := map[string]bool{"": true, "all": true}
	for _, c := range goldenCases(t) {
		names[c.Name] = true
	}
	for line := range strings.Lines(string(page)) {
		if cells := strings.Split(line, "|"); len(cells) == 7 && strings.Contains(line, "`Test") {
			for name := range strings.SplitSeq(cells[2], ",") {
				require.True(t, names[strings.Trim(name, " `")], line)
			}
		}
	}
}
