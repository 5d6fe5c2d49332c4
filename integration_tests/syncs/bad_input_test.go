package syncs_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	. "destination-astra/integration_tests/blackbox"
	"destination-astra/localastra"
)

// object is JSON in the making.
type object = map[string]any

// TestStrayLinesAreSkipped, with one WARN that counts them.
func TestStrayLinesAreSkipped(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))

	r := j.Write(t,
		"Starting the source...", Note("s", 1, "one"), "", "   ", `{"level":"info"}`, `[1,2]`, `{broken`, `null`,
		`{"type":"LOG","log":{"level":"INFO","message":"x"}}`, `{"type":"NEWS","news":{}}`, State("s", 1),
	).Succeeded(t)

	require.Equal(t, []string{"text: one"}, Texts(api.Stored(t), "text"))
	require.Equal(t, []int{1}, r.Cursors(t))
	warnings := r.Logs(t, "WARN")
	require.Equal(t, 1, strings.Count(warnings, "\n"), warnings)
	require.Contains(t, warnings, "lines=5")
}

// TestBrokenLinesEndTheSync: skipping one would lose data behind a state. What came
// before is stored and acknowledged; nothing after it is.
func TestBrokenLinesEndTheSync(t *testing.T) {
	t.Parallel()
	const head = `{"type":"RECORD","record":{"stream":"s","emitted_at":1,"data":`
	tests := map[string]string{
		"record cut off":     head + `{"id":3,"te`,
		"record of garbage":  head + `{"id":3,]}}}`,
		"NaN":                head + `{"id":3,"text":NaN}}}`,
		"Infinity":           head + `{"id":3,"text":-Infinity}}}`,
		"invalid UTF-8":      head + "{\"id\":3,\"text\":\"\xff\xfe\"}}}",
		"control character":  head + "{\"id\":3,\"text\":\"a\x00b\"}}}",
		"data not an object": head + `[3]}}`,
		"no data":            `{"type":"RECORD","record":{"stream":"s","emitted_at":1}}`,
		"no stream":          `{"type":"RECORD","record":{"emitted_at":1,"data":{"id":3,"text":"x"}}}`,
		"state cut off":      `{"type":"STATE","state":{"type":"STREAM","stream":{"stream_desc`,
		"state without one":  `{"type":"STATE"}`,
		"state no stream":    `{"type":"STATE","state":{"type":"STREAM"}}`,
	}
	for name, line := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{})
			j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))

			r := j.Write(t, Note("s", 1, "one"), State("s", 1), Note("s", 2, "two"), line, Note("s", 4, "four"), State("s", 2))

			r.Failed(t, "system_error", "Line 4")
			require.NotContains(t, r.Stdout, "four")
			require.Equal(t, []int{1}, r.Cursors(t))
			require.Equal(t, []string{"text: one", "text: two"}, Texts(api.Stored(t), "text"))
		})
	}
}

// TestLastLineNeedsNoNewline, and one that was cut off is not taken for a record.
func TestLastLineNeedsNoNewline(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
	Run(t, j.Dir, strings.NewReader(Note("s", 1, "one")), j.Args()...).Succeeded(t)
	require.Len(t, api.Stored(t), 1)

	line := Note("s", 2, "two")
	Run(t, j.Dir, strings.NewReader(line[:len(line)-4]), j.Args()...).Failed(t, "system_error", "Line 1")
	require.Len(t, api.Stored(t), 1)
}

// TestLongLines: records of megabytes arrive whole.
func TestLongLines(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	config := ConfigFor(api.URL, Set("processing", "exclude_fields", []string{"blob"}))
	j := NewJob(t, config, CatalogOf(StreamNamed("s", "append")))
	blob := strings.Repeat("0123456789abcdef", 64<<20/16)

	j.Write(t, Record("s", `{"id":1,"text":"beside a blob","blob":"`+blob+`"}`), State("s", 1)).Succeeded(t)

	require.Equal(t, []string{"text: beside a blob"}, Texts(api.Stored(t), "text"))
}

// TestUnknownStreams: one WARN per stream with the count.
func TestUnknownStreams(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))
	messages := append(Notes("other", 1, 30), Notes("third", 1, 2)...)

	r := j.Write(t, append(messages, Note("s", 1, "one"), State("s", 1))...).Succeeded(t)

	require.Len(t, api.Stored(t), 1)
	require.Equal(t, 1.0, r.Stats(t)[0].RecordCount)
	warnings := r.Logs(t, "WARN")
	require.Equal(t, 2, strings.Count(warnings, "\n"), warnings)
	require.Regexp(t, `stream=other records=30\n`, warnings)
	require.Regexp(t, `stream=third records=2\n`, warnings)
}

// TestNamespaceAbsentNullAndEmptyAreOne.
func TestNamespaceAbsentNullAndEmptyAreOne(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	stream := StreamNamed("s", "append", func(s object) { s["stream"].(object)["namespace"] = nil })
	j := NewJob(t, ConfigFor(api.URL), CatalogOf(stream))
	with := func(namespace string) string {
		return strings.Replace(Note("s", 1, "n"), `"stream"`, `"namespace":`+namespace+`,"stream"`, 1)
	}
	j.Write(t, Note("s", 1, "n"), with(`""`), with("null")).Succeeded(t)
	require.Len(t, api.Stored(t), 3)
}

// unstorable are records that cannot be stored, with a word of the reason.
func unstorable() map[string]struct{ data, reason string } {
	return map[string]struct{ data, reason string }{
		"no text":        {`{"id":2}`, "text"},
		"lone surrogate": {`{"id":2,"text":"a\ud800b"}`, "surrogate"},
		"long number":    {`{"id":` + strings.Repeat("7", 101) + `,"text":"x"}`, "digits"},
		"exponent":       {`{"id":1e999999999,"text":"x"}`, "exponent"},
		"too deep":       {`{"id":` + strings.Repeat("[", 20) + strings.Repeat("]", 20) + `,"text":"x"}`, "16"},
	}
}

// TestRejectedRecordsFail: the default. The TRACE names stream, record, reason and
// setting; the states before it are acknowledged, those after it are not.
func TestRejectedRecordsFail(t *testing.T) {
	t.Parallel()
	for name, bad := range unstorable() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{})
			j := NewJob(t, ConfigFor(api.URL), CatalogOf(StreamNamed("s", "append")))

			r := j.Write(t, Note("s", 1, "one"), State("s", 1), Record("s", bad.data), State("s", 2))

			r.Failed(t, "config_error", "stream s:", bad.reason, "processing.rejected_records")
			require.Equal(t, "s", r.Trace(t).Trace.Error.StreamDescriptor.Name)
			require.Equal(t, []int{1}, r.Cursors(t))
			require.Equal(t, []string{"text: one"}, Texts(api.Stored(t), "text"))
		})
	}
}

// TestRejectedRecordsSkip counts and names each one that is left out; in a dedup
// stream the version before it stays.
func TestRejectedRecordsSkip(t *testing.T) {
	t.Parallel()
	for name, bad := range unstorable() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			api := NewDataAPI(t, localastra.Options{})
			j := NewJob(t, ConfigFor(api.URL, Skipping(1)), CatalogOf(StreamNamed("s", "append_dedup")))
			j.Write(t, Note("s", 2, "before")).Succeeded(t)

			r := j.Write(t, Note("s", 1, "one"), Record("s", bad.data), State("s", 1)).Succeeded(t)

			stats := r.Stats(t)[0]
			require.Equal(t, []float64{1, 1}, []float64{stats.RecordCount, stats.RejectedRecordCount})
			require.Regexp(t, `stream=s record_id=s_.* reason=.*`+bad.reason, r.Logs(t, "WARN"))
			require.Equal(t, []string{"text: before", "text: one"}, Texts(api.Stored(t), "text"))
		})
	}
}

// TestRejectedRecordsCeiling: one more than allowed fails the sync.
func TestRejectedRecordsCeiling(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	j := NewJob(t, ConfigFor(api.URL, Skipping(2)), CatalogOf(StreamNamed("s", "append")))

	r := j.Write(t, Note("s", 1, "one"), Record("s", `{"id":2}`), Record("s", `{"id":3}`), State("s", 1),
		Record("s", `{"id":4}`), State("s", 2))

	r.Failed(t, "config_error", "max_rejected_records", "2")
	require.Equal(t, []int{1}, r.Cursors(t))
	require.Equal(t, 2.0, r.Stats(t)[0].RejectedRecordCount)
	require.Len(t, api.Stored(t), 1)
}

// TestNumbersKeepTheirDigits from stdin to the stored document.
func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	api := NewDataAPI(t, localastra.Options{})
	config := ConfigFor(api.URL, Set("processing", "metadata_fields", []string{"n"}))
	j := NewJob(t, config, CatalogOf(StreamNamed("s", "append")))
	for _, number := range []string{"18446744073709551616", "0.1000000000000000055511151231257827", "-9007199254740993"} {
		j.Write(t, Record("s", `{"text":"`+number+`","n":`+number+`}`)).Succeeded(t)
	}
	for _, d := range api.Stored(t) {
		_, digits, _ := strings.Cut(d.Text("text"), ": ")
		require.Equal(t, ByValue(t, DecodeDocument(t, []byte(`{"n":`+digits+`}`))["n"]), ByValue(t, d["n"]))
	}
}
