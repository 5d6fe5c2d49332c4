package memory_test

import (
	"os"
	"testing"

	"destination-astra/integration_tests/blackbox"
)

func TestMain(m *testing.M) { os.Exit(blackbox.Main(m, 1)) }
