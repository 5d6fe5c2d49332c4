package connector_test

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/embedtest"
)

// waits are the INFO lines about waiting for the embedding service.
func (r result) waits() []string { return r.lines("INFO waiting for the embedding service") }

// TestCeilingsAreVisible: what a ceiling holds back is waited for, and an INFO line
// every 10 seconds says how long and why.
func TestCeilingsAreVisible(t *testing.T) {
	tests := map[string]struct {
		setting string
		value   int
	}{
		"requests": {"requests_per_minute", 1},
		"tokens":   {"tokens_per_minute", 70},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				w.edits["embedding."+test.setting] = test.value
				var lines []string
				for i := range 33 { // one more than a request takes
					lines = append(lines, row("s", i, fmt.Sprint("w", i)))
				}
				began := time.Now()

				r := w.sync(attempt{streams: []configured{stream("s", toAppend, syncID(1))}, lines: lines})

				require.GreaterOrEqual(w.t, time.Since(began), time.Minute)
				waits := r.waits()
				require.Len(w.t, waits, 6, "one every 10 seconds: %v", r.logs)
				for i, left := range []string{"1m0s", "50s", "40s", "30s", "20s", "10s"} {
					require.Contains(w.t, waits[i], "provider=openai_compatible for="+left)
					require.Contains(w.t, waits[i], test.setting)
				}
				require.Len(w.t, w.documents(), 33)
				require.Equal(w.t, 33, r.texts, "waiting is no reason to embed again")
			})
		})
	}
}

// TestRetryAfterIsHeeded: a 429 is waited out for as long as it says, and told.
func TestRetryAfterIsHeeded(t *testing.T) {
	onBothBackends(t, func(w *world) {
		limited := embedtest.Status(http.StatusTooManyRequests, "rate_limit_exceeded", "Rate limit reached.")
		limited.Header = http.Header{"Retry-After": {"40"}}
		w.embedder.Fail(limited)
		began := time.Now()

		r := w.sync(attempt{streams: []configured{stream("s", toAppend, syncID(1))}, lines: []string{row("s", 1, "a")}})

		require.GreaterOrEqual(w.t, time.Since(began), 40*time.Second)
		require.Len(w.t, r.waits(), 1, "%v", r.logs)
		require.Contains(w.t, r.waits()[0], "429")
		require.Equal(w.t, []string{"a"}, w.texts())
	})
}
