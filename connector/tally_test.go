package connector_test

import (
	"os"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"destination-astra/connector"
)

// TestTally compares the tally, which keeps four keys in memory and the others
// in a file, with a map.
func TestTally(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	rapid.Check(t, func(rt *rapid.T) {
		tally := connector.NewTally(4)
		counts := map[byte]int64{}
		for _, k := range rapid.SliceOfN(rapid.ByteRange(0, 12), 0, 60).Draw(rt, "keys") {
			key := [16]byte{k, 1: 1}
			seen, err := tally.Has(key)
			require.NoError(rt, err)
			require.Equal(rt, counts[k] > 0, seen)
			n, err := tally.Take(key)
			require.NoError(rt, err)
			require.Equal(rt, counts[k], n)
			counts[k]++
		}
		require.NoError(rt, tally.Close())
		left, err := os.ReadDir(os.TempDir())
		require.NoError(rt, err)
		require.Empty(rt, left, "the file is gone")
	})
}

func TestTallyWithoutRoom(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/missing")
	tally := connector.NewTally(1)
	_, err := tally.Take([16]byte{1})
	require.ErrorContains(t, err, "keep track of records")
	require.NoError(t, tally.Close())
}
