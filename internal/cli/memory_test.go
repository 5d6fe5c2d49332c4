package cli_test

import (
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"runtime/debug"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/cli"
)

// TestMemoryOfAContainer: the garbage collector works harder before the container's limit is met, and a write
// holds less in a small container. Without it a pod is killed for memory that could have been freed.
func TestMemoryOfAContainer(t *testing.T) {
	const gib = 1 << 30
	tests := map[string]struct {
		v2, v1, environment string // "" is no such file, or not set
		limit, inFlight     int64
	}{
		"of 1 GiB":               {v2: "1073741824\n", limit: gib/10*9 - 32<<20, inFlight: (gib/10*9 - 32<<20) / 8},
		"too small for its own":  {v2: "62914560\n", limit: 30 << 20, inFlight: 32 << 20},
		"a large one":            {v2: fmt.Sprint(64 << 30), limit: 64<<30/10*9 - 32<<20, inFlight: 256 << 20},
		"without a limit":        {v2: "max\n", limit: math.MaxInt64, inFlight: 256 << 20},
		"of the older kind":      {v1: "1073741824\n", limit: gib/10*9 - 32<<20, inFlight: (gib/10*9 - 32<<20) / 8},
		"the older kind's none":  {v1: "9223372036854771712\n", limit: math.MaxInt64, inFlight: 256 << 20},
		"none at all":            {limit: math.MaxInt64, inFlight: 256 << 20},
		"nonsense":               {v2: "-1", limit: math.MaxInt64, inFlight: 256 << 20},
		"that the user has said": {v2: "1073741824\n", environment: "2GiB", limit: math.MaxInt64, inFlight: 256 << 20},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			before := debug.SetMemoryLimit(math.MaxInt64)
			defer debug.SetMemoryLimit(before)
			v2, v1 := limitFile(t, test.v2), limitFile(t, test.v1)
			cli.LimitMemory(func(string) string { return test.environment }, v2, v1)
			require.Equal(t, test.limit, debug.SetMemoryLimit(-1))
			require.Equal(t, test.inFlight, cli.InFlightBytes())
		})
	}
}

func limitFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "limit")
	if text != "" {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
	}
	return path
}

// TestEveryCommandKeepsToTheContainer in which it runs, where that has a limit.
func TestEveryCommandKeepsToTheContainer(t *testing.T) {
	before := debug.SetMemoryLimit(math.MaxInt64)
	defer debug.SetMemoryLimit(before)
	cli.LimitMemory(noEnv, "/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes")
	want := debug.SetMemoryLimit(math.MaxInt64)
	require.Zero(t, cli.Run(t.Context(), []string{"spec"}, strings.NewReader(""), io.Discard, io.Discard, noEnv))
	require.Equal(t, want, debug.SetMemoryLimit(-1))
}
