package connector_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/connector"
	"destination-astra/internal/fault"
	"destination-astra/protocol"
)

// TestStrangers: an input whose streams are all unknown to the catalog is another catalog's:
// it fails, and no state goes out, since nothing behind it is stored.
func TestStrangers(t *testing.T) {
	tests := map[string]struct {
		lines  []string
		states []int // that go out; nil when the write fails
	}{
		"all unknown":            {append(rows("t", 3), globalState(1)), nil},
		"their own states":       {append(rows("t", 3), streamState("t", 1), streamState("t", 2)), nil},
		"their own status":       {append(rows("t", 3), globalState(1), complete("t")), nil},
		"without a state":        {rows("t", 3), nil},
		"very many states":       {append(rows("t", 1), globalStates(1, 5000)...), nil},
		"known at last":          {append(rows("t", 3), globalState(1), row("s", 1, "a"), globalState(2)), []int{1, 2}},
		"known by its state":     {append(rows("t", 3), globalState(1), streamState("s", 2)), []int{1, 2}},
		"known by its status":    {append(rows("t", 3), globalState(1), complete("s")), []int{1}},
		"known at first":         {append(rows("s", 3), row("t", 1, "a"), globalState(1)), []int{1}},
		"no record at all":       {[]string{globalState(1)}, []int{1}},
		"only states of another": {[]string{streamState("t", 1)}, []int{1}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				streams := []configured{stream("s", toOverwrite, fullRefresh(true))}
				w.sync(attempt{streams: streams, lines: append(rows("s", 5), complete("s"))})
				if name == "known by its status" {
					w.later()
				}
				r := w.write(w.t.Context(), attempt{streams: streams, lines: test.lines, memory: 1 << 20})
				if test.states != nil {
					require.NoError(w.t, r.err)
					require.Equal(w.t, test.states, r.numbers())
					return
				}
				trace := fault.Classify(r.err)
				require.Equal(w.t, protocol.ConfigError, trace.FailureType)
				require.Contains(w.t, trace.Message, `the input has "t"`)
				require.Contains(w.t, trace.Message, `the catalog "s"`)
				require.Empty(w.t, r.states)
				require.Len(w.t, w.texts(), 5, "nothing is finalised")
			})
		})
	}
}

func globalStates(first, last int) []string {
	var lines []string
	for n := first; n <= last; n++ {
		lines = append(lines, globalState(n))
	}
	return lines
}

// TestStrangersAreBounded: a source that names a stream for each record fills no memory, and
// no message.
func TestStrangersAreBounded(t *testing.T) {
	onBothBackends(t, func(w *world) {
		lines := []string{row(strings.Repeat("x", 5000), 1, "a")}
		for i := range 1500 {
			lines = append(lines, row(fmt.Sprint("t", i), 1, "a"))
		}
		streams := []configured{stream("s", toAppend)}
		_, trace := w.fails(attempt{streams: streams, lines: lines})
		require.Less(w.t, len(trace.Message), 1000)
		require.Contains(w.t, trace.Message, "and 995 more")
		r := w.sync(attempt{streams: streams, lines: append(lines, row("s", 1, "a"))})
		require.EqualValues(w.t, 1501, r.UnknownStreamRecords)
	})
}

// TestUnusableInput: a write, a plan and a verify of something else fail and say what it looks
// like; only a write may be of nothing.
func TestUnusableInput(t *testing.T) {
	tests := map[string]struct{ input, looks string }{
		"rows":      {`{"id":1,"text":"a"}` + "\n" + `{"id":2,"text":"b"}`, "JSON objects that are no messages"},
		"array":     {`[{"id":1,"text":"a"}]`, "JSON array"},
		"CSV":       {"id,text\n1,a\n", "commas"},
		"records":   {strings.ReplaceAll(row("s", 1, "a"), "RECORD", "record"), "capital letters"},
		"strangers": {row("t", 1, "a"), "none of the input's streams"},
		"nothing":   {"\n\n", ""},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				streams := []configured{stream("s", toOverwrite, fullRefresh(true))}
				w.sync(attempt{streams: streams, lines: append(rows("s", 5), complete("s"))})
				r := w.write(w.t.Context(), attempt{streams: streams, lines: []string{test.input}})
				_, planErr := w.open(nil).Plan(w.t.Context(), catalog(w.t, streams), strings.NewReader(test.input),
					connector.PlanOptions{Explain: fault.Explain})
				_, verifyErr := w.open(nil).Verify(w.t.Context(), catalog(w.t, streams), strings.NewReader(test.input),
					connector.VerifyOptions{})
				require.Len(w.t, w.texts(), 5)
				if name == "nothing" {
					require.NoError(w.t, r.err)
					require.ErrorContains(w.t, planErr, "the input is empty")
					require.ErrorContains(w.t, verifyErr, "the input is empty")
					return
				}
				for _, err := range []error{r.err, planErr, verifyErr} {
					trace := fault.Classify(err)
					require.Equal(w.t, protocol.ConfigError, trace.FailureType, trace.Message)
					require.Contains(w.t, trace.Message, test.looks)
				}
			})
		})
	}
}

// TestKeysThatNoRecordHas, and a dedup stream without a key, are said.
func TestKeysThatNoRecordHas(t *testing.T) {
	onBothBackends(t, func(w *world) {
		r := w.sync(attempt{streams: []configured{stream("s", toDedup, key("uuid"))}, lines: rows("s", 3)})
		require.True(w.t, r.warned("no value for the primary key"))
		require.True(w.t, r.warned("stream=s records=3"))
		r = w.sync(attempt{streams: []configured{stream("t", toDedup)}, lines: rows("t", 3)})
		require.True(w.t, r.warned("primary_key is empty"))
		r = w.sync(attempt{streams: []configured{stream("u", toDedup, key("id"))}, lines: rows("u", 3)})
		require.False(w.t, r.warned("primary"))
	})
}
