package tally

import "math/bits"

// maxFilterBits is how many bits of a filter a key takes at most: one look-up in some
// two hundred that could have been spared is not.
const maxFilterBits = 12

// filterBlockWords is the size of a filter's block, one line of a processor's cache.
const filterBlockWords = 8

// keyFilter is a Bloom filter in blocks: it knows of most keys that they are not in
// a run. One without memory says of every key that it may be.
type keyFilter struct {
	words  []uint64
	probes int
}

// newKeyFilter returns an empty filter of about so many bits for so many keys.
func newKeyFilter(keys, filterBits int) keyFilter {
	blocks := filterBits / (64 * filterBlockWords)
	if blocks == 0 || keys == 0 {
		return keyFilter{}
	}
	// The best number of probes is ln 2 times the bits a key; seven of nine bits
	// each are in one hash.
	probes := min(max(filterBits*7/10/keys, 1), 7)
	return keyFilter{words: make([]uint64, blocks*filterBlockWords), probes: probes}
}

// block returns the key's block, and a hash for the bits in it.
func (f *keyFilter) block(key Key) ([]uint64, uint64) {
	hash, within := spread(key)
	at, _ := bits.Mul64(hash, uint64(len(f.words)/filterBlockWords))
	return f.words[at*filterBlockWords:][:filterBlockWords], within
}

func (f *keyFilter) add(key Key) {
	if f.words == nil {
		return
	}
	block, hash := f.block(key)
	for range f.probes {
		block[hash>>6&7] |= 1 << (hash & 63)
		hash >>= 9
	}
}

// mayHave is false only for a key that was not added.
func (f *keyFilter) mayHave(key Key) bool {
	if f.words == nil {
		return true
	}
	block, hash := f.block(key)
	for range f.probes {
		if block[hash>>6&7]&(1<<(hash&63)) == 0 {
			return false
		}
		hash >>= 9
	}
	return true
}
