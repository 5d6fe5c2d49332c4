package astra

import (
	"fmt"
	"net/http"
	"strings"

	"destination-astra/internal/redact"
)

// credentials hold the token and the embedding key. The client keeps them behind a pointer, so that
// printing a client with any verb shows an address.
type credentials struct {
	token string
	key   string // of the embedding service, "" when the caller gives none
	// redact removes the secrets from a text that came from elsewhere: a server or a gateway may
	// quote the request's headers.
	redact func(text string) string
}

// newCredentials refuses a token that no header can carry, without repeating it.
func newCredentials(token, key string) (*credentials, error) {
	c := &credentials{token: strings.TrimSpace(token), key: strings.TrimSpace(key)}
	for name, secret := range map[string]string{"token": c.token, "embedding API key": c.key} {
		if strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, fmt.Errorf("the %s has a character that a header cannot carry", name)
		}
	}
	c.redact = redact.New(append(tokenParts(c.token), token, c.token, key, c.key)...)
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
	if c.key != "" {
		h.Set("X-Embedding-Api-Key", c.key)
	}
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
