package connector

import (
	"context"
	"sync/atomic"
	"time"

	"destination-astra/astra"
)

// settleTime is how long a write whose outcome is unknown may still be applied, and some: the
// server gives up on its database after that timeout (Data API v1.0.51, 20 s, observed: an
// insert that had timed out was applied later).
func settleTime(serverTimeout time.Duration) time.Duration { return serverTimeout + serverTimeout/4 }

// watch watches the writes of a context for attempts that ended without an
// answer.
type watch struct{ unknown atomic.Bool }

// watched returns a context whose writes w watches.
func (w *watch) watched(ctx context.Context) context.Context {
	return astra.WithTrace(ctx, &astra.Trace{UnknownOutcome: func(*astra.Error) { w.unknown.Store(true) }})
}
