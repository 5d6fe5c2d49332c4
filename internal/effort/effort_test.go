package effort_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/effort"
)

// recorder is a testing.TB that keeps what a test would have said.
type recorder struct {
	testing.TB
	fatal, logged string
}

func (r *recorder) Helper()                           {}
func (r *recorder) Fatalf(format string, args ...any) { r.fatal = fmt.Sprintf(format, args...) }
func (r *recorder) Logf(format string, args ...any)   { r.logged += fmt.Sprintf(format+"\n", args...) }

func TestOf(t *testing.T) {
	for level, want := range map[string]int{"low": 1, "": 2, "high": 3} {
		t.Setenv("TEST_EFFORT", level)
		require.Equal(t, want, effort.Of(t, 1, 2, 3), level)
	}
	t.Setenv("TEST_EFFORT", "hihg")
	r := &recorder{TB: t}
	effort.Of(r, 1, 2, 3)
	require.Equal(t, `TEST_EFFORT="hihg" is none of low and high`, r.fatal)
}
