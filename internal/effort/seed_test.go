package effort_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"destination-astra/internal/effort"
)

func TestSeed(t *testing.T) {
	t.Setenv("TEST_SEED", "")
	r := &recorder{TB: t}
	require.Equal(t, effort.Seed(r), effort.Seed(r), "a run is like the one before")
	require.Contains(t, r.logged, fmt.Sprintf("TEST_SEED=%d", effort.Seed(r)))

	t.Setenv("TEST_SEED", "7")
	require.EqualValues(t, 7, effort.Seed(r))

	t.Setenv("TEST_SEED", "random")
	drawn := effort.Seed(r)
	require.NotEqual(t, drawn, effort.Seed(r))
	require.Contains(t, r.logged, fmt.Sprintf("TEST_SEED=%d", drawn))

	t.Setenv("TEST_SEED", "0x7")
	effort.Seed(r)
	require.Equal(t, `TEST_SEED="0x7" is neither a number nor the word random`, r.fatal)
}

// drawn is what rounds of checks draw.
func drawn(t *testing.T, rounds int) []uint64 {
	t.Helper()
	var all []uint64
	effort.Check(t, rounds, func(t *rapid.T) { all = append(all, rapid.Uint64().Draw(t, "n")) })
	return all
}

// TestCheckDrawsTheSame: two runs draw the same, though others run at the same time; the
// rounds of one run differ.
func TestCheckDrawsTheSame(t *testing.T) {
	want := drawn(t, 2)
	half := len(want) / 2
	require.NotEqual(t, want[:half], want[half:])
	for i := range 4 {
		t.Run(fmt.Sprint(i), func(t *testing.T) {
			t.Parallel()
			require.Equal(t, want, drawn(t, 2))
		})
	}
}

// TestCheckTakesAnotherSeed is for TEST_SEED.
func TestCheckTakesAnotherSeed(t *testing.T) {
	t.Setenv("TEST_SEED", "7")
	seventh := drawn(t, 1)
	require.Equal(t, seventh, drawn(t, 1))
	t.Setenv("TEST_SEED", "8")
	require.NotEqual(t, seventh, drawn(t, 1))
}
