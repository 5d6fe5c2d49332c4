package retry

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// Defaults of a zero [Policy]. A hibernated Astra database takes minutes to
// resume, so the budget is minutes and not seconds.
const (
	DefaultBase   = 250 * time.Millisecond
	DefaultMax    = 30 * time.Second
	DefaultBudget = 5 * time.Minute
)

// slowShare is the part of a slow attempt's time that the ceiling of the wait after
// it has at least: calls that timed out together must not be repeated together.
const slowShare = 4

// Policy says for how long [Do] repeats. Each zero field means its default; the zero
// Policy is ready to use.
type Policy struct {
	// MaxAttempts counts the first attempt too: 1 never repeats. 0 sets no bound: how
	// many attempts fit into an outage says nothing about its end, so the time decides.
	MaxAttempts int
	// Base is the ceiling of the first wait; each further ceiling is twice the one before.
	Base time.Duration
	// Max is the highest ceiling of a drawn wait. It does not cap a server's RetryAfter.
	Max time.Duration
	// Budget bounds the whole of Do, counted from its start: no attempt begins after
	// it. A drawn wait is cut so that the last attempt begins at its end; a RetryAfter
	// that goes beyond it is not waited for. An attempt that is under way is never cut
	// short.
	Budget time.Duration
	// Since, when not nil, gives the time from which Budget counts once attempt failed
	// with err; before the start of Do it is that start. A client that sends many calls
	// says so of a refusal that is not about this one, with the time of the last call
	// that went well.
	Since func(attempt int, err error) time.Time
	// OnRetry, when not nil, is called before each wait, from the goroutine of Do.
	OnRetry func(Event)
}

// Event describes one repeat that is about to be waited for.
type Event struct {
	// Attempt is the number of the attempt that failed, from 1.
	Attempt int
	// Wait is how long Do now waits.
	Wait time.Duration
	// Err is what the attempt returned.
	Err error
}

// Do calls op, with attempt counted from 1, until it returns nil, an error that is
// not retryable, or the policy is used up; it returns op's last error unchanged.
// When ctx ends, Do returns at once, with an error that wraps both ctx.Err() and
// op's last error; a wait that would outlast ctx's deadline is not begun.
// An error is retryable when one in its tree has Retryable() bool that says true.
func Do(ctx context.Context, p Policy, op func(ctx context.Context, attempt int) error) error {
	p = p.withDefaults()
	start := time.Now()
	if err := ctx.Err(); err != nil {
		return err
	}
	for attempt := 1; ; attempt++ {
		began := time.Now()
		err := op(ctx, attempt)
		if err == nil {
			return nil
		}
		if ctx.Err() != nil {
			return interrupted(ctx, err)
		}
		if attempt == p.MaxAttempts || !Retryable(err) {
			return err
		}
		wait, ok := p.wait(ctx, attempt, p.end(start, attempt, err), time.Since(began), err)
		if !ok {
			return err
		}
		if p.OnRetry != nil {
			p.OnRetry(Event{Attempt: attempt, Wait: wait, Err: err})
		}
		if Sleep(ctx, wait) != nil {
			return interrupted(ctx, err)
		}
	}
}

// Retryable reports whether err, or the first error it wraps that has an opinion,
// says that a repeat may help. Errors without one are not retryable.
func Retryable(err error) bool {
	var r interface{ Retryable() bool }
	return errors.As(err, &r) && r.Retryable()
}

// After returns how long the server behind err asked to be left alone, or 0.
func After(err error) time.Duration {
	var r interface{ RetryAfter() time.Duration }
	if !errors.As(err, &r) {
		return 0
	}
	return max(0, r.RetryAfter())
}

func (p Policy) withDefaults() Policy {
	if p.Base <= 0 {
		p.Base = DefaultBase
	}
	if p.Max <= 0 {
		p.Max = DefaultMax
	}
	if p.Budget <= 0 {
		p.Budget = DefaultBudget
	}
	return p
}

// end is when the budget is used up.
func (p Policy) end(start time.Time, attempt int, err error) time.Time {
	if p.Since != nil {
		if since := p.Since(attempt, err); since.After(start) {
			start = since
		}
	}
	return start.Add(p.Budget)
}

// wait is how long to wait after an attempt that took so long; it is not ok when no
// further one can begin before the budget or ctx ends.
func (p Policy) wait(
	ctx context.Context, attempt int, end time.Time, took time.Duration, err error,
) (wait time.Duration, ok bool) {
	left := time.Until(end)
	after := After(err)
	wait = min(p.draw(attempt, took, after), max(left, after))
	if deadline, ok := ctx.Deadline(); ok {
		left = min(left, time.Until(deadline))
	}
	return wait, left > 0 && wait <= left
}

// draw draws a wait. The jitter is added to the server's RetryAfter, so that clients
// told the same second still spread.
func (p Policy) draw(attempt int, took, after time.Duration) time.Duration {
	ceiling := p.Base
	for i := 1; i < attempt && ceiling < p.Max; i++ {
		ceiling *= 2
	}
	drawn := rand.N(min(max(ceiling, took/slowShare), p.Max) + 1)
	if after > 0 {
		return after + min(drawn, p.Base)
	}
	return drawn
}

// Sleep waits for d, or returns ctx's error as soon as ctx ends.
func Sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return ctx.Err()
}

// interrupted makes sure that errors.Is finds ctx's error beside op's last one.
func interrupted(ctx context.Context, last error) error {
	if errors.Is(last, ctx.Err()) {
		return last
	}
	return fmt.Errorf("%w (after: %w)", ctx.Err(), last)
}
