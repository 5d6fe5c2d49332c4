package tally_test

import (
	"encoding/binary"
	"os"
	"runtime"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
	"pgregory.net/rapid"

	"destination-astra/internal/effort"
	"destination-astra/internal/fault"
	"destination-astra/internal/tally"
)

// TestTally compares the tally, whose tables hold four keys, with a map.
func TestTally(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	effort.Check(t, 1, func(rt *rapid.T) {
		counter := tally.NewOf(4)
		counts := map[byte]int64{}
		for _, k := range rapid.SliceOfN(rapid.ByteRange(0, 12), 0, 60).Draw(rt, "keys") {
			key := [16]byte{k, 1: 1}
			seen, err := counter.Has(key)
			require.NoError(rt, err)
			require.Equal(rt, counts[k] > 0, seen)
			n, err := counter.Take(key)
			require.NoError(rt, err)
			require.Equal(rt, counts[k], n)
			counts[k]++
		}
		require.NoError(rt, counter.Close())
		requireNoFiles(rt)
	})
}

// TestTallyOfMany has several goroutines take the same keys while runs are written and
// merged: each count is given to one of them.
func TestTallyOfMany(t *testing.T) {
	const keys, rounds, takers = 2000, 3, 4
	tests := map[string]func(i int) [16]byte{
		"hashes":            func(i int) [16]byte { return [16]byte{byte(i * 151), byte(i >> 8), 15: byte(i)} },
		"numbers":           func(i int) [16]byte { return numberKey(i, 8) },
		"numbers in front":  func(i int) [16]byte { return numberKey(i, 0) },
		"one beginning":     func(i int) [16]byte { return [16]byte{7: byte(i), 15: byte(i >> 8)} },
		"only the last two": func(i int) [16]byte { return [16]byte{14: byte(i), 15: byte(i >> 8)} },
	}
	for name, key := range tests {
		t.Run(name, func(t *testing.T) {
			t.Setenv("TMPDIR", t.TempDir())
			counter := tally.NewOf(128)
			var group errgroup.Group
			sums := make([]int64, takers) // of the counts, which are 0 to rounds*takers-1 for each key
			for taker := range takers {
				group.Go(func() error {
					for i := range rounds * keys {
						n, err := counter.Take(key(i % keys))
						if err != nil {
							return err
						}
						sums[taker] += n
					}
					return nil
				})
			}
			require.NoError(t, group.Wait())
			counter.Idle()
			requireNoFiles(t)
			const times = rounds * takers
			require.EqualValues(t, keys*times*(times-1)/2, sums[0]+sums[1]+sums[2]+sums[3])
			for i := range keys {
				n, err := counter.Take(key(i))
				require.NoError(t, err)
				require.EqualValues(t, times, n)
			}
			seen, err := counter.Has(numberKey(keys, 4))
			require.NoError(t, err)
			require.False(t, seen)
			require.NoError(t, counter.Close())
		})
	}
}

func numberKey(i, at int) (key [16]byte) {
	binary.BigEndian.PutUint64(key[at:], uint64(i))
	return key
}

// TestTallyIsFlat: what a tally takes of memory does not grow with its keys. The keys
// alone are 6.4 MB.
func TestTallyIsFlat(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir())
	before := heapInUse()
	counter := tally.NewOf(1 << 12)
	keys := randomKeys()
	for range 400_000 {
		_, err := counter.Take(keys())
		require.NoError(t, err)
	}
	require.Less(t, heapInUse()-before, int64(3<<20))
	require.NoError(t, counter.Close())
}

// heapInUse is what is reachable on the heap.
func heapInUse() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// requireNoFiles: a temporary file has no name, so that none stays behind a process
// that is killed.
func requireNoFiles(t require.TestingT) {
	left, err := os.ReadDir(os.TempDir())
	require.NoError(t, err)
	require.Empty(t, left)
}

func TestTallyWithoutRoom(t *testing.T) {
	t.Setenv("TMPDIR", t.TempDir()+"/missing")
	counter := tally.NewOf(1)
	var err error
	for i := 0; i < 10 && err == nil; i++ {
		_, err = counter.Take(numberKey(i, 0))
	}
	trace := fault.Classify(err)
	require.EqualValues(t, "config_error", trace.FailureType)
	require.Contains(t, trace.Message, "TMPDIR")
	require.Contains(t, trace.Message, "no such file or directory")
	require.NoError(t, counter.Close())
}
