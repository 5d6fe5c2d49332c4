package proxy

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"sync/atomic"

	"destination-astra/internal/nearby"
)

// Transport sends requests through the proxy that HTTPS_PROXY, HTTP_PROXY and NO_PROXY name,
// and plain http only to addresses that [nearby.Allows]: to the proxy's, where there is
// one. It is made by [NewTransport] and is safe for concurrent use.
type Transport struct {
	secure, plain *http.Transport
}

// NewTransport takes over base, which has not been used yet, for its settings, and dialer
// for its own; what they say of proxies and of addresses is replaced. The variables are
// read now.
func NewTransport(base *http.Transport, dialer net.Dialer) *Transport {
	variables := readEnvironment()
	checked := dialer
	checked.Control, checked.ControlContext = nearby.Control, nil
	t := &Transport{secure: base, plain: base.Clone()}
	t.secure.DialContext, t.secure.Proxy = dialer.DialContext, variables.forSecure
	t.secure.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
		return judge(r.StatusCode)
	}
	t.plain.DialContext, t.plain.Proxy = checked.DialContext, variables.forPlain
	return t
}

// CloseIdleConnections closes the connections that no request uses.
func (t *Transport) CloseIdleConnections() {
	t.secure.CloseIdleConnections()
	t.plain.CloseIdleConnections()
}

// RoundTrip implements http.RoundTripper. What is the proxy's fault is an error that [Fault]
// knows; what the address of the host itself forbids wraps [nearby.ErrNotPrivate].
func (t *Transport) RoundTrip(r *http.Request) (*http.Response, error) {
	carrier := t.plain
	if r.URL.Scheme == "https" {
		carrier = t.secure
	}
	proxy, err := carrier.Proxy(r)
	if err != nil {
		closeBody(r)
		return nil, err
	}
	if proxy == nil {
		return carrier.RoundTrip(r)
	}
	way := &way{proxy: proxy}
	response, err := carrier.RoundTrip(r.WithContext(way.trace(r.Context())))
	switch {
	case err != nil:
		return nil, way.blame(err)
	case r.URL.Scheme == "http" && response.StatusCode == http.StatusProxyAuthRequired:
		_ = response.Body.Close()
		return nil, judge(response.StatusCode)
	}
	return response, nil
}

// closeBody is what a RoundTripper owes a request that it does not send.
func closeBody(r *http.Request) {
	if r.Body != nil {
		_ = r.Body.Close()
	}
}

// way is how far a request has come on its way through a proxy.
type way struct {
	proxy      *url.URL
	connected  atomic.Bool
	handshakes atomic.Int32 // of TLS that have begun
}

// trace returns a context whose request reports to w.
func (w *way) trace(ctx context.Context) context.Context {
	return httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{
		GotConn:           func(httptrace.GotConnInfo) { w.connected.Store(true) },
		TLSHandshakeStart: func() { w.handshakes.Add(1) },
	})
}

// passed reports that the proxy has done its part: the host's own TLS began, or there is a
// connection.
func (w *way) passed() bool {
	own := int32(0)
	if w.proxy.Scheme == "https" {
		own = 1
	}
	return w.connected.Load() || w.handshakes.Load() > own
}

// blame makes a fault of the proxy of an error that came before the proxy had done its part.
func (w *way) blame(err error) error {
	refused, public := errors.AsType[*nearby.Error](err)
	switch {
	case public:
		return &Error{Reason: fmt.Sprintf("is at %s, %s, where plain http would take your secrets "+
			"unencrypted: use an https:// endpoint, or a proxy of your own network", refused.Address, refused.Kind())}
	case w.passed() || errors.Is(err, context.Canceled):
		return err
	case errors.Is(err, context.DeadlineExceeded):
		err = errNoAnswer
	}
	if _, known := Fault(err); known {
		return err
	}
	return &net.OpError{Op: opConnect, Net: "tcp", Err: err}
}

var errNoAnswer = errors.New("no answer in time")
