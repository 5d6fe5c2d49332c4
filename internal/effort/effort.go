package effort

import (
	"os"
	"testing"
	"time"
)

// variable is the environment variable that sets the effort.
const variable = "TEST_EFFORT"

// How many times as long as on an idle machine things may take: on a busy one, and there
// under the race detector.
const (
	busy       = 3
	busyRacing = 10
)

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

// Patience is how long a test waits for what should take d on an idle machine. It is for
// limits that end a hang, and far too long to measure anything: what must happen in time is
// tested where time is made up (testing/synctest).
func Patience(d time.Duration) time.Duration {
	if Race {
		return busyRacing * d
	}
	return busy * d
}
