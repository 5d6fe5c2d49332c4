package embed

import (
	"net/http"
	"strings"
	"time"

	"destination-astra/internal/retry"
)

// Counter counts the tokens of a text. It must be safe for concurrent use.
type Counter interface {
	Count(text string) int
}

// Common are the options of every provider that asks a service. Every zero value
// means its default.
type Common struct {
	// Transport carries the requests; nil means one that honours HTTPS_PROXY,
	// HTTP_PROXY and NO_PROXY, and that trusts the certificates of SSL_CERT_FILE.
	Transport http.RoundTripper
	// UserAgent is DefaultUserAgent when empty.
	UserAgent string
	// ServiceID stands in the fingerprint for the service, so that it can move without a
	// new one; "" means a hash of its address, and the provider's own name (openai) that it
	// is the provider's own service, whatever the address.
	ServiceID string
	// Timeout bounds one request, its reply included; DefaultTimeout when 0.
	Timeout time.Duration
	// Retry says how requests are repeated. Time spent in the queue before the first
	// attempt does not count towards its Budget.
	Retry retry.Policy

	// MaxTexts, MaxTokens and MaxBytes (of UTF-8) bound the texts of one request; 0
	// means what the provider is known to take. A text that exceeds a bound alone is
	// sent alone. A service that refuses a request as too large lowers the bound.
	MaxTexts, MaxTokens, MaxBytes int

	// Counter counts tokens: for OpenAI's models cl100k_base. With one, a text that
	// is longer than the model's window is embedded in parts, whose vectors are
	// averaged by their tokens and made unit length. Without one, tokens are
	// estimated from bytes, and the service's refusal of such a text is returned.
	Counter Counter

	// RequestsPerMinute and TokensPerMinute are ceilings for any 60 seconds, over all
	// calls of Embed together; 0 sets none. Tokens count as the service reports them.
	RequestsPerMinute, TokensPerMinute int
	// MaxConcurrency is the most requests at a time; DefaultMaxConcurrency when 0.
	MaxConcurrency int
	// OnWait, when not nil, is told at most every 10 seconds that requests wait, and
	// why. Its calls do not overlap; they hold up the request that waits.
	OnWait func(WaitEvent)
}

func (c Common) withDefaults() Common {
	c.UserAgent = firstOf(c.UserAgent, DefaultUserAgent)
	c.Timeout = orDefault(c.Timeout, DefaultTimeout)
	c.MaxConcurrency = orDefault(c.MaxConcurrency, DefaultMaxConcurrency)
	return c
}

// limitedBy fills in the limits of a request that the user left open.
func (c Common) limitedBy(b budget) budget {
	return budget{
		texts:  orDefault(c.MaxTexts, b.texts),
		tokens: orDefault(c.MaxTokens, b.tokens),
		bytes:  orDefault(c.MaxBytes, b.bytes),
	}
}

func orDefault[T int | time.Duration](v, otherwise T) T {
	if v <= 0 {
		return otherwise
	}
	return v
}

// cleanKey removes the white space around a pasted key. A key that cannot be part of
// a header is not ok.
func cleanKey(key string) (clean string, ok bool) {
	clean = strings.TrimSpace(key)
	control := strings.ContainsFunc(clean, func(r rune) bool { return r < ' ' || r == 0x7f })
	return clean, !control
}
