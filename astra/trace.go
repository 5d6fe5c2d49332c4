package astra

import (
	"context"
	"errors"
)

// Trace observes the commands of a context, as net/http/httptrace does for requests.
// Of several on one context each is called, the innermost first.
type Trace struct {
	// BeforeWrite is called before each attempt of a command that writes, also before
	// each repeat. An error keeps the attempt from being sent and ends the command with
	// that error, unless it says that it is retryable. It may be called from several
	// goroutines.
	BeforeWrite func(context.Context) error
	// UnknownOutcome is called for each attempt of a write that ended without saying
	// whether it was applied, also when a later attempt succeeds: the first one may still
	// be applied, for as long as the server's own timeout (20 s). It may be called from
	// several goroutines.
	UnknownOutcome func(*Error)
}

type traceKey struct{}

// traces is a context's Trace and those around it.
type traces struct {
	*Trace
	outer *traces
}

// WithTrace returns a context whose commands t observes, beside the Traces of ctx.
func WithTrace(ctx context.Context, t *Trace) context.Context {
	return context.WithValue(ctx, traceKey{}, &traces{Trace: t, outer: tracesOf(ctx)})
}

func tracesOf(ctx context.Context) *traces {
	t, _ := ctx.Value(traceKey{}).(*traces)
	return t
}

// beforeWrite asks the context's Traces whether the command may be sent now.
func beforeWrite(ctx context.Context, command string) error {
	if readsOnly(command) {
		return nil
	}
	for t := tracesOf(ctx); t != nil; t = t.outer {
		if t.BeforeWrite == nil {
			continue
		}
		if err := t.BeforeWrite(ctx); err != nil {
			return err
		}
	}
	return nil
}

// observe tells the context's Traces what became of one attempt.
func observe(ctx context.Context, err error) {
	var e *Error
	if !errors.As(err, &e) || !e.OutcomeUnknown() {
		return
	}
	for t := tracesOf(ctx); t != nil; t = t.outer {
		if t.UnknownOutcome != nil {
			t.UnknownOutcome(e)
		}
	}
}
