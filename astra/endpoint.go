package astra

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"destination-astra/internal/nearby"
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
	case u.Scheme == "http" && nearby.Judge(u.Hostname()) == nearby.Public:
		return nil, fmt.Errorf("the endpoint's host is neither loopback nor private: %w", ErrNotPrivate)
	}
	u.Path = strings.TrimRight(u.Path, "/")
	u.RawPath = ""
	return u, nil
}
