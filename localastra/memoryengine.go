package localastra

import (
	"encoding/binary"
	"slices"
)

// memoryEngine keeps everything in maps. It has no rollback: its writes cannot fail.
type memoryEngine struct {
	tables      map[tableKey]*memoryTable
	catalogText []byte
}

type tableKey struct {
	collection uint64
	table      table
}

// memoryTable holds the content by key and, but for idsTable, the keys in order.
type memoryTable struct {
	content map[string][]byte
	order   []uint64
}

func newMemoryEngine() *memoryEngine { return &memoryEngine{tables: map[tableKey]*memoryTable{}} }

func (e *memoryEngine) view(fn func(tx) error) error   { return fn(e) }
func (e *memoryEngine) update(fn func(tx) error) error { return fn(e) }
func (e *memoryEngine) close() error                   { return nil }

func (e *memoryEngine) get(collection uint64, t table, key []byte) []byte {
	m := e.tables[tableKey{collection, t}]
	if m == nil {
		return nil
	}
	return m.content[string(key)]
}

func (e *memoryEngine) put(collection uint64, t table, key, content []byte) error {
	m := e.tables[tableKey{collection, t}]
	if m == nil {
		m = &memoryTable{content: map[string][]byte{}}
		e.tables[tableKey{collection, t}] = m
	}
	if _, known := m.content[string(key)]; !known && t != idsTable {
		seq := binary.BigEndian.Uint64(key)
		at, _ := slices.BinarySearch(m.order, seq)
		m.order = slices.Insert(m.order, at, seq)
	}
	m.content[string(key)] = slices.Clone(content)
	return nil
}

func (e *memoryEngine) remove(collection uint64, t table, key []byte) error {
	m := e.tables[tableKey{collection, t}]
	if m == nil {
		return nil
	}
	delete(m.content, string(key))
	if t != idsTable {
		if at, found := slices.BinarySearch(m.order, binary.BigEndian.Uint64(key)); found {
			m.order = slices.Delete(m.order, at, at+1)
		}
	}
	return nil
}

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

func (e *memoryEngine) last(collection uint64) uint64 {
	m := e.tables[tableKey{collection, documentsTable}]
	if m == nil || len(m.order) == 0 {
		return 0
	}
	return m.order[len(m.order)-1]
}

func (e *memoryEngine) drop(collection uint64) error {
	for _, t := range []table{documentsTable, vectorsTable, idsTable} {
		delete(e.tables, tableKey{collection, t})
	}
	return nil
}

func (e *memoryEngine) catalog() []byte { return e.catalogText }

func (e *memoryEngine) putCatalog(content []byte) error {
	e.catalogText = slices.Clone(content)
	return nil
}

func seqKey(seq uint64) []byte { return binary.BigEndian.AppendUint64(make([]byte, 0, 8), seq) }
