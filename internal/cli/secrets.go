package cli

import (
	"io"
	"net/url"
	"sync"

	"destination-astra/internal/redact"
	"destination-astra/spec"
)

// secrets are what nothing that is printed may show, as soon as they are known; records and
// states excepted, which are data. The clients redact what their services say by themselves; this
// is for what is quoted of documents, and for what one service says of another's secrets. The
// zero value knows none.
type secrets struct {
	mu       sync.RWMutex
	known    []string
	redactor *redact.Redactor
}

// add makes more secrets known.
func (s *secrets) add(more ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = append(s.known, more...)
	s.redactor = redact.New(s.known...)
}

// addConfig makes those of a configuration known, and those of the environment's URLs.
func (s *secrets) addConfig(config *spec.Config, getenv func(string) string) {
	all := config.Secrets()
	for _, name := range []string{
		"OPENAI_BASE_URL", "OPENAI_API_BASE", "CO_API_URL", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy",
	} {
		if u, err := url.Parse(getenv(name)); err == nil {
			all = append(all, redact.OfURL(u)...)
		}
	}
	s.add(all...)
}

func (s *secrets) now() *redact.Redactor {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.redactor
}

func (s *secrets) text(text string) string { return s.now().Text(text) }

func (s *secrets) json(text []byte) []byte { return s.now().JSON(text) }

// hiding is a stream of messages, one a Write, without the secrets.
type hiding struct {
	out     io.Writer
	secrets *secrets
}

// Write prints one message.
func (h hiding) Write(text []byte) (int, error) {
	if _, err := io.WriteString(h.out, h.secrets.text(string(text))); err != nil {
		return 0, err
	}
	return len(text), nil
}
