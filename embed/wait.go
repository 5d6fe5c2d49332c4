package embed

import (
	"sync"
	"time"
)

const (
	// waitEvery is the least time between two events.
	waitEvery = 10 * time.Second
	// waitWorthTelling is how much waiting has to come together for an event.
	waitWorthTelling = time.Second
)

// WaitEvent tells that a request waits before it is sent.
type WaitEvent struct {
	// Provider is the embedding mode, such as openai.
	Provider string
	// For is how long the request is going to wait, as far as known.
	For time.Duration
	// Reason says what it waits for, in words for the user.
	Reason string
}

// reporter tells of waits, at most every 10 seconds. It is safe for concurrent use.
type reporter struct {
	provider string
	tell     func(WaitEvent)

	mu     sync.Mutex
	last   time.Time
	untold time.Duration
}

// waiting takes note of a wait that begins. Many short waits are told as one long
// one would be.
func (r *reporter) waiting(d time.Duration, reason string) {
	if r.tell == nil || d <= 0 {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.untold += d
	now := time.Now()
	if r.untold < waitWorthTelling || !r.last.IsZero() && now.Sub(r.last) < waitEvery {
		return
	}
	r.last, r.untold = now, 0
	r.tell(WaitEvent{Provider: r.provider, For: d, Reason: reason})
}
