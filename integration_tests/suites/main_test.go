package suites_test

import (
	"os"
	"testing"

	"destination-astra/integration_tests/blackbox"
)

// Both halves of a suite run at a time: they wait for the server's latency.
func TestMain(m *testing.M) { os.Exit(blackbox.Main(m, 4)) }
