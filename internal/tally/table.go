package tally

import (
	"bytes"
	"encoding/binary"
	"math/bits"
	"slices"
)

// slotBytes is what a slot of a table takes.
const slotBytes = 16 + 8

// firstSlots is how large a table is at first.
const firstSlots = 1 << 10

// keyTable is a hash table of keys and counts, with open addressing. Unlike a map
// it has a known size, and can be used again without becoming garbage.
type keyTable struct {
	keys   []Key
	counts []int64 // 0 where the slot is free
	used   int
	most   int      // slots
	order  []uint32 // for sorted, to be used again
}

// newKeyTable returns a table for so many keys. It begins small.
func newKeyTable(keys int) *keyTable {
	t := &keyTable{most: keys*4/3 + 2}
	t.allocate(min(firstSlots, t.most))
	return t
}

func (t *keyTable) allocate(slots int) {
	t.keys, t.counts = make([]Key, slots), make([]int64, slots)
}

// slot is where the key is, or where it belongs. One slot at least is free.
func (t *keyTable) slot(key Key) int {
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
func (t *keyTable) get(key Key) int64 { return t.counts[t.slot(key)] }

// put sets the key's count, which is at least 1.
func (t *keyTable) put(key Key, n int64) {
	at := t.slot(key)
	if t.counts[at] == 0 {
		t.used++
	}
	t.keys[at], t.counts[at] = key, n
	if t.used*4 > len(t.keys)*3 && len(t.keys) < t.most {
		t.grow()
	}
}

func (t *keyTable) grow() {
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
func (t *keyTable) sorted() []uint32 {
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
func (t *keyTable) clear() {
	clear(t.counts)
	t.used = 0
}

func compareKeys(a, b Key) int { return bytes.Compare(a[:], b[:]) }

// spread makes two hashes of a key. Keys are hashes themselves, but what is looked up
// by them should not depend on that.
func spread(key Key) (uint64, uint64) {
	a, b := binary.LittleEndian.Uint64(key[:8]), binary.LittleEndian.Uint64(key[8:])
	high, low := bits.Mul64(a^0x9E3779B97F4A7C15, b^0xD6E8FEB86659FD93)
	return high ^ low, bits.RotateLeft64(low, 32) ^ a*0xA0761D6478BD642F
}
