package astra

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"time"

	"destination-astra/internal/proxy"
	"destination-astra/internal/retry"
)

const (
	// doubtfulAttempts and doubtfulShare: an error whose cause may as well lie in the
	// request is the request's own once it came so often while the server did other
	// calls of its kind, and for this part of the patience.
	doubtfulAttempts = 4
	doubtfulShare    = 10
	// otherCreator is how long a collection that someone else is creating gets to appear.
	otherCreator = 2 * time.Second
)

// patience is what the attempts of one call have shown.
type patience struct {
	client *Client
	call   call
	began  time.Time
	seen   int64 // calls of the operation that went well, at the last failure
	doubts int   // doubtful failures while others went well
}

// repeat runs op under the client's pace, its policy and the rules of this API.
func (c *Client) repeat(ctx context.Context, k call, op func(context.Context) attempt) error {
	// The first wait in the queue is not part of the patience.
	t, err := c.pace.begin(ctx)
	if err != nil {
		return k.wrap(err)
	}
	p := &patience{client: c, call: k, began: time.Now()}
	p.seen, _ = c.pace.took(k)
	w := &waiting{command: k.command, since: p.began}
	defer func() { c.waits.over(w, err == nil) }()
	policy := c.policy
	policy.Since = p.since
	policy.OnRetry = func(event retry.Event) { c.retrying(k, w, event) }
	err = retry.Do(ctx, policy, func(ctx context.Context, n int) error {
		if n > 1 {
			next, err := c.pace.begin(ctx)
			if err != nil {
				return err
			}
			t = next
		}
		a := c.allowed(ctx, k, &t, op)
		c.pace.end(k, t, a)
		if a.held {
			return a.err
		}
		observe(ctx, a.err)
		return p.judge(a.err, n)
	})
	var known *Error
	if err != nil && !errors.As(err, &known) {
		return k.wrap(err)
	}
	return withoutVerdict(err)
}

// allowed asks the context's Traces and runs op. They are asked when the write's turn has
// come, for what they say may be true for seconds only; what they call themselves goes
// in the place of the write that waits for it.
func (c *Client) allowed(ctx context.Context, k call, t *ticket, op func(context.Context) attempt) attempt {
	if err := beforeWrite(c.pace.lend(ctx), k.command); err != nil {
		return attempt{err: err, held: true}
	}
	t.began = time.Now()
	return op(ctx)
}

// retrying tells of a wait between two attempts.
func (c *Client) retrying(k call, w *waiting, event retry.Event) {
	err := withoutVerdict(event.Err)
	event.Err = err
	if c.policy.OnRetry != nil {
		c.policy.OnRetry(event)
	}
	if c.onRetry != nil {
		c.onRetry(RetryEvent{
			Command: k.command, Keyspace: k.keyspace, Collection: k.collection,
			Attempt: event.Attempt, Wait: event.Wait, Err: err,
		})
	}
	c.waits.begun(w, err)
}

// since is the time from which the patience counts: while other calls go well a 429 is
// not about this one, and a call that has hardly had its turn has not failed yet.
func (p *patience) since(attempt int, err error) time.Time {
	if isRateLimit(err) || attempt < doubtfulAttempts {
		_, last := p.client.pace.took(p.call)
		return last
	}
	return p.began
}

// verdict overrides what an error says of repeats.
type verdict struct {
	error
	retryable bool
	after     time.Duration
}

func (v *verdict) Unwrap() error             { return v.error }
func (v *verdict) Retryable() bool           { return v.retryable }
func (v *verdict) RetryAfter() time.Duration { return v.after }

func withoutVerdict(err error) error {
	if v, ok := err.(*verdict); ok {
		return v.error
	}
	return err
}

// judge decides whether the call is worth another attempt.
func (p *patience) judge(err error, attempt int) error {
	var e *Error
	if !errors.As(err, &e) {
		return err
	}
	switch {
	case p.call.retryOnce != "" && attempt == 1 && e.HasCode(p.call.retryOnce):
		return &verdict{error: err, retryable: true, after: otherCreator}
	case isRateLimit(e) && e.retryAfter <= p.client.pace.patience:
		// The pause is common to all calls: pace keeps it.
		return &verdict{error: err, retryable: true, after: time.Nanosecond}
	case (e.doubtful() || p.astray(e)) && p.own():
		return &verdict{error: err}
	case p.astray(e):
		return &verdict{error: err, retryable: true}
	}
	return err
}

// own takes note of a doubtful failure, and reports whether the request itself is the
// cause: while nothing else of its kind goes well either, the service is. A service
// that never did anything is not set up.
func (p *patience) own() bool {
	same, last := p.client.pace.took(p.call)
	if same != p.seen || last.IsZero() {
		p.doubts++
	}
	p.seen = same
	return p.doubts >= doubtfulAttempts && time.Since(p.began) >= p.client.pace.patience/doubtfulShare
}

func isRateLimit(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.HTTPStatus == http.StatusTooManyRequests
}

// astray reports an answer from somebody else than the Data API that this client has
// already met at this endpoint: a page of a proxy, a redirect, an empty 404, a name
// that is gone. In the midst of work that passes; before the first answer of a Data API
// it is the wrong address.
func (p *patience) astray(e *Error) bool {
	if _, last := p.client.pace.took(p.call); last.IsZero() || e.Code != "" {
		return false
	}
	switch e.HTTPStatus {
	case http.StatusUnauthorized, http.StatusForbidden, http.StatusRequestEntityTooLarge:
		return false
	}
	return e.HTTPStatus >= http.StatusMultipleChoices || errors.Is(e.Err, ErrNotDataAPI) || wrongHost(e.Err)
}

// wrongHost reports a host that does not exist, one that cannot prove to be the host of
// the endpoint, or a proxy that does not let through.
func wrongHost(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		dns         *net.DNSError
		refused     *proxy.Error
	)
	return errors.As(err, &refused) || errors.As(err, &certificate) || errors.As(err, &record) || errors.As(err, &dns) && dns.IsNotFound
}
