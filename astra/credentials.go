package astra

import (
	"fmt"
	"net/http"
	"strings"
)

// redacted stands where a secret was.
const redacted = "[redacted]"

// credentials hold the token and the embedding key. The client keeps them behind a pointer, so that
// printing a client with any verb shows an address.
type credentials struct {
	token   string
	key     string // of the embedding service, "" when the caller gives none
	secrets *strings.Replacer
}

// newCredentials refuses a token that no header can carry, without repeating it.
func newCredentials(token, key string) (*credentials, error) {
	c := &credentials{token: strings.TrimSpace(token), key: strings.TrimSpace(key)}
	for name, secret := range map[string]string{"token": c.token, "embedding API key": c.key} {
		if strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, fmt.Errorf("the %s has a character that a header cannot carry", name)
		}
	}
	var pairs []string
	for _, secret := range append([]string{token, c.token, key, c.key}, tokenParts(c.token)...) {
		if len(secret) >= minSecretBytes {
			pairs = append(pairs, secret, redacted)
		}
	}
	c.secrets = strings.NewReplacer(pairs...)
	return c, nil
}

// minSecretBytes is the length from which a secret is taken out of texts. A shorter one,
// such as the token of a test, is part of ordinary words, and would shred every message.
const minSecretBytes = 8

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
