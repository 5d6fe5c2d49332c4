package syncs_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// smallEmbedder answers short vectors, which are all that most tests need.
func smallEmbedder() *embedtest.Server {
	return embedtest.NewServer(embedtest.Options{Dimensions: 16, AnyKey: true})
}

// embeddedBy sets the embedding service.
func embeddedBy(url string) func(object) {
	return func(c object) {
		c["embedding"] = object{"mode": "openai_compatible", "base_url": url, "api_key": "k", "dimensions": 16}
	}
}

// TestNoWaste syncs the 1,100 records of a real source several times and counts, at the
// services, what each further sync costs.
func TestNoWaste(t *testing.T) {
	t.Parallel()
	for _, backend := range Backends() {
		for name, mode := range wasteModes() {
			t.Run(backend+"/"+name, func(t *testing.T) {
				t.Parallel()
				t.Run("texts", func(t *testing.T) {
					w := newWaste(t, backend, mode, Set("processing", "exclude_fields", []string{"updated_at"}))
					w.sync(t, fakerInput(t, asItWas, false))
					w.requireNothing(t, fakerInput(t, asItWas, false))
					w.requireNothing(t, fakerInput(t, later, true))
					w.requireChanged(t, fakerInput(t, tenChanged, false), 10)
				})
				t.Run("metadata", func(t *testing.T) {
					names := []string{"id", "name", "title", "make", "model", "user_id", "product_id"}
					w := newWaste(t, backend, mode, Set("processing", "text_fields", names))
					w.sync(t, fakerInput(t, asItWas, false))
					w.requireRewritten(t, fakerInput(t, later, false))
				})
			})
		}
	}
}

// wasteModes edit a stream of the real source's catalog for the sync of a generation.
func wasteModes() map[string]func(stream object, generationID int) {
	return map[string]func(object, int){
		"append_dedup": func(s object, _ int) { Generation(1, 0)(s) },
		"overwrite": func(s object, _ int) {
			for _, name := range []string{"generation_id", "minimum_generation_id", "sync_id"} {
				delete(s, name)
			}
			s["destination_sync_mode"], s["sync_mode"] = "overwrite", "full_refresh"
		},
		"refresh": func(s object, id int) {
			Generation(id, id)(s)
			s["destination_sync_mode"], s["sync_mode"] = "append", "full_refresh"
		},
	}
}

func asItWas(int, object) {}

func later(_ int, data object) { data["updated_at"] = "2027-02-03T04:05:06+00:00" }

func tenChanged(n int, data object) {
	if n%110 == 0 {
		data["created_at"] = fmt.Sprintf("at another time, number %d", n)
	}
}

// waste is a collection that is synced again and again, and what each sync cost.
type waste struct {
	api        *DataAPI
	service    *embedtest.Server
	config     object
	mode       func(object, int)
	generation int

	before, after map[string]Document // of the last sync
	texts         []string            // embedded by it
	calls         int                 // of the embedding service
}

func newWaste(t *testing.T, backend string, mode func(object, int), edit func(object)) *waste {
	t.Helper()
	w := &waste{api: NewDataAPI(t, localastra.Options{Backend: backend}), service: smallEmbedder(), mode: mode}
	listener := httptest.NewServer(w.service)
	t.Cleanup(listener.Close)
	plain := func(c object) { c["processing"] = object{"chunk_size": 100} }
	w.config = ConfigFor(w.api.URL, embeddedBy(listener.URL), plain, edit)
	return w
}

// sync runs the next sync and keeps the counts of the services.
func (w *waste) sync(t *testing.T, input []string) {
	t.Helper()
	w.generation++
	w.before = w.after
	w.api.ResetCounters()
	counts := w.service.Counts()
	catalog := fakerCatalog(t, func(s object) {
		s["sync_id"] = 10 + w.generation // with a 1 it would be PyAirbyte's
		w.mode(s, w.generation)
	})

	NewJob(t, w.config, catalog).Write(t, input...).Succeeded(t)

	w.calls = w.service.Counts().Requests - counts.Requests
	w.texts = w.service.Texts()[counts.Texts:]
	inserted := w.api.Documents("insertMany")
	w.after = map[string]Document{}
	for _, d := range w.api.Stored(t) {
		w.after[d.Text("_id")] = d
	}
	require.GreaterOrEqual(t, len(w.after), 1100)
	require.EqualValues(t, len(w.fresh()), inserted, "what was inserted was not there before")
}

// fresh are the documents that were not there before the last sync.
func (w *waste) fresh() []Document {
	var all []Document
	for id, d := range w.after {
		if _, there := w.before[id]; !there {
			all = append(all, d)
		}
	}
	return all
}

// requireNothing: the sync embeds nothing and inserts and deletes no document.
func (w *waste) requireNothing(t *testing.T, input []string) {
	t.Helper()
	w.sync(t, input)
	require.Zero(t, w.calls, "embedded: %.500q", w.texts)
	require.Zero(t, w.api.Requests("insertMany"))
	require.Zero(t, w.api.Documents("deleteMany"))
	require.Len(t, w.after, len(w.before))
}

// requireChanged: the sync embeds the changed texts of so many records and no other.
func (w *waste) requireChanged(t *testing.T, input []string, records int) {
	t.Helper()
	w.sync(t, input)
	there, changed := map[string]bool{}, map[string]bool{}
	for _, d := range w.before {
		there[d.Text("text")] = true
	}
	var want []string
	for _, d := range w.fresh() {
		changed[fmt.Sprint(d["_ab_stream"], d["id"])] = true
		if text := d.Text("text"); !there[text] {
			want = append(want, text)
		}
	}
	require.Len(t, changed, records, "only the changed records are written")
	require.GreaterOrEqual(t, len(want), records)
	require.Equal(t, Unique(want), Unique(w.texts))
	require.Len(t, Unique(w.texts), len(w.texts), "each once")
}

// requireRewritten: the sync writes every document anew and embeds nothing.
func (w *waste) requireRewritten(t *testing.T, input []string) {
	t.Helper()
	w.sync(t, input)
	require.Zero(t, w.calls, "embedded: %.500q", w.texts)
	require.Len(t, w.fresh(), len(w.before))
	require.Len(t, w.after, len(w.before))
}

// fakerCatalog is the real source's catalog with each stream edited.
func fakerCatalog(t *testing.T, edit func(stream object)) object {
	t.Helper()
	var catalog struct{ Streams []object }
	require.NoError(t, json.Unmarshal(Gunzip(t, "faker-catalog.json.gz"), &catalog))
	for _, s := range catalog.Streams {
		edit(s)
	}
	return CatalogOf(catalog.Streams...)
}

// fakerInput are the real source's messages with each record's data changed. Shuffled
// ones come in another order within each stream.
func fakerInput(t *testing.T, change func(n int, data object), shuffled bool) []string {
	t.Helper()
	var all, records []string
	n := 0
	flush := func() {
		if shuffled {
			rand.New(rand.NewPCG(7, 7)).Shuffle(len(records), func(i, j int) { records[i], records[j] = records[j], records[i] })
		}
		all, records = append(all, records...), nil
	}
	for line := range strings.Lines(string(Gunzip(t, "faker-messages.jsonl.gz"))) {
		line = strings.TrimSuffix(line, "\n")
		var m struct {
			Type   string
			Record object
		}
		decoder := json.NewDecoder(strings.NewReader(line))
		decoder.UseNumber()
		require.NoError(t, decoder.Decode(&m))
		if m.Type != "RECORD" {
			flush()
			all = append(all, line)
			continue
		}
		change(n, m.Record["data"].(object))
		n++
		records = append(records, ToJSON(t, object{"type": "RECORD", "record": m.Record}))
	}
	flush()
	require.Equal(t, 1100, n)
	require.True(t, slices.ContainsFunc(all, func(line string) bool { return strings.Contains(line, `"COMPLETE"`) }))
	return all
}
