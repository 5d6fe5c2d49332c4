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
	// redact takes the secrets out of what comes from elsewhere: a server or a gateway may
	// quote the request's headers.
	redact *redact.Redactor
}

// newCredentials refuses a token that no header can carry, without repeating it.
func newCredentials(token, key string) (*credentials, error) {
	c := &credentials{token: strings.TrimSpace(token), key: strings.TrimSpace(key)}
	for name, secret := range map[string]string{"token": c.token, "embedding API key": c.key} {
		if strings.ContainsFunc(secret, func(r rune) bool { return r < ' ' || r > '~' }) {
			return nil, fmt.Errorf("the %s has a character that a header cannot carry", name)
		}
	}
	c.redact = redact.New(token, c.token, key, c.key)
	return c, nil
}

func (c *credentials) apply(h http.Header) {
	if c.token != "" {
		h.Set("Token", c.token)
	}
	if c.key != "" {
		h.Set("X-Embedding-Api-Key", c.key)
	}
}
