package cli

// LimitMemory takes the container's limit from files that a test has written.
func LimitMemory(getenv func(string) string, files ...string) { limitMemory(getenv, files...) }

// InFlightBytes is what a write may hold in flight.
func InFlightBytes() int64 { return inFlightBytes() }
