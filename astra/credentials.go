package astra

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// credentials hold the token. The client keeps them behind a pointer, so that
// printing a client with any verb shows an address.
type credentials struct {
	token   string
	secrets *strings.Replacer
}

// newCredentials refuses a token that no header can carry, without repeating it.
func newCredentials(token string) (*credentials, error) {
	c := &credentials{token: strings.TrimSpace(token)}
	for _, b := range []byte(c.token) {
		if b < ' ' || b > '~' {
			return nil, errors.New("the token has a character that a header cannot carry")
		}
	}
	var pairs []string
	for _, secret := range append([]string{token, c.token}, tokenParts(c.token)...) {
		if secret != "" {
			pairs = append(pairs, secret, redacted)
		}
	}
	c.secrets = strings.NewReplacer(pairs...)
	return c, nil
}

// tokenParts are the pieces of "Cassandra:<user>:<password>" and of "AstraCS:<id>:<secret>"
// that are secret by themselves. Short ones would redact ordinary words.
func tokenParts(token string) []string {
	var parts []string
	for i, part := range strings.Split(token, ":") {
		if i > 0 && len(part) >= 12 {
			parts = append(parts, part)
		}
	}
	return parts
}

func (c *credentials) apply(h http.Header) {
	if c.token != "" {
		h.Set("Token", c.token)
	}
}

// redact removes the token from a text that came from elsewhere: a server or a
// gateway may quote the request's headers.
func (c *credentials) redact(text string) string {
	return c.secrets.Replace(text)
}

// redactError returns err itself unless its text holds the token. Then the text alone
// survives: a cause that leaks must not be reachable by Unwrap either.
func (c *credentials) redactError(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if clean := c.redact(text); clean != text {
		return fmt.Errorf("%s", clean)
	}
	return err
}
