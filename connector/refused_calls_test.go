package connector_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"
)

// refusesOne answers one call to the Data API with a refusal, and counts all.
type refusesOne struct {
	next  http.RoundTripper
	which int
	sent  int
}

func (r *refusesOne) RoundTrip(q *http.Request) (*http.Response, error) {
	r.sent++
	if r.sent == r.which {
		return answer(http.StatusUnauthorized, `{"errors":[{"errorCode":"UNAUTHENTICATED_REQUEST","family":"REQUEST",`+
			`"scope":"SECURITY","title":"t","message":"m"}]}`), nil
	}
	return r.next.RoundTrip(q)
}

// TestEachCallMayBeRefused: a sync of which any one call is refused fails, or has done all it should;
// the next one does what is left.
func TestEachCallMayBeRefused(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.edits["processing.chunk_size"] = 8
		refresh := func(n int64) []configured {
			return []configured{stream("s", toDedup, key("id"), numbered(n, n, n), fullRefresh(false))}
		}
		long := heavyRow(3, 3, 10)
		lines := func(id int, text string) []string {
			return []string{row("s", 1, "same"), row("s", id, text), long, row("s", 4, "moved"), complete("s"), streamState("s", 1)}
		}
		w.sync(attempt{streams: refresh(1), lines: lines(2, "first")})
		for which, met := 1, true; met; which++ {
			n := int64(which + 1)
			network := &refusesOne{next: w.server.Transport(), which: which}
			a := attempt{streams: refresh(n), lines: lines(which+10, "moved"), network: network, batches: 1}
			r := w.write(w.t.Context(), a)
			met = network.sent >= which
			if r.err != nil {
				require.EqualValues(w.t, "config_error", w.trace(r).FailureType, "call %d", which)
				a.network = nil
				w.sync(a)
			} else {
				require.Len(w.t, r.states, 1, "call %d", which)
			}
			require.Equal(w.t, []string{"moved", "moved", "part 0 of 3", "part 1 of 3", "part 2 of 3", "same"}, w.texts(),
				"call %d", which)
		}
	})
}
