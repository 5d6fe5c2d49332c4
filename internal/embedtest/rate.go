package embedtest

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// rate is a limit a minute that refills evenly, as OpenAI's do.
type rate struct {
	perMinute float64 // 0 limits nothing
	left      float64
	at        time.Time
}

func newRate(perMinute int) rate {
	return rate{perMinute: float64(perMinute), left: float64(perMinute)}
}

// refill counts what has come back by now.
func (r *rate) refill(now time.Time) {
	if !r.at.IsZero() {
		r.left = min(r.perMinute, r.left+r.perMinute*now.Sub(r.at).Minutes())
	}
	r.at = now
}

// missing returns after which time an amount is there.
func (r *rate) missing(amount int) time.Duration {
	if r.perMinute == 0 || r.left >= float64(amount) {
		return 0
	}
	return time.Duration((float64(amount) - r.left) / r.perMinute * float64(time.Minute))
}

// tell writes the limit's headers.
func (r *rate) tell(h http.Header, kind string) {
	if r.perMinute == 0 {
		return
	}
	reset := time.Duration((r.perMinute - r.left) / r.perMinute * float64(time.Minute))
	h.Set("X-Ratelimit-Limit-"+kind, strconv.Itoa(int(r.perMinute)))
	h.Set("X-Ratelimit-Remaining-"+kind, strconv.Itoa(int(max(0, r.left))))
	h.Set("X-Ratelimit-Reset-"+kind, reset.Round(time.Millisecond).String())
}

// limited takes one request out of the rates, or returns the 429 for it.
func (s *Server) limited(tokens int) (*reply, http.Header) {
	now := time.Now()
	s.requestRate.refill(now)
	s.tokenRate.refill(now)
	wait := max(s.requestRate.missing(1), s.tokenRate.missing(tokens))
	if wait == 0 {
		s.requestRate.left--
		s.tokenRate.left -= float64(tokens)
	}
	header := http.Header{}
	if !s.options.Quiet {
		s.requestRate.tell(header, "Requests")
		s.tokenRate.tell(header, "Tokens")
	}
	if wait == 0 {
		return nil, header
	}
	if !s.options.Quiet {
		header.Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	r := s.refusal(http.StatusTooManyRequests, "rate_limit_exceeded", "Rate limit reached.")
	return &r, header
}
