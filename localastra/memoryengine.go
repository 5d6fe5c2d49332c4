package localastra

import (
	"encoding/binary"
	"slices"
)

// memoryEngine keeps everything in maps. It has no rollback: its writes cannot fail.
type memoryEngine struct{ tables map[tableKey]*memoryTable }

// tableKey names one table of one collection.
type tableKey struct {
	collection uint64
	table      table
}

// memoryTable holds the content by key and, of an ordered table, the keys in order.
type memoryTable struct {
	content map[string][]byte
	order   []uint64
}

// newMemoryEngine makes an empty database that lives as long as the process.
func newMemoryEngine() *memoryEngine { return &memoryEngine{tables: map[tableKey]*memoryTable{}} }

// view runs fn. The store makes sure that no write runs beside it.
func (e *memoryEngine) view(fn func(reader) error) error { return fn(e) }

// update runs fn. Its writes are visible at once and cannot be undone; the store alone
// sees them before fn returns.
func (e *memoryEngine) update(fn func(tx) error) error { return fn(e) }

// close has nothing to release.
func (e *memoryEngine) close() error { return nil }

// get implements reader. The slice is the stored one: nobody may change it.
func (e *memoryEngine) get(collection uint64, t table, key []byte) []byte {
	m := e.tables[tableKey{collection, t}]
	if m == nil {
		return nil
	}
	return m.content[string(key)]
}

// put implements tx. It keeps a copy, because callers use their buffers again.
func (e *memoryEngine) put(collection uint64, t table, key, content []byte) error {
	m := e.tables[tableKey{collection, t}]
	if m == nil {
		m = &memoryTable{content: map[string][]byte{}}
		e.tables[tableKey{collection, t}] = m
	}
	if _, known := m.content[string(key)]; !known && t.ordered() {
		seq := binary.BigEndian.Uint64(key)
		at, _ := slices.BinarySearch(m.order, seq)
		m.order = slices.Insert(m.order, at, seq)
	}
	m.content[string(key)] = slices.Clone(content)
	return nil
}

// remove implements tx.
func (e *memoryEngine) remove(collection uint64, t table, key []byte) error {
	m := e.tables[tableKey{collection, t}]
	if m == nil {
		return nil
	}
	delete(m.content, string(key))
	if t.ordered() {
		if at, found := slices.BinarySearch(m.order, binary.BigEndian.Uint64(key)); found {
			m.order = slices.Delete(m.order, at, at+1)
		}
	}
	return nil
}

// ascend implements reader. The list of keys is kept in order, so that no sorting is
// needed here.
func (e *memoryEngine) ascend(collection uint64, t table, from uint64, fn func(uint64, []byte) bool) {
	m := e.tables[tableKey{collection, t}]
	if m == nil {
		return
	}
	at, _ := slices.BinarySearch(m.order, from)
	for _, seq := range m.order[at:] {
		if !fn(seq, m.content[string(seqKey(seq))]) {
			return
		}
	}
}

// missing implements reader. Memory loses nothing.
func (e *memoryEngine) missing(string) {}

// last implements reader.
func (e *memoryEngine) last(collection uint64) uint64 {
	m := e.tables[tableKey{collection, documentsTable}]
	if m == nil || len(m.order) == 0 {
		return 0
	}
	return m.order[len(m.order)-1]
}

// drop implements tx.
func (e *memoryEngine) drop(collection uint64) error {
	for _, t := range []table{documentsTable, vectorsTable, idsTable} {
		delete(e.tables, tableKey{collection, t})
	}
	return nil
}

// seqBytes is the length of a sequence number as a key.
const seqBytes = 8

// seqKey is a number as a key, in the byte order in which keys sort as numbers do.
func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(make([]byte, 0, 8), seq) }
