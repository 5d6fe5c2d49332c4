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
}

func newCollection(id uint64, keyspace, name string, o collectionOptions) *collection {
	return &collection{id: id, keyspace: keyspace, name: name, options: o, indexes: map[string]*fieldIndex{}}
}

// stored is a document as it lies in the store: $vector, when there is one, is true
// instead of the vector, which has its own table.
type stored struct {
	seq    uint64
	fields value
}

func (d stored) id() value {
	id, _ := d.fields.get("_id")
	return id
}

func (d stored) hasVector() bool { return d.fields.isTrue(vectorField) }

// lookup finds a document by its _id.
func (c *collection) lookup(t tx, id value) (uint64, bool) {
	seq := t.get(c.id, idsTable, []byte(id.key()))
	if seq == nil {
		return 0, false
	}
	return binary.BigEndian.Uint64(seq), true
}

func (c *collection) load(t tx, seq uint64) (stored, bool) {
	text := t.get(c.id, documentsTable, seqKey(seq))
	if text == nil {
		return stored{}, false
	}
	return stored{seq, parseStored(text)}, true
}

// whole returns the fields of d with its vector in the form in which it came.
func (c *collection) whole(t tx, d stored) value {
	if !d.hasVector() {
		return d.fields
	}
	v, ok := decodeVector(t.get(c.id, vectorsTable, seqKey(d.seq)))
	if !ok {
		return d.fields.without(vectorField)
	}
	return d.fields.with(vectorField, v.json())
}

// insert stores a new document. The caller has checked that its _id is new.
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
	return nil
}

// replace stores a new version of old under the same _id.
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
	return nil
}

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

func (c *collection) dropVector(t tx, seq uint64) error {
	if err := t.remove(c.id, vectorsTable, seqKey(seq)); err != nil {
		return fmt.Errorf("delete vector: %w", err)
	}
	if c.vectors != nil {
		c.vectors.remove(seq)
	}
	return nil
}

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
	return nil
}

// truncate deletes all documents at once.
func (c *collection) truncate(t tx) error {
	c.indexes = map[string]*fieldIndex{}
	c.vectors = nil
	if err := t.drop(c.id); err != nil {
		return fmt.Errorf("truncate: %w", err)
	}
	return nil
}

// size counts the documents.
func (c *collection) size(t tx) int {
	n := 0
	t.ascend(c.id, documentsTable, 0, func(uint64, []byte) bool {
		n++
		return true
	})
	return n
}
