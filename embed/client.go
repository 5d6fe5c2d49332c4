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

// client sends requests to one endpoint of one provider. It does what providers
// have in common: deadline, retries, errors, redaction.
type client struct {
	provider string
	url      string // as asked
	shown    string // as told in errors: without user information and query
	settings settings
	http     *http.Client
	headers  http.Header
	// authorize and redact close over the key, so that no field of a printed
	// provider holds it.
	authorize func(http.Header)
	redact    func(string) string
	timeout   time.Duration
	retry     retry.Policy
	usage     usageCounter
	buffers   sync.Pool
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

// newTransport honours HTTPS_PROXY, HTTP_PROXY and NO_PROXY. It asks for no
// compression: vectors hardly shrink, and inflating one costs ten times its decoding.
func newTransport() *http.Transport {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         dialer.DialContext,
		ForceAttemptHTTP2:   true,
		MaxIdleConnsPerHost: 32,
		IdleConnTimeout:     90 * time.Second,
		TLSHandshakeTimeout: 10 * time.Second,
		DisableCompression:  true,
	}
}

// post sends body until a reply of success has been decoded without an error, or a
// repeat makes no sense. A longer reply than limit bytes is an error. decode must
// not keep the reply; an *Error that it returns is completed here.
func (c *client) post(ctx context.Context, body []byte, limit int64, decode func([]byte) error) error {
	err := retry.Do(ctx, c.retry, func(ctx context.Context, attempt int) error {
		c.usage.requests.Add(1)
		if attempt > 1 {
			c.usage.retries.Add(1)
		}
		return c.attempt(ctx, body, limit, decode)
	})
	if err != nil && ctx.Err() != nil {
		return fmt.Errorf("embed: %s: POST %s: %w", c.provider, c.shown, err)
	}
	return err
}

func (c *client) attempt(ctx context.Context, body []byte, limit int64, decode func([]byte) error) error {
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return c.complete(&Error{Message: "the URL cannot be asked", Err: err, fault: faultAddress}, 0)
	}
	req.Header = c.headers.Clone()
	c.authorize(req.Header)
	res, err := c.http.Do(req)
	if err != nil {
		return c.complete(&Error{Err: err}, 0)
	}
	defer func() { _ = res.Body.Close() }()
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return c.refused(res)
	}
	return c.accepted(res, limit, decode)
}

// refused makes an error of a reply whose status is not one of success.
func (c *client) refused(res *http.Response) error {
	// A cut error reply still has its status, so a read error changes nothing.
	body, _ := io.ReadAll(io.LimitReader(res.Body, maxErrorReplyBytes))
	e := parseErrorReply(body)
	e.Wait = retryAfter(res.Header)
	if to, err := res.Location(); err == nil && res.StatusCode < 400 {
		e.Message = "the service redirects to " + shownURL(to) + ", and redirects are not followed"
	}
	e.HTTPStatus = res.StatusCode
	unknown := e.HTTPStatus == http.StatusNotFound && classify(e) == faultAddress
	if unknown && !strings.HasSuffix(c.shown, "/v1/embeddings") {
		e.Message += " (most base URLs end in /v1)"
	}
	return c.complete(e, res.StatusCode)
}

func (c *client) accepted(res *http.Response, limit int64, decode func([]byte) error) error {
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
	if size := res.ContentLength; size > 0 && size <= limit {
		buf.Grow(int(size) + bytes.MinRead)
	}
	n, err := buf.ReadFrom(io.LimitReader(res.Body, limit+1))
	if err != nil {
		return c.complete(&Error{Err: err, fault: transportFault(err)}, res.StatusCode)
	}
	if n > limit {
		message := fmt.Sprintf("the reply is longer than the %d bytes that its vectors can take", limit)
		return c.complete(&Error{Message: message, fault: faultAnswer}, res.StatusCode)
	}
	err = decode(buf.Bytes())
	var e *Error
	if errors.As(err, &e) {
		return c.complete(e, res.StatusCode)
	}
	return err
}

// complete fills in what every error of this client says, and removes the key from
// whatever it says.
func (c *client) complete(e *Error, status int) *Error {
	var asked *url.Error
	if errors.As(e.Err, &asked) {
		e.Err = asked.Err // its text repeats the URL, query included
	}
	e.Provider, e.Endpoint, e.HTTPStatus = c.provider, c.shown, status
	if e.fault == faultUnclassified {
		e.fault = classify(e)
	}
	if e.Message == "" && e.Err != nil {
		e.Message = e.Err.Error()
		if e.fault == faultTimeout {
			e.Message = fmt.Sprintf("no reply within %s: %s", c.timeout, e.Message)
		}
	}
	if e.Err != nil && c.redact(e.Err.Error()) != e.Err.Error() {
		e.Err = errors.New(c.redact(e.Err.Error()))
	}
	e.Setting = c.settings.path(faultTraits[e.fault].role)
	e.Message = shorten(c.redact(e.Message))
	e.Code, e.Type = shorten(c.redact(e.Code)), shorten(c.redact(e.Type))
	return e
}

// shownURL is what may be told of a URL: user information and query may hold secrets.
func shownURL(u *url.URL) string {
	return (&url.URL{Scheme: u.Scheme, Host: u.Host, Path: u.Path}).String()
}

// redactor replaces every form in which a service may send the secrets back. Secrets
// of fewer than four bytes guard nothing, and replacing "k" would garble any message.
func redactor(secrets ...string) func(string) string {
	var pairs []string
	for _, secret := range secrets {
		if len(secret) < 4 {
			continue
		}
		for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
			pairs = append(pairs, form, "[redacted]")
		}
	}
	return strings.NewReplacer(pairs...).Replace
}
