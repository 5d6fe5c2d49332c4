package astra

import (
	"context"
	"errors"
)

// Trace observes the commands of a context, as net/http/httptrace does for requests.
type Trace struct {
	// UnknownOutcome is called for each attempt of a write that ended without saying
	// whether it was applied, also when a later attempt succeeds: the first one may still
	// be applied, for as long as the server's own timeout (20 s). It may be called from
	// several goroutines.
	UnknownOutcome func(*Error)
}

type traceKey struct{}

// WithTrace returns a context whose commands t observes.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, t)
}

// observe tells the context's Trace what became of one attempt.
func observe(ctx context.Context, err error) {
	t, ok := ctx.Value(traceKey{}).(*Trace)
	if !ok || t.UnknownOutcome == nil {
		return
	}
	var e *Error
	if errors.As(err, &e) && e.OutcomeUnknown() {
		t.UnknownOutcome(e)
	}
}
