package connector

import (
	"sync"

	"destination-astra/embed"
)

// vectorCache holds the vectors of texts that this run has embedded, by text
// hash, so that a text that recurs is paid for once, also when two batches need
// it at the same time. It keeps between half and all of its limit: the older
// half is dropped when the newer one is full. It is safe for concurrent use.
type vectorCache struct {
	half int

	mu         sync.Mutex
	young, old map[string]*cached
}

// cached is a text's vector, or the promise of one: whoever claimed it sets
// vector, or refused when the service does not take the text, and closes ready.
// Neither after ready means that the claimer failed.
type cached struct {
	ready   chan struct{}
	vector  embed.Vector
	refused error
}

// Bounds of what the vectors of texts seen in this run take: 24 MB are 4,000 vectors of
// 1536 dimensions.
const (
	minCachedBytes = 4 << 20
	maxCachedBytes = 24 << 20
)

// cachedVectors is how many vectors are kept: a share of what may be in flight.
func cachedVectors(memoryBytes int64, dimension int) int {
	const entryBytes = 256 // beside the vector: its hash, its places in maps
	return int(min(max(memoryBytes/4, minCachedBytes), maxCachedBytes)) / (4*dimension + entryBytes)
}

func newVectorCache(vectors int) *vectorCache {
	return &vectorCache{half: max(1, vectors/2), young: map[string]*cached{}}
}

// claim returns the entry of the hash. When mine is true there was none, and
// the caller owes it a vector (fulfil).
func (c *vectorCache) claim(hash string) (entry *cached, mine bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if entry = c.young[hash]; entry != nil {
		return entry, false
	}
	if entry = c.old[hash]; entry == nil {
		entry, mine = &cached{ready: make(chan struct{})}, true
	}
	if len(c.young) >= c.half {
		c.old, c.young = c.young, make(map[string]*cached, c.half)
	}
	c.young[hash] = entry
	return entry, mine
}

// fulfil gives a claimed entry its vector, or why the text has none. With
// neither the claim is taken back, so that the next batch that needs the text
// embeds it.
func (c *vectorCache) fulfil(hash string, entry *cached, v embed.Vector, refused error) {
	entry.vector, entry.refused = v, refused
	if v == nil && refused == nil {
		c.mu.Lock()
		delete(c.young, hash)
		delete(c.old, hash)
		c.mu.Unlock()
	}
	close(entry.ready)
}
