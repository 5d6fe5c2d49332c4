//go:build !race

package blackbox

// raceEnabled says that the tests run under the race detector; the binary is
// then built with it too.
const raceEnabled = false
