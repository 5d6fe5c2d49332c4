package astra

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"
	"time"

	"destination-astra/internal/proxy"
)

// call is one command and where it goes.
type call struct {
	command, keyspace, collection string
	endpoint                      string        // of the client when the call was made, for errors
	timeout                       time.Duration // of one attempt
	complete                      func(*reply) bool
	retryOnce                     string // a code worth one more attempt, for this command only
	nameless                      bool   // a name is empty: the path would be another command's
	maxReply                      int    // bytes of the answer; MaxReplyBytes at least
}

func (k call) newError(status int) *Error {
	return &Error{
		Command: k.command, Keyspace: k.keyspace, Collection: k.collection, Endpoint: k.endpoint, HTTPStatus: status,
	}
}

func (k call) replyLimit() int64 { return int64(max(k.maxReply, MaxReplyBytes)) }

func (k call) operation() string { return operation(k.command, k.keyspace, k.collection) }

// wrap names the operation in front of an error that is found before anything is sent.
func (k call) wrap(err error) error {
	return fmt.Errorf("astra: %s: %w", k.operation(), err)
}

func (k call) tooLarge(n int) *Error {
	e := k.newError(0)
	e.NothingSent = true
	e.Err = fmt.Errorf("%w: %d bytes, at most %d go", ErrRequestTooLarge, n, MaxRequestBytes)
	return e
}

func (k call) path() string {
	path := ""
	if k.keyspace != "" {
		path += "/" + url.PathEscape(k.keyspace)
	}
	if k.collection != "" {
		path += "/" + url.PathEscape(k.collection)
	}
	return path
}

// execute sends {command: payload} until it succeeds or retrying ends. A reply may come
// beside an error: what was done before it.
func (c *Client) execute(ctx context.Context, k call, payload any) (*reply, error) {
	if k.nameless {
		return nil, k.wrap(ErrNoName)
	}
	text, err := json.Marshal(map[string]any{k.command: payload})
	if err != nil {
		return nil, k.wrap(err)
	}
	body := c.newBuffer()
	defer body.release()
	body.bytes = append(body.bytes, text...)
	if len(body.bytes) > MaxRequestBytes {
		return nil, k.tooLarge(len(body.bytes))
	}
	var r *reply
	err = c.repeat(ctx, k, func(ctx context.Context) attempt {
		var err error
		r, err = c.send(ctx, k, body)
		return attempt{err: err, taken: err == nil, bytes: len(body.bytes)}
	})
	return r, err
}

// send makes one attempt. Until one of two endpoints has given a Data API's answer, an
// unknown path at the first sends the same command to the second: a 404 executes nothing.
func (c *Client) send(ctx context.Context, k call, body *buffer) (*reply, error) {
	if chosen := c.chosen.Load(); chosen > 0 {
		return c.sendTo(ctx, c.endpoints[chosen-1], k, body)
	}
	var (
		r   *reply
		err error
	)
	for i, endpoint := range c.endpoints {
		r, err = c.sendTo(ctx, endpoint, k, body)
		if errors.Is(err, ErrUnknownPath) {
			continue
		}
		if r != nil {
			c.chosen.CompareAndSwap(0, int32(i)+1)
		}
		break
	}
	return r, err
}

func (c *Client) sendTo(parent context.Context, endpoint string, k call, body *buffer) (*reply, error) {
	ctx, cancel := context.WithTimeout(parent, k.timeout)
	defer cancel()
	var connected atomic.Bool
	req, err := c.newRequest(ctx, endpoint+k.path(), body, &connected)
	if err != nil {
		return nil, k.wrap(c.credentials.redact.Error(err))
	}
	resp, err := c.transport.RoundTrip(req)
	if err != nil {
		e := c.lost(parent, ctx, k, err)
		e.NothingSent = dialFailed(err) || c.ownTransport != nil && !connected.Load()
		return nil, e
	}
	defer resp.Body.Close()
	answer := c.newBuffer()
	defer answer.release()
	if err := answer.fill(resp, k.replyLimit()); err != nil {
		e := c.lost(parent, ctx, k, err)
		e.HTTPStatus = resp.StatusCode
		return nil, e
	}
	return c.decode(k, resp, answer.bytes)
}

func (c *Client) newRequest(
	ctx context.Context, target string, body *buffer, connected *atomic.Bool,
) (*http.Request, error) {
	if c.ownTransport != nil {
		ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
			GotConn: func(httptrace.GotConnInfo) { connected.Store(true) },
		})
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, target, nil)
	if err != nil {
		return nil, err
	}
	req.Body = body.reader()
	req.GetBody = func() (io.ReadCloser, error) { return body.reader(), nil }
	req.ContentLength = int64(len(body.bytes))
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("Accept", "application/json")
	// An empty value keeps Go's own User-Agent away.
	req.Header.Set("User-Agent", c.userAgent)
	c.credentials.apply(req.Header)
	return req, nil
}

// fill reads a whole response body, unless it has more than limit bytes.
func (b *buffer) fill(resp *http.Response, limit int64) error {
	into := bytes.NewBuffer(b.bytes)
	if n := resp.ContentLength; n > 0 && n <= limit {
		// One byte more lets ReadFrom see the end without growing.
		into.Grow(int(n) + bytes.MinRead)
	}
	n, err := into.ReadFrom(io.LimitReader(resp.Body, limit+1))
	b.bytes = into.Bytes()
	if err == nil && n > limit {
		return fmt.Errorf("%w: over %d bytes, more than a Data API has to say", ErrResponseTooLarge, limit)
	}
	return err
}

// lost describes an attempt without a complete answer.
func (c *Client) lost(parent, own context.Context, k call, err error) *Error {
	e := k.newError(0)
	_, byProxy := proxy.Fault(err)
	switch {
	case parent.Err() != nil:
		e.Err = parent.Err()
	case own.Err() != nil && !byProxy:
		// The attempt's own deadline is not the caller's: DeadlineExceeded stays out.
		e.Err = fmt.Errorf("%w (%s)", ErrTimeout, k.timeout)
	case errors.Is(err, context.DeadlineExceeded): // the dialer's own, as above
		e.Err = fmt.Errorf("%w: %s", ErrTimeout, c.credentials.redact.Text(err.Error()))
	default:
		e.Err = c.credentials.redact.Error(err)
	}
	return e
}

// dialFailed reports whether err says that no connection was made.
func dialFailed(err error) bool {
	var op *net.OpError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect")
}
