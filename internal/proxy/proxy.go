package proxy

import (
	"errors"
	"net"
	"net/http"
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
