// Package proxy sends a transport's requests through the proxy that the environment
// names, and tells the proxy's faults from those of the host behind it.
//
// What it says never quotes the proxy's address, in which people put a password.
package proxy
