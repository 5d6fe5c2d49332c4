package embed

import (
	"math"
	"net/http"
	"strconv"
	"time"
)

// allowance is what a service says may still be used, of requests or of tokens, in
// the headers x-ratelimit-limit-*, -remaining-* and -reset-* of OpenAI's API. It
// refills evenly until its reset. Until the first reply it limits nothing.
type allowance struct {
	limit, left float64
	perSecond   float64
	at, reset   time.Time
	longest     time.Duration // for which headers are believed
}

// observe takes a reply's headers; kind is requests or tokens. pending is what has
// been sent and may not be counted yet. Headers that make no sense are ignored.
func (a *allowance) observe(now time.Time, h http.Header, kind string, pending int) {
	left, ok := headerNumber(h, "X-Ratelimit-Remaining-"+kind)
	reset, known := headerReset(h, kind)
	if !ok || !known {
		return
	}
	*a = allowance{left: left - float64(pending), at: now, reset: now.Add(min(reset, a.longest)), longest: a.longest}
	if limit, ok := headerNumber(h, "X-Ratelimit-Limit-"+kind); ok && limit > left && reset > 0 {
		a.limit, a.perSecond = limit, (limit-left)/reset.Seconds()
	}
}

// wait returns how long an amount has to wait for the allowance to refill.
func (a *allowance) wait(now time.Time, amount int) time.Duration {
	rest := a.reset.Sub(now)
	if rest <= 0 {
		return 0
	}
	missing := float64(amount) - a.left - a.perSecond*now.Sub(a.at).Seconds()
	if missing <= 0 {
		return 0
	}
	if a.perSecond == 0 || float64(amount) > a.limit {
		return rest
	}
	return min(rest, seconds(missing/a.perSecond)+time.Millisecond) // rounded up
}

func (a *allowance) take(amount int) { a.left -= float64(amount) }

func headerNumber(h http.Header, name string) (float64, bool) {
	n, err := strconv.ParseFloat(h.Get(name), 64)
	return n, err == nil && n >= 0 && !math.IsInf(n, 0)
}

// headerReset reads in which time the allowance is full again: 6m0s or 20ms, as
// OpenAI writes it, or a number of seconds.
func headerReset(h http.Header, kind string) (time.Duration, bool) {
	text := h.Get("X-Ratelimit-Reset-" + kind)
	if d, err := time.ParseDuration(text); err == nil {
		return d, d >= 0
	}
	s, err := strconv.ParseFloat(text, 64)
	return seconds(s), err == nil && s >= 0
}

// exhaustedReset returns when the allowance that a 429 reply calls used up is full
// again, or 0 when it says nothing of that.
func exhaustedReset(h http.Header) time.Duration {
	longest := time.Duration(0)
	for _, kind := range []string{"Requests", "Tokens"} {
		left, ok := headerNumber(h, "X-Ratelimit-Remaining-"+kind)
		reset, known := headerReset(h, kind)
		if ok && known && left < 1 {
			longest = max(longest, reset)
		}
	}
	return longest
}
