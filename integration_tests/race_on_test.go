//go:build race

package integration_tests

// raceEnabled says that the tests run under the race detector; the binary is
// then built with it too.
const raceEnabled = true
