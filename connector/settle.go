package connector

import (
	"context"
	"sync/atomic"
	"time"

	"destination-astra/astra"
	"destination-astra/internal/retry"
)

// settleTime is how long a write whose outcome is unknown may still be applied, and some: the
// server gives up on its database after that timeout (Data API v1.0.51, 20 s, observed: an
// insert that had timed out was applied later).
func settleTime(serverTimeout time.Duration) time.Duration { return serverTimeout + serverTimeout/4 }

// settle is how long a write of this run may still be applied.
func (c *Connector) settle() time.Duration { return settleTime(c.Config.Indexing.ServerTimeout) }

// settleOthers is how long a write of another attempt may still be applied: not at all where
// the server ends with its process.
func (c *Connector) settleOthers() time.Duration {
	if _, local := c.Config.Indexing.Endpoint.IsLocal(); local {
		return 0
	}
	return c.settle()
}

// watch watches the writes of a context for attempts that ended without an
// answer.
type watch struct{ unknown atomic.Bool }

// watched returns a context whose writes w watches.
func (w *watch) watched(ctx context.Context) context.Context {
	return astra.WithTrace(ctx, &astra.Trace{UnknownOutcome: func(*astra.Error) { w.unknown.Store(true) }})
}

// settled waits, when a write of those that w watched had no answer and it matters, until that
// can no longer be applied. It reports whether it waited: what is stored is then not known and must
// be looked at again. A write matters that could undo what comes after it: an insert or a delete of
// a batch that replaces or withdraws documents, a delete of finalising. In a batch that only adds, a
// late insert changes nothing, as its documents have the ids of those that are there (ADR 0012).
func (w *watch) settled(ctx context.Context, settle time.Duration, matters bool) (waited bool, err error) {
	if !matters || !w.unknown.Load() {
		return false, nil
	}
	return true, retry.Sleep(ctx, settle)
}
