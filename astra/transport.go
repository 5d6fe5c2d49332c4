package astra

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"syscall"
	"time"

	"destination-astra/internal/proxy"
)

// Connection settings: one endpoint, a few dozen callers at most, bodies of about 1 MB.
const (
	idleConnections = 64
	idleTimeout     = 90 * time.Second
	dialTimeout     = 10 * time.Second
	socketBuffer    = 64 << 10
)

// newTransport returns a pool of HTTP/1.1 connections. HTTP/2 would put all calls on
// one connection, and the Data API neither takes nor sends gzip.
func newTransport(onlyPrivate bool) *http.Transport {
	dialer := &net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second}
	t := &http.Transport{
		DialContext:         dialer.DialContext,
		DisableCompression:  true,
		MaxIdleConns:        idleConnections,
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     idleTimeout,
		TLSHandshakeTimeout: dialTimeout,
		WriteBufferSize:     socketBuffer,
		ReadBufferSize:      socketBuffer,
		Protocols:           new(http.Protocols),
	}
	t.Protocols.SetHTTP1(true)
	if onlyPrivate {
		// Behind a proxy the address that matters is not the one dialled: none is used.
		dialer.Control = controlPrivate
	} else {
		proxy.Use(t)
	}
	return t
}

// controlPrivate runs after name resolution and before connecting, so that a name
// cannot show one address to a check and another to the dial.
func controlPrivate(_, address string, _ syscall.RawConn) error {
	at, err := netip.ParseAddrPort(address)
	if err != nil {
		return fmt.Errorf("%w: %w", ErrNotPrivate, err)
	}
	if !isPrivate(at.Addr()) {
		return fmt.Errorf("%w: %s is a public address", ErrNotPrivate, at.Addr())
	}
	return nil
}
