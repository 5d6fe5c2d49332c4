package tally_test

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"destination-astra/internal/tally"
)

// BenchmarkTallyTake takes new keys, of which nearly all that came before are on disk.
func BenchmarkTallyTake(b *testing.B) {
	b.Setenv("TMPDIR", b.TempDir())
	counter := tally.NewOf(1 << 14)
	keys := randomKeys()
	for range 1 << 18 {
		_, err := counter.Take(keys())
		require.NoError(b, err)
	}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := counter.Take(keys()); err != nil {
			b.Fatal(err)
		}
	}
	require.NoError(b, counter.Close())
}

// randomKeys returns a source of keys as hashes are, the same ones in each run.
func randomKeys() func() [16]byte {
	random := rand.New(rand.NewPCG(1, 2))
	return func() (key [16]byte) {
		binary.BigEndian.PutUint64(key[:8], random.Uint64())
		binary.BigEndian.PutUint64(key[8:], random.Uint64())
		return key
	}
}
