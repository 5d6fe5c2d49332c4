package astra

import (
	"net"
	"net/http"
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
func newTransport() *proxy.Transport {
	base := &http.Transport{
		DisableCompression:  true,
		MaxIdleConns:        idleConnections,
		MaxIdleConnsPerHost: idleConnections,
		IdleConnTimeout:     idleTimeout,
		TLSHandshakeTimeout: dialTimeout,
		WriteBufferSize:     socketBuffer,
		ReadBufferSize:      socketBuffer,
		Protocols:           new(http.Protocols),
	}
	base.Protocols.SetHTTP1(true)
	return proxy.NewTransport(base, net.Dialer{Timeout: dialTimeout, KeepAlive: 30 * time.Second})
}
