package connector

import (
	"context"
	"log/slog"
	"strconv"
	"time"
)

// progressInterval is how often the totals are logged while a sync runs.
const progressInterval = 10 * time.Second

// logProgress logs the totals until ctx ends. It waits for nothing else, so that a sync whose
// slots are all busy, with a service that does not answer, still shows that it lives.
func logProgress(ctx context.Context, l *ledger, log *slog.Logger) {
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			total, states := l.totals()
			log.Info("writing", "records", total.received, "rejected", total.rejected, "chunks", total.chunks,
				"embedded", total.embedded, "states", states)
		case <-ctx.Done():
			return
		}
	}
}

// seconds prints a duration to the millisecond.
func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
