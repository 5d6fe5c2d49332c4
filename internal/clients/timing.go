package clients

import (
	"time"

	"destination-astra/astra"
	"destination-astra/internal/retry"
)

// DefaultGrace leaves the platform's ten seconds between the signal and the end
// some room.
const DefaultGrace = 9 * time.Second

// Timing is how long things may take. The zero value is right in production;
// tests scale it down.
type Timing struct {
	// Request bounds one attempt of a Data API call; 0 means the client's default, or ten seconds
	// more than the server takes to give up when that is longer.
	Request time.Duration
	// Patience is how long a service may be out of order before a write ends, for the
	// Data API and the embedding service alike; 0 means five minutes.
	Patience time.Duration
	// RetryBase is the ceiling of the first wait between two attempts; 0 means a
	// quarter of a second.
	RetryBase time.Duration
	// Grace is how long an interrupted write may take to store what it holds; 0
	// means DefaultGrace.
	Grace time.Duration
}

func (t Timing) withDefaults() Timing {
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

// request is the bound for a server that gives up after that time.
func (t Timing) request(serverTimeout time.Duration) time.Duration {
	if t.Request > 0 {
		return t.Request
	}
	return max(astra.DefaultRequestTimeout, serverTimeout+10*time.Second)
}

// retry is the policy for calls of services.
func (t Timing) retry() retry.Policy {
	return retry.Policy{Budget: t.Patience, Base: t.RetryBase, Max: 60 * t.RetryBase}
}
