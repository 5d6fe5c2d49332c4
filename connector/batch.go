package connector

import (
	"time"

	"destination-astra/astra"
)

// The limits at which a batch closes: those of one insertMany, though the vectors, which
// are not here yet, can make it several.
const (
	maxBatchDocuments = astra.MaxInsertDocuments
	maxBatchBytes     = astra.MaxRequestBytes
)

// batch is what goes through the diff, the embedder and the Data API together.
// It owns its keys from the diff's read to the delete of the stale documents:
// no other batch with one of them is in flight at the same time.
type batch struct {
	versions  []*version
	byKey     map[string]*version
	documents int
	bytes     int // of documents, without vectors
	opened    time.Time
	landed    chan struct{} // closed when the sink is done with the batch
	held      *batch        // versions of its keys that came while it was in flight; nil for none
}

func newBatch() *batch {
	return &batch{byKey: map[string]*version{}, landed: make(chan struct{})}
}

// add puts a record into the batch. A newer version of a record takes the
// place of an older one of the same batch, which is never sent.
func (b *batch) add(v *version, came time.Time) {
	if b.empty() || came.Before(b.opened) {
		b.opened = came
	}
	old := b.byKey[v.key()]
	if old == nil {
		b.byKey[v.key()] = v
		b.versions = append(b.versions, v)
		b.documents += len(v.documents())
		b.bytes += v.size()
		return
	}
	b.documents -= len(old.documents())
	b.bytes -= old.size()
	old.merge(v)
	b.documents += len(old.documents())
	b.bytes += old.size()
}

// hasLanded reports whether the sink is done with the batch.
func (b *batch) hasLanded() bool {
	select {
	case <-b.landed:
		return true
	default:
		return false
	}
}

func (b *batch) empty() bool { return len(b.versions) == 0 }

// takes reports whether the batch with the version still is one insertMany. A record of more
// documents than that goes alone, and a newer version of a record with the older one.
func (b *batch) takes(v *version) bool {
	if b.empty() || b.byKey[v.key()] != nil {
		return true
	}
	return b.documents+len(v.documents()) <= maxBatchDocuments && b.bytes+v.size() <= maxBatchBytes
}

// full reports whether the batch is worth a call of its own. Records without
// documents (CDC deletes) count too: each is a key to read and to delete.
func (b *batch) full() bool {
	return b.documents >= maxBatchDocuments || len(b.versions) >= maxBatchDocuments || b.bytes >= maxBatchBytes
}
