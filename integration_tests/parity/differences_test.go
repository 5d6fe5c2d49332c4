package parity_test

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

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// object is JSON in the making.
type object = map[string]any

// The tests of this file show what docs/differences.md says and no other test does.

// TestFieldMappedOntoText keeps its value beside the text (golden case field_mappings).
func TestFieldMappedOntoText(t *testing.T) {
	t.Parallel()
	all := goldenCases(t)
	c := all[slices.IndexFunc(all, func(c goldenCase) bool { return c.Name == "field_mappings" })]
	kept := c.write(t, object{"mode": "fake"})
	require.Equal(t, []string{"de", "en"}, Texts(kept, "_ab_field_text"))
	require.Equal(t, []string{"heading: T1\nauthor: Ann", "heading: T2"}, Texts(kept, "text"))
}

// TestCountsOfEveryKindOfState: a STREAM state counts its stream since its last one, a
// GLOBAL or LEGACY state counts all streams since the last of these (golden case
// states_between).
func TestCountsOfEveryKindOfState(t *testing.T) {
	t.Parallel()
	all := goldenCases(t)
	c := all[slices.IndexFunc(all, func(c goldenCase) bool { return c.Name == "states_between" })]
	j := NewJob(t, ConfigFor("local:data"), json.RawMessage(c.Catalog))
	r := Run(t, j.Dir, strings.NewReader(c.Input), j.Args()...).Succeeded(t)
	var counts []float64
	for _, s := range r.Stats(t) {
		counts = append(counts, s.RecordCount)
	}
	require.Equal(t, []float64{0, 1, 0, 2, 1, 0, 1}, counts)
}

// TestDocumentsOfThePythonConnector are replaced with all their chunks, of which
// there are more than one deleteMany takes, and those of other records stay.
func TestDocumentsOfThePythonConnector(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	api.CreateCollection(t, object{"vector": object{"dimension": 1536, "metric": "cosine"}})
	vector := make([]float32, 1536)
	vector[0] = 1
	var old []object
	for i := range 70 {
		old = append(old, object{
			"_id": fmt.Sprintf("00000000-0000-4000-8000-%012d", i), "$vector": vector, "text": fmt.Sprintf("text: old %d", i),
			"_ab_stream": "u", "_ab_record_id": fmt.Sprintf("u_%d", i/50), "id": i / 50,
		})
	}
	api.Command(t, Collection, object{"insertMany": object{"documents": old}})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("u", "append_dedup")))

	r := j.Write(t, Note("u", 0, "new"), State("u", 1)).Succeeded(t)

	require.Equal(t, 50.0, r.Stats(t)[0].AdditionalStats["deleted"])
	stored := api.Stored(t)
	require.Len(t, stored, 21)
	require.Contains(t, Texts(stored, "text"), "text: new")
}

// TestEmbeddingFailureLeavesTheOldVersion, as nothing is deleted before the new
// version is stored.
func TestEmbeddingFailureLeavesTheOldVersion(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	service := embedtest.NewServer(embedtest.Options{APIKey: "k", Dimensions: 8})
	listener := httptest.NewServer(service)
	defer listener.Close()
	j := NewJob(t, ConfigFor(api.URL, EmbeddingAt(listener.URL, 8)), CatalogOf(StreamNamed("u", "append_dedup")))
	j.Write(t, Note("u", 1, "old")).Succeeded(t)
	service.Fail(embedtest.Status(http.StatusForbidden, "quota", "used up"))

	r := j.Write(t, Note("u", 1, "new"), State("u", 1))

	require.Equal(t, 1, r.Code)
	require.Empty(t, r.States(t))
	require.Equal(t, []string{"text: old"}, Texts(api.Stored(t), "text"))
}

// TestMetadataChangeNeedsNoEmbedding: the text's vector is read back.
func TestMetadataChangeNeedsNoEmbedding(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	config := ConfigFor(api.URL, Set("processing", "metadata_fields", []string{"id", "tag"}))
	j := NewJob(t, config, CatalogOf(StreamNamed("u", "append_dedup")))
	j.Write(t, Record("u", `{"id":1,"text":"same","tag":"a"}`)).Succeeded(t)

	r := j.Write(t, Record("u", `{"id":1,"text":"same","tag":"b"}`), State("u", 1)).Succeeded(t)

	stats := r.Stats(t)[0].AdditionalStats
	require.Equal(t, []float64{0, 1, 1}, []float64{stats["embedded"], stats["reused"], stats["deleted"]})
	require.Equal(t, []string{"b"}, Texts(api.Stored(t), "tag"))
}

// TestAnotherEmbedder ends the sync before it mixes vectors that cannot be compared.
func TestAnotherEmbedder(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	service := httptest.NewServer(embedtest.NewServer(embedtest.Options{APIKey: "k"}))
	defer service.Close()
	stream := CatalogOf(StreamNamed("u", "append_dedup"))
	NewJob(t, ConfigFor(api.URL), stream).Write(t, Note("u", 1, "one")).Succeeded(t)

	other := NewJob(t, ConfigFor(api.URL, EmbeddingAt(service.URL, 1536)), stream)
	r := other.Write(t, Note("u", 1, "one"), Note("u", 2, "two"), State("u", 1))

	r.Failed(t, "config_error", "fake/", "openai_compatible/", "refresh")
	require.Empty(t, r.States(t))
	require.Len(t, api.Stored(t), 1)
}

// TestNewerJob: documents of a higher generation belong to a job that has taken over.
func TestNewerJob(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	complete := Status("o", "COMPLETE")
	NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("o", "append", Generation(5, 5)))).
		Write(t, append(Notes("o", 1, 5), complete)...).Succeeded(t)

	old := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("o", "append", Generation(4, 4))))
	r := old.Write(t, append(Notes("o", 11, 15), complete)...)

	r.Failed(t, "transient_error", "5", "4")
	stored := Texts(api.Stored(t), "text")
	require.Subset(t, stored, []string{"text: note 1 of o", "text: note 5 of o"})
}

// TestDifferencesPage: docs/differences.md names tests and golden cases that exist.
func TestDifferencesPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "docs", "differences.md"))
	require.NoError(t, err)
	files, err := filepath.Glob(filepath.Join("..", "*", "*_test.go"))
	require.NoError(t, err)
	var code strings.Builder
	for _, name := range files {
		code.WriteString(FileText(t, ".", name))
	}
	tests := regexp.MustCompile("`(Test[A-Za-z0-9]+)`").FindAllStringSubmatch(string(page), -1)
	require.NotEmpty(t, tests)
	for _, test := range tests {
		require.True(t, strings.Contains(code.String(), "func "+test[1]+"(t *testing.T)"), "%s is no test", test[1])
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
