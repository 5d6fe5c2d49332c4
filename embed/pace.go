package embed

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"

	"destination-astra/internal/retry"
)

const (
	// DefaultMaxConcurrency is the most requests at a time that an embedder comes to
	// when nothing slows it down.
	DefaultMaxConcurrency = 16
	// firstConcurrency is how many it starts with.
	firstConcurrency = 4
)

// pace decides when a request may be sent, for all calls of one embedder together.
// The number at a time grows by one for each round of successes and halves when the
// service is overtaxed. It is safe for concurrent use.
type pace struct {
	report *reporter
	// pauseBase doubles with each 429 that names no time, up to pauseMax. longest
	// bounds any pause that the service asks for: then the next reply has to confirm it.
	pauseBase, pauseMax, longest time.Duration

	mu               sync.Mutex
	most             float64 // requests at a time
	limit            float64
	inFlight         int
	inFlightTokens   int
	slowedAt         time.Time
	pausedUntil      time.Time
	pauses           int
	successes        int64
	requests, tokens ceiling
	leftRequests     allowance
	leftTokens       allowance
	changed          chan struct{} // closed when a request has ended
}

func newPace(o Common, provider string) *pace {
	most := float64(o.MaxConcurrency)
	longest := orDefault(o.Retry.Budget, retry.DefaultBudget)
	return &pace{
		report:       &reporter{provider: provider, tell: o.OnWait},
		pauseBase:    4 * orDefault(o.Retry.Base, retry.DefaultBase),
		pauseMax:     2 * orDefault(o.Retry.Max, retry.DefaultMax),
		longest:      longest,
		most:         most,
		limit:        min(firstConcurrency, most),
		requests:     ceiling{limit: max(0, o.RequestsPerMinute)},
		tokens:       ceiling{limit: max(0, o.TokensPerMinute)},
		leftRequests: allowance{longest: longest},
		leftTokens:   allowance{longest: longest},
		changed:      make(chan struct{}),
	}
}

// ticket is the right to send one request.
type ticket struct {
	pace   *pace
	began  time.Time
	tokens int
	used   *use
	ended  bool
}

// outcome is how a request ended. The zero outcome says nothing about the service.
type outcome struct {
	header http.Header // nil without a reply
	tokens int64       // as the service counted them, 0 when it did not
	err    error
}

// begin waits until a request of so many tokens may be sent. The ticket must be given
// back with end. The error is ctx's.
func (p *pace) begin(ctx context.Context, tokens int) (*ticket, error) {
	for {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		p.mu.Lock()
		now := time.Now()
		wait, reason := p.wait(now, tokens)
		full := p.inFlight >= int(p.limit)
		if wait <= 0 && !full {
			t := p.take(now, tokens)
			p.mu.Unlock()
			return t, nil
		}
		changed := p.changed
		p.mu.Unlock()
		if wait <= 0 { // for a request to end, which needs no report: work goes on
			select {
			case <-changed:
			case <-ctx.Done():
			}
			continue
		}
		p.report.waiting(wait, reason)
		if err := retry.Sleep(ctx, min(wait, waitEvery)); err != nil {
			return nil, err
		}
	}
}

// wait returns the longest of the times that the service and the user ask for.
func (p *pace) wait(now time.Time, tokens int) (longest time.Duration, reason string) {
	consider := func(d time.Duration, why string) {
		if d > longest {
			longest, reason = d, why
		}
	}
	consider(p.pausedUntil.Sub(now), "the service asks to slow down (429)")
	consider(p.leftRequests.wait(now, 1), "the service's limit of requests is nearly used up")
	consider(p.leftTokens.wait(now, tokens), "the service's limit of tokens is nearly used up")
	consider(p.requests.wait(now, 1), "requests_per_minute is reached")
	consider(p.tokens.wait(now, tokens), "tokens_per_minute is reached")
	return longest, reason
}

func (p *pace) take(now time.Time, tokens int) *ticket {
	p.inFlight++
	p.inFlightTokens += tokens
	p.requests.take(now, 1)
	p.leftRequests.take(1)
	p.leftTokens.take(tokens)
	return &ticket{pace: p, began: now, tokens: tokens, used: p.tokens.take(now, tokens)}
}

// end gives the ticket back, and learns from how the request ended. Further calls do
// nothing.
func (t *ticket) end(o outcome) {
	p := t.pace
	p.mu.Lock()
	defer p.mu.Unlock()
	if t.ended {
		return
	}
	t.ended = true
	now := time.Now()
	full := p.inFlight >= int(p.limit)
	p.inFlight--
	p.inFlightTokens -= t.tokens
	if o.tokens > 0 {
		p.tokens.correct(t.used, int(o.tokens))
	}
	if o.header != nil {
		p.leftRequests.observe(now, o.header, "Requests", p.inFlight)
		p.leftTokens.observe(now, o.header, "Tokens", p.inFlightTokens)
	}
	p.adapt(now, t, o.err, full)
	close(p.changed)
	p.changed = make(chan struct{})
}

// adapt sets the number of requests at a time. What was sent before the last change
// for the worse says nothing about that change.
func (p *pace) adapt(now time.Time, t *ticket, err error, full bool) {
	fresh := t.began.After(p.slowedAt)
	var e *Error
	switch {
	case err == nil:
		p.successes++
		if fresh {
			p.pauses = 0
		}
		if full {
			p.limit = min(p.most, p.limit+1/p.limit)
		}
	case errors.As(err, &e) && e.overtaxed():
		if e.kind() == faultRateLimit {
			p.pause(now, e.Wait, fresh)
		}
		if fresh {
			p.limit = max(1, p.limit/2)
			p.slowedAt = now
		}
	}
}

// pause keeps every request back for as long as a 429 asks, or, when it names no
// time, for longer at each 429 in a row.
func (p *pace) pause(now time.Time, asked time.Duration, fresh bool) {
	d := asked
	if d == 0 && fresh {
		d = p.pauseBase
		for i := 0; i < p.pauses && d < p.pauseMax; i++ {
			d *= 2
		}
		d = min(d, p.pauseMax)
		p.pauses++
	}
	if d > 0 { // embedders that were told the same time must not come back together
		d = min(d, p.longest) + rand.N(min(d, p.pauseBase)/4+1)
	}
	if until := now.Add(d); until.After(p.pausedUntil) {
		p.pausedUntil = until
	}
}

// succeeded counts the requests that did.
func (p *pace) succeeded() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.successes
}

// outwaits reports whether err is a 429 whose end is near enough to wait for.
func (p *pace) outwaits(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.kind() == faultRateLimit && e.Wait <= p.longest
}

// retryReason says why a request is repeated.
func retryReason(err error) string {
	var e *Error
	switch {
	case !errors.As(err, &e):
		return "a request is repeated"
	case e.HTTPStatus >= 300:
		return fmt.Sprintf("the service answered %d %s", e.HTTPStatus, http.StatusText(e.HTTPStatus))
	case e.kind() == faultTimeout:
		return "the service did not answer in time"
	case e.kind() == faultNetwork, e.kind() == faultHost:
		return "the service cannot be reached"
	default:
		return "the service's reply was damaged"
	}
}
