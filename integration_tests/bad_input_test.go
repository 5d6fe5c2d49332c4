package integration_tests

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/localastra"
)

// TestStrayLinesAreSkipped, with one WARN that counts them.
func TestStrayLinesAreSkipped(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))

	r := j.write(t,
		"Starting the source...", note("s", 1, "one"), "", "   ", `{"level":"info"}`, `[1,2]`, `{broken`, `null`,
		`{"type":"LOG","log":{"level":"INFO","message":"x"}}`, `{"type":"NEWS","news":{}}`, state("s", 1),
	).succeeded(t)

	require.Equal(t, []string{"text: one"}, texts(api.documents(t), "text"))
	require.Equal(t, []int{1}, r.cursors(t))
	warnings := r.logs(t, "WARN")
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
			api := newDataAPI(t, localastra.Options{})
			j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))

			r := j.write(t, note("s", 1, "one"), state("s", 1), note("s", 2, "two"), line, note("s", 4, "four"), state("s", 2))

			r.failed(t, "system_error", "Line 4")
			require.NotContains(t, r.stdout, "four")
			require.Equal(t, []int{1}, r.cursors(t))
			require.Equal(t, []string{"text: one", "text: two"}, texts(api.documents(t), "text"))
		})
	}
}

// TestLastLineNeedsNoNewline, and one that was cut off is not taken for a record.
func TestLastLineNeedsNoNewline(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))
	run(t, j.dir, strings.NewReader(note("s", 1, "one")), j.args()...).succeeded(t)
	require.Len(t, api.documents(t), 1)

	line := note("s", 2, "two")
	run(t, j.dir, strings.NewReader(line[:len(line)-4]), j.args()...).failed(t, "system_error", "Line 1")
	require.Len(t, api.documents(t), 1)
}

// TestLongLines: records of megabytes arrive whole.
func TestLongLines(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	config := configFor(api.url, set("processing", "exclude_fields", []string{"blob"}))
	j := newJob(t, config, catalogOf(streamNamed("s", "append")))
	blob := strings.Repeat("0123456789abcdef", 64<<20/16)

	j.write(t, record("s", `{"id":1,"text":"beside a blob","blob":"`+blob+`"}`), state("s", 1)).succeeded(t)

	require.Equal(t, []string{"text: beside a blob"}, texts(api.documents(t), "text"))
}

// TestUnknownStreams: one WARN per stream with the count.
func TestUnknownStreams(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))
	messages := append(notes("other", 1, 30), notes("third", 1, 2)...)

	r := j.write(t, append(messages, note("s", 1, "one"), state("s", 1))...).succeeded(t)

	require.Len(t, api.documents(t), 1)
	require.Equal(t, 1.0, r.stats(t)[0].RecordCount)
	warnings := r.logs(t, "WARN")
	require.Equal(t, 2, strings.Count(warnings, "\n"), warnings)
	require.Regexp(t, `stream=other records=30\n`, warnings)
	require.Regexp(t, `stream=third records=2\n`, warnings)
}

// TestNamespaceAbsentNullAndEmptyAreOne.
func TestNamespaceAbsentNullAndEmptyAreOne(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	stream := streamNamed("s", "append", func(s object) { s["stream"].(object)["namespace"] = nil })
	j := newJob(t, configFor(api.url), catalogOf(stream))
	with := func(namespace string) string {
		return strings.Replace(note("s", 1, "n"), `"stream"`, `"namespace":`+namespace+`,"stream"`, 1)
	}
	j.write(t, note("s", 1, "n"), with(`""`), with("null")).succeeded(t)
	require.Len(t, api.documents(t), 3)
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
			api := newDataAPI(t, localastra.Options{})
			j := newJob(t, configFor(api.url), catalogOf(streamNamed("s", "append")))

			r := j.write(t, note("s", 1, "one"), state("s", 1), record("s", bad.data), state("s", 2))

			r.failed(t, "config_error", "stream s:", bad.reason, "processing.rejected_records")
			require.Equal(t, "s", r.trace(t).Trace.Error.StreamDescriptor.Name)
			require.Equal(t, []int{1}, r.cursors(t))
			require.Equal(t, []string{"text: one"}, texts(api.documents(t), "text"))
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
			api := newDataAPI(t, localastra.Options{})
			j := newJob(t, configFor(api.url, skipping(1)), catalogOf(streamNamed("s", "append_dedup")))
			j.write(t, note("s", 2, "before")).succeeded(t)

			r := j.write(t, note("s", 1, "one"), record("s", bad.data), state("s", 1)).succeeded(t)

			stats := r.stats(t)[0]
			require.Equal(t, []float64{1, 1}, []float64{stats.RecordCount, stats.RejectedRecordCount})
			require.Regexp(t, `stream=s record_id=s_.* reason=.*`+bad.reason, r.logs(t, "WARN"))
			require.Equal(t, []string{"text: before", "text: one"}, texts(api.documents(t), "text"))
		})
	}
}

// TestRejectedRecordsCeiling: one more than allowed fails the sync.
func TestRejectedRecordsCeiling(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	j := newJob(t, configFor(api.url, skipping(2)), catalogOf(streamNamed("s", "append")))

	r := j.write(t, note("s", 1, "one"), record("s", `{"id":2}`), record("s", `{"id":3}`), state("s", 1),
		record("s", `{"id":4}`), state("s", 2))

	r.failed(t, "config_error", "max_rejected_records", "2")
	require.Equal(t, []int{1}, r.cursors(t))
	require.Equal(t, 2.0, r.stats(t)[0].RejectedRecordCount)
	require.Len(t, api.documents(t), 1)
}

// TestNumbersKeepTheirDigits from stdin to the stored document.
func TestNumbersKeepTheirDigits(t *testing.T) {
	t.Parallel()
	api := newDataAPI(t, localastra.Options{})
	config := configFor(api.url, set("processing", "metadata_fields", []string{"n"}))
	j := newJob(t, config, catalogOf(streamNamed("s", "append")))
	for _, number := range []string{"18446744073709551616", "0.1000000000000000055511151231257827", "-9007199254740993"} {
		j.write(t, record("s", `{"text":"`+number+`","n":`+number+`}`)).succeeded(t)
	}
	for _, d := range api.documents(t) {
		_, digits, _ := strings.Cut(d.text("text"), ": ")
		require.Equal(t, byValue(t, decodeDocument(t, []byte(`{"n":`+digits+`}`))["n"]), byValue(t, d["n"]))
	}
}
