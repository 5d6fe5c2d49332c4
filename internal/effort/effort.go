package effort

import (
	"os"
	"testing"
	"time"
)

// variable is the environment variable that sets the effort.
const variable = "TEST_EFFORT"

// slowdown is what the race detector costs at most, on a busy machine.
const slowdown = 5

// Of picks what fits the effort asked for: low for the race detector, which takes many times
// as long; normal for `go test` at a desk; high for CI. Any other word fails the test.
func Of[T any](t testing.TB, low, normal, high T) T {
	t.Helper()
	switch level := os.Getenv(variable); level {
	case "low":
		return low
	case "":
		return normal
	case "high":
		return high
	default:
		t.Fatalf("%s=%q is none of low and high", variable, level)
		return normal
	}
}

// Patience is how long a test waits for what should take d: longer under the race detector.
func Patience(d time.Duration) time.Duration {
	if Race {
		return slowdown * d
	}
	return d
}
