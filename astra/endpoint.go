package astra

import (
	"errors"
	"net"
	"net/netip"
	"net/url"
	"strings"
)

// parseEndpoint checks a base URL and drops its trailing slashes. Its errors do not
// quote the input: a token pasted into the wrong field would be in it.
func parseEndpoint(raw string) (*url.URL, error) {
	if raw == "" {
		return nil, errors.New("the endpoint is empty")
	}
	u, err := url.Parse(strings.TrimSpace(raw))
	switch {
	case err != nil:
		return nil, errors.New("the endpoint is not a URL")
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, errors.New("the endpoint must start with https:// or http://")
	case u.Hostname() == "":
		return nil, errors.New("the endpoint has no host")
	case u.User != nil:
		return nil, errors.New("the endpoint must not hold a user or password; use the token")
	case u.RawQuery != "" || u.Fragment != "":
		return nil, errors.New("the endpoint must not hold a query or fragment")
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}

// needsPrivateAddress reports whether plain http to u is only acceptable at a private
// address. Single-label names, .local and .internal never leave the own network.
func needsPrivateAddress(u *url.URL) bool {
	if u.Scheme != "http" {
		return false
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	if net.ParseIP(host) != nil {
		return true
	}
	inside := !strings.Contains(host, ".") ||
		strings.HasSuffix(host, ".local") || strings.HasSuffix(host, ".internal")
	return !inside
}

// isPrivate reports whether an address is not routed on the Internet: loopback,
// RFC 1918, unique local, link-local, and the shared space of RFC 6598 that
// Kubernetes networks use.
func isPrivate(ip netip.Addr) bool {
	ip = ip.Unmap()
	shared := netip.PrefixFrom(netip.AddrFrom4([4]byte{100, 64, 0, 0}), 10)
	return ip.IsLoopback() || ip.IsPrivate() || ip.IsLinkLocalUnicast() || shared.Contains(ip)
}
