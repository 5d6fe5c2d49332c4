package syncs_test

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// TestAppendKeepsEverything: equal records stay as many as they are, another sync
// adds to them, and a second attempt of the same sync doubles nothing.
func TestAppendKeepsEverything(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	messages := []string{Note("s", 1, "one"), Note("s", 1, "one"), Note("s", 2, "two"), State("s", 1)}
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))

	r := j.Write(t, messages...).Succeeded(t)
	require.Equal(t, 3.0, r.Stats(t)[0].RecordCount)
	once := []string{"text: one", "text: one", "text: two"}
	require.Equal(t, once, Texts(api.Stored(t), "text"))

	j.Write(t, messages...).Succeeded(t)
	require.Equal(t, once, Texts(api.Stored(t), "text"), "second attempt of the same sync")

	next := StreamNamed("s", "append")
	next["sync_id"] = 13
	NewJob(t, ConfigFor(api.URL), CatalogOf(next)).Write(t, messages...).Succeeded(t)
	require.Equal(t, slices.Sorted(slices.Values(append(once, once...))), Texts(api.Stored(t), "text"))
}

// TestAppendDropsDeletes: a stream without a key cannot tell what to delete.
func TestAppendDropsDeletes(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))

	r := j.Write(t, Note("s", 1, "one"), Deleted("s", 1), State("s", 1)).Succeeded(t)

	require.Equal(t, []string{"text: one"}, Texts(api.Stored(t), "text"))
	require.Equal(t, 2.0, r.Stats(t)[0].RecordCount)
	require.Contains(t, r.Logs(t, "INFO"), "records=1", "the dropped deletion is counted")
}

// TestDedupLastVersionWins: versions of a key in one batch, across batches of one
// run, and across runs; all old chunks go, and only new texts are embedded.
func TestDedupLastVersionWins(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	service := embedtest.NewServer(embedtest.Options{APIKey: "k", Dimensions: 16})
	listener := httptest.NewServer(service)
	defer listener.Close()
	config := ConfigFor(api.URL, Set("processing", "chunk_size", 20), func(c object) {
		c["embedding"] = object{"mode": "openai_compatible", "base_url": listener.URL, "api_key": "k", "dimensions": 16}
	})
	j := NewJob(t, config, CatalogOf(StreamNamed("u", "append_dedup")))
	long := strings.Repeat("a long first version of it. ", 60)
	messages := []string{Note("u", 1, long), Note("u", 2, "two"), Note("u", 2, "two again")}
	messages = append(messages, Notes("u", 100, 360)...)
	messages = append(messages, Note("u", 1, "short"), Note("u", 2, "two at last"), State("u", 1))

	r := j.Write(t, messages...).Succeeded(t)

	require.Equal(t, 266.0, r.Stats(t)[0].RecordCount, "every record received counts")
	stored := api.Stored(t)
	require.Len(t, stored, 263)
	byID := map[string]string{}
	for _, d := range stored {
		byID[d.Text("_ab_record_id")] = d.Text("text")
	}
	require.Equal(t, "text: short", byID["u_1"])
	require.Equal(t, "text: two at last", byID["u_2"])
	require.NotContains(t, service.Texts(), "text: two", "a version replaced in its own batch is not embedded")

	before := service.Counts().Texts
	changed := slices.Replace(slices.Clone(messages), len(messages)-3, len(messages)-2, Note("u", 1, "changed"))
	r = j.Write(t, changed[3:]...).Succeeded(t)

	require.Equal(t, before+1, service.Counts().Texts)
	require.Equal(t, 1.0, r.Stats(t)[0].AdditionalStats["embedded"])
	require.Equal(t, 1.0, r.Stats(t)[0].AdditionalStats["deleted"])
	require.Len(t, api.Stored(t), 263)
	require.Contains(t, Texts(api.Stored(t), "text"), "text: changed")
}

// TestDedupDeletes: all of 150 keys of several chunks each, though the Data API
// deletes 20 documents at a time; and a key that is deleted and comes back.
func TestDedupDeletes(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL, Set("processing", "chunk_size", 10)), CatalogOf(StreamNamed("u", "append_dedup")))
	var first, second []string
	for id := range 160 {
		first = append(first, Note("u", id, strings.Repeat(fmt.Sprintf("row %d. ", id), 8)))
		if id < 150 {
			second = append(second, Deleted("u", id))
		}
	}
	j.Write(t, append(first, State("u", 1))...).Succeeded(t)
	require.Greater(t, len(api.Stored(t)), 3*160)

	r := j.Write(t, append(second, Note("u", 7, "back"), State("u", 2))...).Succeeded(t)

	require.Equal(t, 151.0, r.Stats(t)[0].RecordCount)
	want := []string{"u_7"}
	for id := 150; id < 160; id++ {
		want = append(want, fmt.Sprintf("u_%d", id))
	}
	require.Equal(t, Unique(want), Unique(Texts(api.Stored(t), "_ab_record_id")))
}

// TestDedupKeepsOtherStreams: a record id can read the same in two streams.
func TestDedupKeepsOtherStreams(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	two := func(s object) { s["primary_key"] = [][]string{{"a"}, {"b"}} }
	one := func(s object) { s["primary_key"] = [][]string{{"b"}} }
	catalog := CatalogOf(StreamNamed("u", "append_dedup", two), StreamNamed("u_1", "append_dedup", one))
	j := NewJob(t, ConfigFor(api.URL), catalog)
	messages := []string{Record("u", `{"a":1,"b":2,"text":"of u"}`), Record("u_1", `{"b":2,"text":"of u_1"}`)}
	j.Write(t, messages...).Succeeded(t)

	j.Write(t, Record("u", `{"a":1,"b":2,"_ab_cdc_deleted_at":"2026-01-01"}`)).Succeeded(t)

	require.Equal(t, []string{"text: of u_1"}, Texts(api.Stored(t), "text"))
}

// TestOverwrite replaces a stream of 60 documents by one of 3, beside a stream that
// must stay, by the rules of each kind of caller.
func TestOverwrite(t *testing.T) {
	t.Parallel()
	overwrite := StreamNamed("o", "overwrite")
	refresh := StreamNamed("o", "append", Generation(2, 2))
	deduped := StreamNamed("o", "append_dedup", Generation(2, 2))
	numbered := StreamNamed("o", "overwrite", Generation(2, 2))
	retained := StreamNamed("o", "append", Generation(2, 0))
	complete, incomplete, running := Status("o", "COMPLETE"), Status("o", "INCOMPLETE"), Status("o", "RUNNING")
	fresh := append(Notes("o", 1000, 1002), State("o", 2))
	then := func(last string) []string { return append(slices.Clone(fresh), last) }
	allowed := Set("processing", "allow_empty_overwrite", true)
	usual := Set("processing", "allow_empty_overwrite", false)
	tests := map[string]struct {
		stream   object
		edit     func(object)
		messages []string
		replaced bool
		left     int // documents of the stream
		warning  string
	}{
		"at COMPLETE":           {overwrite, usual, then(complete), true, 3, ""},
		"at the end":            {overwrite, usual, fresh, true, 3, "without a stream status"},
		"not when INCOMPLETE":   {overwrite, usual, then(incomplete), false, 63, "did not complete"},
		"not when only RUNNING": {overwrite, usual, append([]string{running}, fresh...), false, 63, "did not complete"},
		"not when empty":        {overwrite, usual, nil, false, 60, "nothing came of the stream"},
		"empty, allowed":        {overwrite, allowed, nil, true, 0, "without a stream status"},
		"empty but for a state": {overwrite, usual, []string{State("o", 2)}, true, 0, "without a stream status"},
		"refresh at COMPLETE":   {refresh, usual, then(complete), true, 3, ""},
		"refresh cut short":     {refresh, usual, fresh, false, 63, "did not complete"},
		"refresh, dedup":        {deduped, usual, then(complete), true, 3, ""},
		"numbered overwrite":    {numbered, usual, then(complete), true, 3, ""},
		"numbered, cut short":   {numbered, usual, fresh, false, 63, "did not complete"},
		"clear":                 {refresh, usual, []string{complete}, true, 0, ""},
		"refresh and retain":    {retained, usual, then(complete), false, 63, ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{})
			before := StreamNamed("o", "append")
			if test.stream["destination_sync_mode"] == "append_dedup" {
				before = StreamNamed("o", "append_dedup")
			}
			beside := StreamNamed("beside", "append")
			old := append(append(Notes("o", 1, 60), Notes("beside", 1, 3)...), State("o", 1))
			NewJob(t, ConfigFor(api.URL), CatalogOf(before, beside)).Write(t, old...).Succeeded(t)

			j := NewJob(t, ConfigFor(api.URL, test.edit), CatalogOf(test.stream))
			r := j.Write(t, test.messages...).Succeeded(t)

			var mine, others []Document
			for _, d := range api.Stored(t) {
				if d.Text("_ab_stream") == "o" {
					mine = append(mine, d)
				} else {
					others = append(others, d)
				}
			}
			require.Len(t, others, 3)
			require.Len(t, mine, test.left)
			require.Equal(t, test.replaced, !slices.Contains(Texts(mine, "text"), "text: note 1 of o"))
			if test.warning == "" {
				require.Empty(t, r.Logs(t, "WARN"))
			} else {
				require.Contains(t, r.Logs(t, "WARN"), test.warning)
			}
		})
	}
}

// TestRefreshKeepsWhatIsUnchanged: a replacing stream embeds only what is new.
func TestRefreshKeepsWhatIsUnchanged(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	complete := Status("o", "COMPLETE")
	first := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("o", "append", Generation(1, 1))))
	first.Write(t, append(Notes("o", 1, 40), State("o", 1), complete)...).Succeeded(t)

	second := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("o", "append", Generation(2, 2))))
	r := second.Write(t, append(Notes("o", 11, 45), State("o", 2), complete)...).Succeeded(t)

	require.Equal(t, 5.0, r.Stats(t)[0].AdditionalStats["embedded"])
	stored := api.Stored(t)
	require.Len(t, stored, 35)
	for _, d := range stored {
		require.Equal(t, "2", fmt.Sprint(d["_ab_generation_id"]))
	}
}

// TestReadersFindTheOldVersionUntilTheNewOneIsThere: at no time is the record gone.
func TestReadersFindTheOldVersionUntilTheNewOneIsThere(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("u", "append_dedup")))
	j.Write(t, Note("u", 1, "old")).Succeeded(t)
	requests := RecordRequests(api, "insertMany", "deleteMany")

	j.Write(t, Note("u", 1, "new")).Succeeded(t)

	require.Equal(t, []string{"insertMany", "deleteMany"}, requests())
	require.Equal(t, []string{"text: new"}, Texts(api.Stored(t), "text"))
}
