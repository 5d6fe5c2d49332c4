package connector_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/astra"
	"destination-astra/localastra"
)

// heavyRow is a record of so many chunks, each of which carries so many bytes of metadata.
func heavyRow(id, chunks, bytes int) string {
	paragraphs := make([]string, chunks)
	for i := range paragraphs {
		paragraphs[i] = fmt.Sprintf("part %d of %d", i, id)
	}
	data, _ := json.Marshal(map[string]any{
		"id": id, "text": strings.Join(paragraphs, "\n\n"), "k": strings.Repeat("k", bytes),
	})
	return record("s", string(data))
}

// onAstra runs a test of heavy rows against one backend: calls have the same limits on all.
func onAstra(t *testing.T, test func(*world)) {
	t.Helper()
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, localastra.BackendAstra)
		w.edits["processing.chunk_size"] = 8 // a part each
		test(w)
	})
}

// TestCallsOfFewHeavyDocuments: long before a hundred documents come together, their bytes are
// more than a call may have.
func TestCallsOfFewHeavyDocuments(t *testing.T) {
	tests := map[string]struct {
		lines []string
		calls []int // documents of each
	}{
		"a record that no call takes is cut": {[]string{heavyRow(1, 99, 200<<10)}, []int{81, 18}},
		"a batch closes before it must be": {
			[]string{heavyRow(1, 45, 200<<10), heavyRow(2, 45, 200<<10)}, []int{45, 45}},
		"a batch leaves room for the vectors": { // 41 of these are 16 MB, without
			[]string{heavyRow(1, 40, 408_000), heavyRow(2, 1, 408_000), heavyRow(3, 1, 408_000)}, []int{40, 2}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onAstra(t, func(w *world) {
				var calls []int
				w.server.KeepControl("insertMany", func(_ *http.Request, body []byte) (bool, int, []byte) {
					if len(body) <= astra.MaxRequestBytes {
						calls = append(calls, bytes.Count(body, []byte(`"_id"`)))
					}
					return false, 0, nil
				})
				r := w.sync(attempt{
					streams: []configured{stream("s", toDedup, key("id"), syncID(1))}, batches: 1,
					lines: append(test.lines, streamState("s", 1)),
				})
				require.Equal(w.t, []int{1}, r.numbers())
				require.Equal(w.t, test.calls, calls)
			})
		})
	}
}

// TestAHeavyBatchGoesAtOnce: what fills the memory does not wait for a batch that could take no more.
func TestAHeavyBatchGoesAtOnce(t *testing.T) {
	onAstra(t, func(w *world) {
		in := &source{world: w}
		in.say(heavyRow(1, 99, 175<<10))
		in.steps = append(in.steps, func() {
			w.wait(10 * time.Second)
			require.EqualValues(w.t, 99, w.server.Counters()["insertMany"].Documents)
		})
		w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"))}, input: in})
	})
}
