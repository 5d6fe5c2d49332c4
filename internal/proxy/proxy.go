package proxy

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"
)

// Error says that the proxy cannot be used as the environment names it, or refuses to
// be used. A repeat does not help.
type Error struct {
	Reason string // continues a sentence that begins with the proxy
}

// Error begins with the variables that name the proxy.
func (e *Error) Error() string { return "the proxy named by HTTPS_PROXY or HTTP_PROXY " + e.Reason }

// Use makes t honour HTTPS_PROXY, HTTP_PROXY and NO_PROXY, which are read once in the
// life of the process.
func Use(t *http.Transport) {
	t.Proxy = fromEnvironment
	t.OnProxyConnectResponse = func(_ context.Context, _ *url.URL, _ *http.Request, r *http.Response) error {
		return judge(r.StatusCode)
	}
}

func fromEnvironment(r *http.Request) (*url.URL, error) {
	u, err := http.ProxyFromEnvironment(r)
	if err == nil && u == nil {
		return nil, nil
	}
	// A URL that cannot be read is read again behind http://, with its scheme as the host.
	if err != nil || strings.HasPrefix(u.Path, "//") {
		return nil, &Error{Reason: "has an address that is not a URL"}
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return nil, &Error{Reason: "has an address that does not begin with http://, https:// or socks5://"}
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, &Error{Reason: "has a port that is not from 1 to 65535"}
		}
	}
	return u, nil
}

// judge takes the proxy's answer to a CONNECT. A failure of the proxy's own, or of its
// way to the host, may pass.
func judge(status int) error {
	answer := strconv.Itoa(status) + " " + http.StatusText(status)
	switch {
	case status == http.StatusOK:
		return nil
	case status == http.StatusProxyAuthRequired:
		return &Error{Reason: "asks for another user and password (407)"}
	case status >= http.StatusInternalServerError, status == http.StatusTooManyRequests:
		return &net.OpError{Op: opConnect, Net: "tcp", Err: errors.New("the proxy answers " + answer)}
	}
	return &Error{Reason: "does not let the request through (" + answer + ")"}
}

// opConnect is the operation under which net/http reports a proxy that it cannot reach.
const opConnect = "proxyconnect"

// Fault reports whether err is a fault of the proxy, and says which: a continuation of
// a sentence that begins with the proxy.
func Fault(err error) (reason string, ok bool) {
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Reason, true
	}
	op, ok := errors.AsType[*net.OpError](err)
	if !ok || op.Op != opConnect && !strings.HasPrefix(op.Op, "socks") {
		return "", false
	}
	return "cannot be reached: " + cause(op.Err).Error(), true
}

// cause is the innermost error of the network's: the outer ones repeat addresses.
func cause(err error) error {
	for {
		op, ok := errors.AsType[*net.OpError](err)
		if !ok || op.Err == nil {
			return err
		}
		err = op.Err
	}
}
