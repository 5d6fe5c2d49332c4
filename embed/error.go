package embed

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Error is the failure of an embedding service, or of reaching it. The server's
// fields are its own words, with API keys replaced by [redacted] and long texts
// cut. An Error made by hand from the server's fields alone, as tests do, answers
// Retryable and ConfigFault as one that came from a service.
type Error struct {
	// Provider is the embedding mode, such as openai_compatible.
	Provider string
	// Endpoint is the URL asked, without user information and query.
	Endpoint string
	// HTTPStatus is the status of the reply; 0 when none came.
	HTTPStatus int
	// Code and Type are the error object's code and type; "" when it had none.
	Code, Type string
	// Message is the service's message, or this package's when the service gave none.
	Message string
	// Setting is the path of the configuration setting that would cure the error,
	// such as embedding.api_key; "" when none would.
	Setting string
	// Texts holds the positions, among the texts given to Embed, of those that the
	// error is about; nil when it is about the request as a whole.
	Texts []int
	// Wait is how long the service asked to be left alone; 0 when it did not.
	Wait time.Duration
	// Err is the cause, such as a net.Error; nil when the reply itself is the cause.
	Err error

	// fault is what this package knows beyond the fields above; zero asks classify.
	fault fault
	// passing tells that the service has answered better before.
	passing bool
}

// Error says operation, status, code and message, and the setting to look at.
func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString("embed")
	if e.Provider != "" {
		b.WriteString(": " + e.Provider)
	}
	if e.Endpoint != "" {
		b.WriteString(": POST " + e.Endpoint)
	}
	if e.HTTPStatus != 0 {
		fmt.Fprintf(&b, ": %d %s", e.HTTPStatus, http.StatusText(e.HTTPStatus))
	}
	if code := firstOf(e.Code, e.Type); code != "" {
		b.WriteString(" (" + code + ")")
	}
	message := e.Message
	if e.Setting != "" && !strings.HasSuffix(message, "...") {
		message = strings.TrimRight(message, ".") // the sentence goes on
	}
	if message != "" {
		b.WriteString(": " + message)
	}
	if e.Setting != "" {
		b.WriteString("; check " + e.Setting)
	}
	return b.String()
}

// Unwrap returns the cause, or nil.
func (e *Error) Unwrap() error { return e.Err }

// Retryable reports whether the same request may succeed later: rate limits,
// server errors, lost connections, timeouts and garbled replies, and in the midst of
// good ones a page that is not an embeddings API's; not a refused key, an exhausted
// quota or a wrong answer.
func (e *Error) Retryable() bool { return e.passing || faultTraits[e.kind()].retryable }

// RetryAfter returns how long the service asked to be left alone, or 0.
func (e *Error) RetryAfter() time.Duration { return e.Wait }

// ConfigFault reports whether the user has to change something, in the
// configuration or in the account, before the request can succeed. It may be true
// beside Retryable, for a host name that is unknown at the moment: the connector
// asks only after the retries have run out.
func (e *Error) ConfigFault() bool { return faultTraits[e.kind()].config }

func (e *Error) kind() fault {
	if e.fault != faultUnclassified {
		return e.fault
	}
	return classify(e)
}

// overtaxed reports whether the service may have failed because of too many requests.
func (e *Error) overtaxed() bool {
	switch e.kind() {
	case faultRateLimit, faultServer, faultTimeout:
		return true
	default:
		return false
	}
}

// aboutText reports whether one text alone may be what the service refuses, so that
// the others may pass without it.
func (e *Error) aboutText() bool {
	switch e.kind() {
	case faultTextTooLong, faultTooMuch, faultVector:
		return true
	case faultRequest:
		return e.HTTPStatus == http.StatusBadRequest || e.HTTPStatus == http.StatusUnprocessableEntity
	default:
		return false
	}
}

// aboutEverything returns a refusal as one that no text is to blame for.
func (e *Error) aboutEverything() *Error {
	all := *e
	if e.kind() != faultVector { // a smaller chunk_size does not cure it either
		all.Setting = ""
	}
	all.fault, all.Texts = faultEverything, nil
	all.Message += " (no text is to blame: the service refuses known-good texts as well)"
	return &all
}

func firstOf(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}
