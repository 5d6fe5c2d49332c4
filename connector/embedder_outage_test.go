package connector_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/embedtest"
)

// TestAnOutageOfTheEmbedderIsSurvived: a sync goes on when the service is back after two
// minutes, whether it said 503 or showed a gateway's page in the meantime.
func TestAnOutageOfTheEmbedderIsSurvived(t *testing.T) {
	for name, fault := range map[string]embedtest.Fault{
		"503": embedtest.Status(http.StatusServiceUnavailable, "", "overloaded"),
		"404": {Status: http.StatusNotFound, Body: "no healthy upstream"},
	} {
		t.Run(name, func(t *testing.T) {
			onBothBackends(t, func(w *world) {
				began := time.Now()
				w.embedder.Fail(embedtest.Fault{}) // the first answers
				for range 9 {                      // 0.25 s, 0.5 s ... 30 s at most between them
					w.embedder.Fail(fault)
				}
				r := w.sync(attempt{streams: []configured{stream("s", toDedup, key("id"), syncID(1))}, batches: 1,
					lines: []string{row("s", 1, "a"), streamState("s", 1), row("s", 1, "b"), streamState("s", 2)}})
				require.Equal(w.t, []int{1, 2}, r.numbers())
				require.Less(w.t, time.Since(began), 5*time.Minute)
				require.Equal(w.t, []string{"b"}, w.texts())
			})
		})
	}
}

// TestARateLimitOfAnHourEndsTheSync at once, with the time in the message.
func TestARateLimitOfAnHourEndsTheSync(t *testing.T) {
	onBothBackends(t, func(w *world) {
		limited := embedtest.Status(http.StatusTooManyRequests, "rate_limit_exceeded", "Come back later.")
		limited.Header = http.Header{"Retry-After": {"3600"}}
		w.embedder.Fail(limited)
		began := time.Now()
		r, trace := w.fails(attempt{streams: []configured{stream("s", toAppend, syncID(1))},
			lines: []string{row("s", 1, "a"), streamState("s", 1)}})
		require.EqualValues(w.t, "transient_error", trace.FailureType)
		require.Contains(w.t, trace.Message, "asks to wait 1h0m0s")
		require.Less(w.t, time.Since(began), time.Minute)
		require.Empty(w.t, r.states)
	})
}
