package histories_test

import (
	"os"
	"testing"

	. "destination-astra/integration_tests/blackbox"
)

// TestMain: what comes after a crash waits half a minute for what may be in flight, and
// needs no processor meanwhile.
func TestMain(m *testing.M) { os.Exit(Main(m, 4*AtATime)) }
