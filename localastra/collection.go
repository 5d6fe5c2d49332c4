package localastra

import (
	"encoding/binary"
	"fmt"
)

// collection is one collection: its settings, and what is cached of its documents.
// The caches are guarded by store.mu.
type collection struct {
	id       uint64
	keyspace string
	name     string
	options  collectionOptions

	last    uint64                 // the highest sequence number that was given out
	indexes map[string]*fieldIndex // by path; built on first use
	vectors *vectorIndex           // nil until first use
	lexical *lexicalIndex          // nil until first use
}

// newCollection makes a collection without caches. They are filled when the first
// search or filter wants them, not when documents arrive: a pure load never pays for
// them.
func newCollection(id uint64, keyspace, name string, o collectionOptions) *collection {
	return &collection{id: id, keyspace: keyspace, name: name, options: o, indexes: map[string]*fieldIndex{}}
}

// stored is a document as it lies in the store: $vector, when there is one, is true
// instead of the vector, which has its own table.
type stored struct {
	seq    uint64
	fields value
}

// id returns the _id, which every stored document has.
func (d stored) id() value {
	id, _ := d.fields.get("_id")
	return id
}

// hasVector tells whether a vector lies in vectorsTable. Only this package writes true
// there: what clients send as true is refused.
func (d stored) hasVector() bool { return d.fields.isTrue(vectorField) }

// lookup finds a document by its _id. It is one read by key: an _id needs no index in
// memory.
func (c *collection) lookup(t reader, id value) (uint64, bool) {
	seq := t.get(c.id, idsTable, []byte(id.key()))
	if seq == nil {
		return 0, false
	}
	return binary.BigEndian.Uint64(seq), true
}

// load reads a document by its sequence number, which an index or the key of an _id has
// given: ok is false in a damaged file only.
func (c *collection) load(t reader, seq uint64) (stored, bool) {
	text := t.get(c.id, documentsTable, seqKey(seq))
	if text == nil {
		t.missing("a document")
		return stored{}, false
	}
	return stored{seq, parseStored(text)}, true
}

// whole returns the fields of d with its vector in the form in which it came. A vector
// that cannot be read is left out rather than made up; it can be missing only in a
// damaged file.
func (c *collection) whole(t reader, d stored) value {
	if !d.hasVector() {
		return d.fields
	}
	v, ok := decodeVector(t.get(c.id, vectorsTable, seqKey(d.seq)))
	if !ok {
		t.missing("a vector")
		return d.fields.without(vectorField)
	}
	return d.fields.with(vectorField, v.json())
}

// insert stores a new document. The caller has checked that its _id is new. The
// sequence number that it gives out is never used again while the server runs, so a
// page state never points to another document.
func (c *collection) insert(t tx, d *shredded) error {
	c.last++
	if err := t.put(c.id, idsTable, []byte(d.id.key()), seqKey(c.last)); err != nil {
		return fmt.Errorf("store _id: %w", err)
	}
	if err := c.store(t, c.last, d); err != nil {
		return err
	}
	for _, index := range c.indexes {
		index.add(c.last, d.fields)
	}
	if c.lexical != nil {
		c.lexical.add(c.last, d.fields)
	}
	return nil
}

// replace stores a new version of old under the same _id. The sequence number stays,
// and with it the place of the document in the order of reading and in every index that
// the change does not touch.
func (c *collection) replace(t tx, old stored, d *shredded) error {
	if old.hasVector() && !d.fields.isTrue(vectorField) {
		if err := c.dropVector(t, old.seq); err != nil {
			return err
		}
	}
	if err := c.store(t, old.seq, d); err != nil {
		return err
	}
	for _, index := range c.indexes {
		index.change(old.seq, old.fields, d.fields)
	}
	if c.lexical != nil && lexicalText(old.fields) != lexicalText(d.fields) {
		c.lexical.remove(old.seq, old.fields)
		c.lexical.add(old.seq, d.fields)
	}
	return nil
}

// store writes what a new and a changed document have in common. A vector that did not
// change is not written again: for the raise of a generation number this saves most of
// the bytes.
func (c *collection) store(t tx, seq uint64, d *shredded) error {
	if err := t.put(c.id, documentsTable, seqKey(seq), d.body); err != nil {
		return fmt.Errorf("store document: %w", err)
	}
	if d.vector == nil {
		return nil
	}
	if err := t.put(c.id, vectorsTable, seqKey(seq), d.vector.encode()); err != nil {
		return fmt.Errorf("store vector: %w", err)
	}
	if c.vectors != nil {
		c.vectors.set(seq, d.vector.floats)
	}
	return nil
}

// dropVector removes a vector from the store and from the memory of searches.
func (c *collection) dropVector(t tx, seq uint64) error {
	if err := t.remove(c.id, vectorsTable, seqKey(seq)); err != nil {
		return fmt.Errorf("delete vector: %w", err)
	}
	if c.vectors != nil {
		c.vectors.remove(seq)
	}
	return nil
}

// remove deletes a document from all tables and caches. The caller read it in the same
// transaction.
func (c *collection) remove(t tx, d stored) error {
	if err := t.remove(c.id, idsTable, []byte(d.id().key())); err != nil {
		return fmt.Errorf("delete _id: %w", err)
	}
	if err := t.remove(c.id, documentsTable, seqKey(d.seq)); err != nil {
		return fmt.Errorf("delete document: %w", err)
	}
	if d.hasVector() {
		if err := c.dropVector(t, d.seq); err != nil {
			return err
		}
	}
	for _, index := range c.indexes {
		index.remove(d.seq, d.fields)
	}
	if c.lexical != nil {
		c.lexical.remove(d.seq, d.fields)
	}
	return nil
}

// truncate deletes all documents at once. Dropping three tables takes the same time for
// any number of documents. Clients see the difference in the answer: a count of -1.
func (c *collection) truncate(t tx) error {
	c.indexes = map[string]*fieldIndex{}
	c.vectors, c.lexical = nil, nil
	if err := t.drop(c.id); err != nil {
		return fmt.Errorf("truncate: %w", err)
	}
	return nil
}

// size counts the documents. It reads every document's key, so it is as slow as the
// collection is long. Only estimatedDocumentCount and the explorer call it.
func (c *collection) size(t reader) int {
	n := 0
	t.ascend(c.id, documentsTable, 0, func(uint64, []byte) bool {
		n++
		return true
	})
	return n
}
