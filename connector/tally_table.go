package connector

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// tallySlotBytes is what a slot of a table takes.
const tallySlotBytes = 16 + 8

// firstTallySlots is how large a table is at first.
const firstTallySlots = 1 << 10

// tallyTable is a hash table of keys and counts, with open addressing. Unlike a map
// it has a known size, and can be used again without becoming garbage.
type tallyTable struct {
	keys   []tallyKey
	counts []int64 // 0 where the slot is free
	used   int
	most   int      // slots
	order  []uint32 // for sorted, to be used again
}

// newTallyTable returns a table for so many keys. It begins small.
func newTallyTable(keys int) *tallyTable {
	t := &tallyTable{most: keys*4/3 + 2}
	t.allocate(min(firstTallySlots, t.most))
	return t
}

func (t *tallyTable) allocate(slots int) {
	t.keys, t.counts = make([]tallyKey, slots), make([]int64, slots)
}

// slot is where the key is, or where it belongs. One slot at least is free.
func (t *tallyTable) slot(key tallyKey) int {
	hash, _ := spread(key)
	at, _ := bits.Mul64(hash, uint64(len(t.keys)))
	for i := int(at); ; i++ {
		if i == len(t.keys) {
			i = 0
		}
		if t.counts[i] == 0 || t.keys[i] == key {
			return i
		}
	}
}

// get returns the key's count; 0 means that it is not there.
func (t *tallyTable) get(key tallyKey) int64 { return t.counts[t.slot(key)] }

// put sets the key's count, which is at least 1.
func (t *tallyTable) put(key tallyKey, n int64) {
	at := t.slot(key)
	if t.counts[at] == 0 {
		t.used++
	}
	t.keys[at], t.counts[at] = key, n
	if t.used*4 > len(t.keys)*3 && len(t.keys) < t.most {
		t.grow()
	}
}

func (t *tallyTable) grow() {
	keys, counts := t.keys, t.counts
	t.allocate(min(2*len(keys), t.most))
	for i, n := range counts {
		if n > 0 {
			at := t.slot(keys[i])
			t.keys[at], t.counts[at] = keys[i], n
		}
	}
}

// sorted returns the slots in use in the order of their keys, until the next call.
func (t *tallyTable) sorted() []uint32 {
	t.order = slices.Grow(t.order[:0], t.used)
	for i, n := range t.counts {
		if n > 0 {
			t.order = append(t.order, uint32(i))
		}
	}
	slices.SortFunc(t.order, func(a, b uint32) int { return compareKeys(t.keys[a], t.keys[b]) })
	return t.order
}

// clear empties the table and keeps its memory.
func (t *tallyTable) clear() {
	clear(t.counts)
	t.used = 0
}

func compareKeys(a, b tallyKey) int { return bytes.Compare(a[:], b[:]) }

// spread makes two hashes of a key. Keys are hashes themselves, but what is looked up
// by them should not depend on that.
func spread(key tallyKey) (uint64, uint64) {
	a, b := binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])
	high, low := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xD6E8FEB86659FD93)
	return high ^ low, bits.RotateLeft64(low, 32) ^ a*0xA0761D6478BD642F
}
