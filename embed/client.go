package embed

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"destination-astra/internal/nearby"
	"destination-astra/internal/proxy"
	"destination-astra/internal/redact"
	"destination-astra/internal/retry"
)

const (
	// DefaultTimeout bounds one request from its start to the end of its reply.
	DefaultTimeout = 60 * time.Second
	// DefaultUserAgent is sent by a provider whose options name no other.
	DefaultUserAgent = "destination-astra"

	// maxErrorReplyBytes is how much of an error reply is read.
	maxErrorReplyBytes = 64 << 10
	// maxPooledBytes is the largest reply buffer that is kept for the next reply.
	maxPooledBytes = 8 << 20
)

// client sends requests to one provider. It does what providers have in common:
// pace, deadline, retries, errors, redaction.
type client struct {
	provider string
	settings settings
	http     *http.Client
	headers  http.Header
	// authorize and redact close over the key, so that no field of a printed
	// provider holds it.
	authorize func(http.Header)
	redact    *redact.Redactor
	timeout   time.Duration
	retry     retry.Policy
	pace      *pace
	// retired is the date since which the model is no longer served, if it is known.
	retired string
	// version tells that the provider's base URLs usually end in /v1.
	version bool
	usage   usageCounter
	buffers sync.Pool
}

// identity is what tells one provider's client from another's.
type identity struct {
	provider string
	settings settings
	key      string
	header   string   // that holds the key
	scheme   string   // before the key
	base     *url.URL // as configured; nil for none
}

func newClient(id identity, o Common) *client {
	c := &client{
		provider: id.provider,
		settings: id.settings,
		http:     newHTTPClient(o.Transport),
		headers: http.Header{
			"Content-Type": {"application/json"},
			"Accept":       {"application/json"},
			"User-Agent":   {o.UserAgent},
		},
		authorize: func(h http.Header) {
			if id.key != "" {
				h.Set(id.header, id.scheme+id.key)
			}
		},
		redact:  redact.New(append(redact.OfURL(id.base), id.key)...),
		timeout: o.Timeout,
		retry:   o.Retry,
		pace:    newPace(o, id.provider),
	}
	told := o.Retry.OnRetry
	c.retry.OnRetry = func(e retry.Event) {
		c.pace.report.waiting(e.Wait, retryReason(e.Err))
		if told != nil {
			told(e)
		}
	}
	return c
}

// newHTTPClient never follows a redirect: it would turn the POST into a GET or
// carry the key to another host.
func newHTTPClient(transport http.RoundTripper) *http.Client {
	if transport == nil {
		transport = newTransport()
	}
	return &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// newTransport honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY, and sends plain http to loopback
// and private addresses only. It asks for no compression: vectors hardly shrink, and inflating
// one costs ten times its decoding.
func newTransport() *proxy.Transport {
	base := &http.Transport{
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 128, // the most that max_concurrency may be
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		DisableCompression:  true,
	}
	return proxy.NewTransport(base, net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second})
}

// call is one request, and how its reply is read.
type call struct {
	url    string // as asked
	shown  string // as told in errors: without user information and query
	body   []byte
	tokens int   // as estimated
	limit  int64 // on the bytes of a good reply
	// decode returns the tokens charged, 0 when the reply does not tell. It must not
	// keep the reply; an *Error that it returns is completed by the client.
	decode func(reply []byte) (tokens int64, err error)
}

// post sends a call until a reply of success has been decoded without an error, or a
// repeat makes no sense. A 429 counts neither as an attempt nor towards the patience
// while other requests of the same embedder succeed: some request always comes last.
func (c *client) post(ctx context.Context, q call) error {
	for {
		seen := c.pace.succeeded()
		err := c.patiently(ctx, q)
		if err == nil || ctx.Err() != nil || !c.pace.outwaits(err) || c.pace.succeeded() == seen {
			return c.tooLong(err)
		}
	}
}

// tooLong says of an error that it asks for more patience than there is.
func (c *client) tooLong(err error) error {
	var e *Error
	if errors.As(err, &e) && e.kind() == faultRateLimit && e.Wait > 0 {
		e.Message += fmt.Sprintf(" (the service asks to wait %s, and a request is repeated for %s at most)",
			e.Wait.Round(time.Second), c.pace.longest)
	}
	return err
}

// patiently is post for one time of patience.
func (c *client) patiently(ctx context.Context, q call) error {
	// The first wait in the queue is not part of the retries' budget.
	t, err := c.pace.begin(ctx, q.tokens)
	if err != nil {
		return fmt.Errorf("embed: %s: POST %s: %w", c.provider, q.shown, err)
	}
	defer func() { t.end(outcome{}) }()
	seen := c.pace.succeeded()
	err = retry.Do(ctx, c.retry, func(ctx context.Context, attempt int) error {
		for again := attempt > 1; ; again = true {
			if again {
				next, err := c.pace.begin(ctx, q.tokens)
				if err != nil {
					return err
				}
				t = next
				c.usage.retries.Add(1)
			}
			c.usage.requests.Add(1)
			o := c.attempt(ctx, q)
			o.err = c.lost(o.err)
			t.end(o)
			now := c.pace.succeeded()
			if now == seen || !c.pace.outwaits(o.err) {
				return o.err
			}
			seen = now
		}
	})
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("embed: %s: POST %s: %w", c.provider, q.shown, err)
	}
	return err
}

func (c *client) attempt(ctx context.Context, q call) outcome {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, q.url, bytes.NewReader(q.body))
	if err != nil {
		return outcome{err: c.complete(q, &Error{Message: "the URL cannot be asked", Err: err, fault: faultAddress}, 0)}
	}
	req.Header = c.headers.Clone()
	c.authorize(req.Header)
	res, err := c.http.Do(req)
	if err != nil {
		return outcome{err: c.complete(q, &Error{Err: err}, 0)}
	}
	defer func() { _ = res.Body.Close() }()
	o := outcome{header: res.Header}
	if res.StatusCode < 200 || res.StatusCode > 299 {
		o.err = c.refused(q, res)
		return o
	}
	o.tokens, o.err = c.accepted(q, res)
	return o
}

// lost marks an answer that is not that of an embeddings API as one that may pass, when
// the service has answered before: a gateway that restarts shows such pages.
func (c *client) lost(err error) error {
	var e *Error
	if errors.As(err, &e) && e.kind() == faultAddress && c.pace.succeeded() > 0 {
		e.passing = true
	}
	return err
}

// refused makes an error of a reply whose status is not one of success.
func (c *client) refused(q call, res *http.Response) error {
	// A cut error reply still has its status, so a read error changes nothing.
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorReplyBytes))
	e := parseErrorReply(body)
	e.Wait = retryAfter(res.Header)
	if e.Wait == 0 && res.StatusCode == http.StatusTooManyRequests {
		e.Wait = exhaustedReset(res.Header)
	}
	if to, err := res.Location(); err == nil && res.StatusCode < 400 {
		e.Message = "the service redirects to " + shownURL(to) + ", and redirects are not followed"
	}
	e.HTTPStatus = res.StatusCode
	unknown := e.HTTPStatus == http.StatusNotFound && classify(e) == faultAddress
	if unknown && c.version && !strings.HasSuffix(q.shown, "/v1/embeddings") {
		e.Message += " (most base URLs end in /v1)"
	}
	return c.complete(q, e, res.StatusCode)
}

func (c *client) accepted(q call, res *http.Response) (tokens int64, err error) {
	buf, _ := c.buffers.Get().(*bytes.Buffer)
	if buf == nil {
		buf = new(bytes.Buffer)
	}
	defer func() {
		if buf.Cap() <= maxPooledBytes {
			c.buffers.Put(buf)
		}
	}()
	buf.Reset()
	if size := res.ContentLength; size > 0 && size <= q.limit {
		buf.Grow(int(size) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(res.Body, q.limit+1))
	if err != nil {
		return 0, c.complete(q, &Error{Err: err, fault: transportFault(err)}, res.StatusCode)
	}
	if n > q.limit {
		message := fmt.Sprintf("the reply is longer than the %d bytes that its vectors can take", q.limit)
		return 0, c.complete(q, &Error{Message: message, fault: faultAnswer}, res.StatusCode)
	}
	tokens, err = q.decode(buf.Bytes())
	var e *Error
	if errors.As(err, &e) {
		return tokens, c.complete(q, e, res.StatusCode)
	}
	return tokens, err
}

// complete fills in what every error of this client says, and removes the key from
// whatever it says.
func (c *client) complete(q call, e *Error, status int) *Error {
	var asked *url.Error
	if errors.As(e.Err, &asked) {
		e.Err = asked.Err // its text repeats the URL, query included
	}
	e.Provider, e.Endpoint, e.HTTPStatus = c.provider, q.shown, status
	if e.fault == faultUnclassified {
		e.fault = classify(e)
	}
	if e.Message == "" && e.Err != nil {
		e.Message = e.Err.Error()
		if e.fault == faultTimeout {
			e.Message = fmt.Sprintf("no reply within %s: %s", c.timeout, e.Message)
		}
	}
	if refused, ok := errors.AsType[*nearby.Error](e.Err); ok {
		e.Message = refused.Error()
	}
	e.Err = c.redact.Error(e.Err)
	if e.fault == faultModel && c.retired != "" {
		e.Message += " (the provider retired this model on " + c.retired + ": choose another one, and run a refresh)"
	}
	e.Setting = c.settings.path(faultTraits[e.fault].role)
	e.Message = shorten(c.redact.Text(e.Message))
	e.Code, e.Type = shorten(c.redact.Text(e.Code)), shorten(c.redact.Text(e.Type))
	return e
}

// shownURL is what may be told of a URL: user information and query may hold secrets.
func shownURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// shownText is shownURL for a URL that may not be one.
func shownText(base string) string {
	u, err := url.Parse(base)
	if err != nil {
		return "(not a URL)"
	}
	return shownURL(u)
}
