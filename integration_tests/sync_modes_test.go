package integration_tests

import (
	"fmt"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/embedtest"
	"destination-astra/localastra"
)

// TestAppendKeepsEverything: equal records stay as many as they are, another sync
// adds to them, and a second attempt of the same sync doubles nothing.
func TestAppendKeepsEverything(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	messages := []string{note("s", 1, "one"), note("s", 1, "one"), note("s", 2, "two"), state("s", 1)}
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))

	r := j.write(t, messages...).succeeded(t)
	require.Equal(t, 3.0, r.stats(t)[0].RecordCount)
	once := []string{"text: one", "text: one", "text: two"}
	require.Equal(t, once, texts(api.documents(t), "text"))

	j.write(t, messages...).succeeded(t)
	require.Equal(t, once, texts(api.documents(t), "text"), "second attempt of the same sync")

	next := streamNamed("s", "append")
	next["sync_id"] = 13
	newJob(t, configFor(api.url), catalogOf(next)).write(t, messages...).succeeded(t)
	require.Equal(t, slices.Sorted(slices.Values(append(once, once...))), texts(api.documents(t), "text"))
}

// TestAppendDropsDeletes: a stream without a key cannot tell what to delete.
func TestAppendDropsDeletes(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))

	r := j.write(t, note("s", 1, "one"), deleted("s", 1), state("s", 1)).succeeded(t)

	require.Equal(t, []string{"text: one"}, texts(api.documents(t), "text"))
	require.Equal(t, 2.0, r.stats(t)[0].RecordCount)
	require.Contains(t, r.logs(t, "INFO"), "records=1", "the dropped deletion is counted")
}

// TestDedupLastVersionWins: versions of a key in one batch, across batches of one
// run, and across runs; all old chunks go, and only new texts are embedded.
func TestDedupLastVersionWins(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	service := embedtest.NewServer(embedtest.Options{APIKey: "k", Dimensions: 16})
	listener := httptest.NewServer(service)
	defer listener.Close()
	config := configFor(api.url, set("processing", "chunk_size", 20), func(c object) {
		c["embedding"] = object{"mode": "openai_compatible", "base_url": listener.URL, "api_key": "k", "dimensions": 16}
	})
	j := newJob(t, config, catalogOf(streamNamed("u", "append_dedup")))
	long := strings.Repeat("a long first version of it. ", 60)
	messages := []string{note("u", 1, long), note("u", 2, "two"), note("u", 2, "two again")}
	messages = append(messages, notes("u", 100, 360)...)
	messages = append(messages, note("u", 1, "short"), note("u", 2, "two at last"), state("u", 1))

	r := j.write(t, messages...).succeeded(t)

	require.Equal(t, 266.0, r.stats(t)[0].RecordCount, "every record received counts")
	stored := api.documents(t)
	require.Len(t, stored, 263)
	byID := map[string]string{}
	for _, d := range stored {
		byID[d.text("_ab_record_id")] = d.text("text")
	}
	require.Equal(t, "text: short", byID["u_1"])
	require.Equal(t, "text: two at last", byID["u_2"])
	require.NotContains(t, service.Texts(), "text: two", "a version replaced in its own batch is not embedded")

	before := service.Counts().Texts
	changed := slices.Replace(slices.Clone(messages), len(messages)-3, len(messages)-2, note("u", 1, "changed"))
	r = j.write(t, changed[3:]...).succeeded(t)

	require.Equal(t, before+1, service.Counts().Texts)
	require.Equal(t, 1.0, r.stats(t)[0].AdditionalStats["embedded"])
	require.Equal(t, 1.0, r.stats(t)[0].AdditionalStats["deleted"])
	require.Len(t, api.documents(t), 263)
	require.Contains(t, texts(api.documents(t), "text"), "text: changed")
}

// TestDedupDeletes: all of 150 keys of several chunks each, though the Data API
// deletes 20 documents at a time; and a key that is deleted and comes back.
func TestDedupDeletes(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url, set("processing", "chunk_size", 10)), catalogOf(streamNamed("u", "append_dedup")))
	var first, second []string
	for id := range 160 {
		first = append(first, note("u", id, strings.Repeat(fmt.Sprintf("row %d. ", id), 8)))
		if id < 150 {
			second = append(second, deleted("u", id))
		}
	}
	j.write(t, append(first, state("u", 1))...).succeeded(t)
	require.Greater(t, len(api.documents(t)), 3*160)

	r := j.write(t, append(second, note("u", 7, "back"), state("u", 2))...).succeeded(t)

	require.Equal(t, 151.0, r.stats(t)[0].RecordCount)
	want := []string{"u_7"}
	for id := 150; id < 160; id++ {
		want = append(want, fmt.Sprintf("u_%d", id))
	}
	require.Equal(t, unique(want), unique(texts(api.documents(t), "_ab_record_id")))
}

// TestDedupKeepsOtherStreams: a record id can read the same in two streams.
func TestDedupKeepsOtherStreams(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	two := func(s object) { s["primary_key"] = [][]string{{"a"}, {"b"}} }
	one := func(s object) { s["primary_key"] = [][]string{{"b"}} }
	catalog := catalogOf(streamNamed("u", "append_dedup", two), streamNamed("u_1", "append_dedup", one))
	j := newJob(t, configFor(api.url), catalog)
	messages := []string{record("u", `{"a":1,"b":2,"text":"of u"}`), record("u_1", `{"b":2,"text":"of u_1"}`)}
	j.write(t, messages...).succeeded(t)

	j.write(t, record("u", `{"a":1,"b":2,"_ab_cdc_deleted_at":"2026-01-01"}`)).succeeded(t)

	require.Equal(t, []string{"text: of u_1"}, texts(api.documents(t), "text"))
}

// TestOverwrite replaces a stream of 60 documents by one of 3, beside a stream that
// must stay, by the rules of each kind of caller.
func TestOverwrite(t *testing.T) {
	t.Parallel()
	overwrite := streamNamed("o", "overwrite")
	refresh := streamNamed("o", "append", generation(2, 2))
	deduped := streamNamed("o", "append_dedup", generation(2, 2))
	numbered := streamNamed("o", "overwrite", generation(2, 2))
	retained := streamNamed("o", "append", generation(2, 0))
	complete, incomplete, running := status("o", "COMPLETE"), status("o", "INCOMPLETE"), status("o", "RUNNING")
	fresh := append(notes("o", 1000, 1002), state("o", 2))
	then := func(last string) []string { return append(slices.Clone(fresh), last) }
	allowed := set("processing", "allow_empty_overwrite", true)
	usual := set("processing", "allow_empty_overwrite", false)
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
		"not when empty":        {overwrite, usual, nil, false, 60, "input was empty"},
		"empty, allowed":        {overwrite, allowed, nil, true, 0, "without a stream status"},
		"empty but for a state": {overwrite, usual, []string{state("o", 2)}, true, 0, "without a stream status"},
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
			api := newDataAPI(t, localastra.Options{})
			before := streamNamed("o", "append")
			if test.stream["destination_sync_mode"] == "append_dedup" {
				before = streamNamed("o", "append_dedup")
			}
			beside := streamNamed("beside", "append")
			old := append(append(notes("o", 1, 60), notes("beside", 1, 3)...), state("o", 1))
			newJob(t, configFor(api.url), catalogOf(before, beside)).write(t, old...).succeeded(t)

			j := newJob(t, configFor(api.url, test.edit), catalogOf(test.stream))
			r := j.write(t, test.messages...).succeeded(t)

			var mine, others []document
			for _, d := range api.documents(t) {
				if d.text("_ab_stream") == "o" {
					mine = append(mine, d)
				} else {
					others = append(others, d)
				}
			}
			require.Len(t, others, 3)
			require.Len(t, mine, test.left)
			require.Equal(t, test.replaced, !slices.Contains(texts(mine, "text"), "text: note 1 of o"))
			if test.warning == "" {
				require.Empty(t, r.logs(t, "WARN"))
			} else {
				require.Contains(t, r.logs(t, "WARN"), test.warning)
			}
		})
	}
}

// TestRefreshKeepsWhatIsUnchanged: a replacing stream embeds only what is new.
func TestRefreshKeepsWhatIsUnchanged(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	complete := status("o", "COMPLETE")
	first := newJob(t, configFor(api.url), catalogOf(streamNamed("o", "append", generation(1, 1))))
	first.write(t, append(notes("o", 1, 40), state("o", 1), complete)...).succeeded(t)

	second := newJob(t, configFor(api.url), catalogOf(streamNamed("o", "append", generation(2, 2))))
	r := second.write(t, append(notes("o", 11, 45), state("o", 2), complete)...).succeeded(t)

	require.Equal(t, 5.0, r.stats(t)[0].AdditionalStats["embedded"])
	stored := api.documents(t)
	require.Len(t, stored, 35)
	for _, d := range stored {
		require.Equal(t, "2", fmt.Sprint(d["_ab_generation_id"]))
	}
}

// TestReadersFindTheOldVersionUntilTheNewOneIsThere: at no time is the record gone.
func TestReadersFindTheOldVersionUntilTheNewOneIsThere(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("u", "append_dedup")))
	j.write(t, note("u", 1, "old")).succeeded(t)
	requests := recordRequests(api, "insertMany", "deleteMany")

	j.write(t, note("u", 1, "new")).succeeded(t)

	require.Equal(t, []string{"insertMany", "deleteMany"}, requests())
	require.Equal(t, []string{"text: new"}, texts(api.documents(t), "text"))
}
