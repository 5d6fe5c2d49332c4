package embed

import (
	"context"
	"errors"
	"sync"

	"destination-astra/internal/wait"
)

const (
	// neutralText is asked for when no text is known to be good: a word that no service
	// has anything against.
	neutralText = "test"
	// maxProvenBytes bounds the text that is kept to be asked for again.
	maxProvenBytes = 256
	// refusalsInARow is how many refusals may follow each other before a known-good text
	// is asked for: fewer than it takes to find one of 32 texts by halves.
	refusalsInARow = 5
)

// trust tells texts that a service refuses from a service that refuses everything: a
// used-up budget and an expired key can look like bad texts. A refusal is the text's
// own fault only when another text passes that is sent after it. Requests are counted
// instead of timed, so that no clock has to be right. It is safe for concurrent use.
type trust struct {
	mu     sync.Mutex
	count  int64  // of requests that began and of refusals
	passed int64  // when the last one began that was accepted
	failed int64  // when the last known-good text was sent that was refused
	inARow int    // refusals since the last acceptance
	proven string // a short text that was accepted

	asking wait.Turn // of whoever asks for a known-good text
}

func newTrust() *trust { return &trust{asking: wait.NewTurn()} }

// begin returns the moment at which a request begins.
func (t *trust) begin() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	return t.count
}

// accept takes note of a text that was accepted in the request that began at began.
func (t *trust) accept(began int64, text string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.passed, t.inARow = max(t.passed, began), 0
	if t.proven == "" && len(text) <= maxProvenBytes {
		t.proven = text
	}
}

// refuse takes note of a refusal. It returns its moment, and how many there were in a row.
func (t *trust) refuse() (at int64, inARow int) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.count++
	t.inARow++
	return t.count, t.inARow
}

// since reports what is known of the time after a refusal: that a text passed, or that
// a known-good one did not.
func (t *trust) since(at int64) (passed, failed bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.passed > at, t.failed > at
}

// fail takes note that the known-good texts are refused.
func (t *trust) fail(began int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.failed = max(t.failed, began)
}

// knownGood returns the texts that are to pass if anything does. A content filter may
// have changed its mind about the first, so there is another.
func (t *trust) knownGood() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.proven == "" || t.proven == neutralText {
		return []string{neutralText}
	}
	return []string{t.proven, neutralText}
}

// believe returns nil when the service has taken a text since it refused others with e
// at at; it asks for a known-good text where that is not known. Otherwise the error is
// the refusal as one that is about no text, or why no known-good text could be asked for.
func (s *service) believe(ctx context.Context, e *Error, at int64, query bool) error {
	return s.trust.asking.Do(ctx, func() error { return s.askKnownGood(ctx, e, at, query) })
}

// askKnownGood is believe for one caller at a time.
func (s *service) askKnownGood(ctx context.Context, e *Error, at int64, query bool) error {
	if passed, failed := s.trust.since(at); passed {
		return nil
	} else if failed {
		return e.aboutEverything()
	}
	began := s.trust.begin()
	for _, text := range s.trust.knownGood() {
		vectors, err := s.ask(ctx, []piece{{text: text, tokens: s.count(text)}}, query)
		var refusal *Error
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil || !errors.As(err, &refusal) || !refusal.aboutText() && vectors == nil:
			return err
		}
		e = refusal
	}
	s.trust.fail(began)
	return e.aboutEverything()
}
