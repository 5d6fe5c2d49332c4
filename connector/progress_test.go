package connector_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// TestProgressWhileAllSlotsAreBusy: the platform takes a sync that prints nothing for dead.
func TestProgressWhileAllSlotsAreBusy(t *testing.T) {
	onBothBackends(t, func(w *world) {
		w.server.KeepControl("insertMany", func(r *http.Request, _ []byte) (bool, int, []byte) {
			select {
			case <-time.After(15 * time.Second):
			case <-r.Context().Done():
			}
			return false, 0, nil
		})
		r := w.sync(attempt{streams: []configured{stream("s", toAppend, syncID(1))}, lines: rows("s", 1000), batches: 1})
		writing := 0
		for _, line := range r.logs {
			if strings.HasPrefix(line, "INFO writing records=") {
				writing++
			}
		}
		require.InDelta(w.t, r.Duration.Seconds()/10, writing, 1)
		require.Greater(w.t, writing, 3)
	})
}
