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
	// Patience is how long a service may be out of order before a write ends, for the
	// Data API and the embedding service alike; 0 means five minutes.
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

func (t Timing) patience() time.Duration {
	if t.Patience <= 0 {
		return retry.DefaultBudget
	}
	return t.Patience
}

// retry is the policy for calls of services.
func (t Timing) retry() retry.Policy {
	return retry.Policy{Budget: t.Patience, Base: t.RetryBase, Max: 60 * t.RetryBase}
}
