package proxy

import (
	"net/http"
	"net/url"
	"os"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpproxy"

	"destination-astra/internal/nearby"
)

// environment is which proxy the variables name for which URL.
type environment struct {
	secure, plain string // HTTPS_PROXY and HTTP_PROXY
	// applies tells by NO_PROXY, by a stand-in, whether a URL is for a proxy at all: one
	// that is malformed must not be taken for none.
	applies func(*url.URL) (*url.URL, error)
}

// readEnvironment reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY, or in small letters.
func readEnvironment() *environment {
	const standIn = "http://proxy.invalid"
	c := httpproxy.Config{HTTPProxy: standIn, HTTPSProxy: standIn, NoProxy: variable("NO_PROXY")}
	return &environment{
		secure: variable("HTTPS_PROXY"), plain: variable("HTTP_PROXY"), applies: c.ProxyFunc(),
	}
}

func variable(name string) string {
	if value := strings.TrimSpace(os.Getenv(name)); value != "" {
		return value
	}
	return strings.TrimSpace(os.Getenv(strings.ToLower(name)))
}

// forSecure is the http.Transport.Proxy of https.
func (e *environment) forSecure(r *http.Request) (*url.URL, error) { return e.choose(e.secure, r.URL) }

// forPlain is the http.Transport.Proxy of plain http. A host that may be anywhere is asked
// without a proxy, for what address the proxy finds for it nobody sees.
func (e *environment) forPlain(r *http.Request) (*url.URL, error) {
	u, err := e.choose(e.plain, r.URL)
	if err != nil || nearby.Judge(r.URL.Hostname()) != nearby.Nearby {
		return nil, err
	}
	return u, nil
}

// choose returns the proxy for a URL, nil for none, or an *Error.
func (e *environment) choose(proxy string, target *url.URL) (*url.URL, error) {
	if proxy == "" {
		return nil, nil
	}
	if u, err := e.applies(target); err != nil || u == nil {
		return nil, err
	}
	return parse(proxy)
}

// parse reads the address of a proxy, which may lack its scheme.
func parse(text string) (*url.URL, error) {
	u, err := url.Parse(text)
	if err != nil || u.Scheme == "" || u.Host == "" {
		// What is no URL behind http:// either has its scheme for a host there.
		if u, err = url.Parse("http://" + text); err != nil || strings.Trim(u.Path, "/") != "" {
			return nil, &Error{Reason: "has an address that is not a URL"}
		}
	}
	switch u.Scheme {
	case "http", "https", "socks5", "socks5h":
	default:
		return nil, &Error{Reason: "has an address that does not begin with http://, https:// or socks5://"}
	}
	if u.Hostname() == "" {
		return nil, &Error{Reason: "has an address without a host"}
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
			return nil, &Error{Reason: "has a port that is not from 1 to 65535"}
		}
	}
	return u, nil
}
