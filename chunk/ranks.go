package chunk

import (
	_ "embed"
	"sync"
)

// The vocabularies as tools/ranks packs them: the tokens in the order of their ranks, each behind a byte with
// its length. They are not compressed, so that nothing is unpacked and no token is copied.
var (
	//go:embed ranks/r50k_base.ranks
	r50kBase string
	//go:embed ranks/cl100k_base.ranks
	cl100kBase string
	//go:embed ranks/o200k_base.ranks
	o200kBase string
)

// The ranks of the tokens never change and are large, so a process loads each vocabulary at most once.
var (
	r50kRanks   = sync.OnceValue(func() map[string]uint32 { return loadRanks(r50kBase) })
	cl100kRanks = sync.OnceValue(func() map[string]uint32 { return loadRanks(cl100kBase) })
	o200kRanks  = sync.OnceValue(func() map[string]uint32 { return loadRanks(o200kBase) })
)

// loadRanks returns the rank of each token of a packed vocabulary. The map's keys lie in packed.
func loadRanks(packed string) map[string]uint32 {
	count := 0
	for rest := packed; len(rest) > 0; rest = rest[1+int(rest[0]):] {
		count++
	}
	ranks := make(map[string]uint32, count)
	for rank := range uint32(count) {
		end := 1 + int(packed[0])
		ranks[packed[1:end]] = rank
		packed = packed[end:]
	}
	return ranks
}
