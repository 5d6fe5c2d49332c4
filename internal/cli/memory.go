package cli

import (
	"math"
	"os"
	"runtime/debug"
	"strconv"
	"strings"
)

// The files in which Linux keeps a container's memory limit, cgroup v2 and v1.
const (
	cgroupV2Limit = "/sys/fs/cgroup/memory.max"
	cgroupV1Limit = "/sys/fs/cgroup/memory/memory.limit_in_bytes"
)

// outsideHeapBytes is what a process has resident that the garbage collector does not
// count, such as the binary itself.
const outsideHeapBytes = 32 << 20

// Bounds of what a write holds in flight.
const (
	minInFlightBytes = 32 << 20
	maxInFlightBytes = 256 << 20
)

// limitMemory tells the garbage collector of the container's limit, which one of the files
// holds, so that the process is not killed for memory it could have freed. GOMEMLIMIT wins.
func limitMemory(getenv func(string) string, files ...string) {
	if getenv("GOMEMLIMIT") != "" {
		return
	}
	if limit := containerLimit(files...); limit > 0 {
		debug.SetMemoryLimit(max(limit/10*9-outsideHeapBytes, limit/2))
	}
}

// inFlightBytes is an eighth of the memory limit: what is in flight exists
// several times over, as text, as documents and in request bodies.
func inFlightBytes() int64 {
	limit := debug.SetMemoryLimit(-1)
	if limit == math.MaxInt64 {
		return maxInFlightBytes
	}
	return min(max(limit/8, minInFlightBytes), maxInFlightBytes)
}

// containerLimit returns the first limit found, or 0 when there is none.
func containerLimit(paths ...string) int64 {
	for _, path := range paths {
		text, err := os.ReadFile(path)
		if err != nil {
			continue
		}
		limit, err := strconv.ParseInt(strings.TrimSpace(string(text)), 10, 64)
		if err != nil || limit <= 0 || limit > 1<<46 {
			continue // "max", or v1's way to say that there is none
		}
		return limit
	}
	return 0
}
