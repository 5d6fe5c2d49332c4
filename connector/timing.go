package connector

import (
	"time"

	"destination-astra/internal/retry"
)

// DefaultGrace leaves the platform's ten seconds between the signal and the end
// some room.
const DefaultGrace = 9 * time.Second

// Timing is how long things may take. The zero value is right in production;
// tests scale it down.
type Timing struct {
	// Request bounds one attempt of a Data API call; 0 means the client's default.
	Request time.Duration
	// Patience bounds the repeats of one call of a service; 0 means five minutes.
	Patience time.Duration
	// RetryBase is the ceiling of the first wait between two attempts; 0 means a
	// quarter of a second.
	RetryBase time.Duration
	// Settle is how long a write of unknown outcome may still be applied; 0 means
	// DefaultSettle.
	Settle time.Duration
	// Grace is how long an interrupted write may take to store what it holds; 0
	// means DefaultGrace.
	Grace time.Duration
}

func (t Timing) withDefaults() Timing {
	if t.Settle <= 0 {
		t.Settle = DefaultSettle
	}
	if t.Grace <= 0 {
		t.Grace = DefaultGrace
	}
	return t
}

// retry is the policy for calls of services.
func (t Timing) retry() retry.Policy {
	return retry.Policy{Budget: t.Patience, Base: t.RetryBase, Max: 60 * t.RetryBase}
}
