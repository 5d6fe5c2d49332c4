// Package proxy is the way out to the services: through the proxy that the environment names,
// where it names one, and in plain http only to loopback and private addresses (ADR 0032). It
// tells the proxy's faults from those of the host behind it.
//
// What it says never quotes the proxy's address, in which people put a password.
package proxy
