package connector

import (
	"time"

	"destination-astra/document"
)

// The limits at which a batch closes. The document count is the most that one
// insertMany takes (Data API, operations.max-document-insert-count); the bytes
// stay under the 20 MiB that a request body may have.
const (
	maxBatchDocuments = 100
	maxBatchBytes     = 16 << 20
)

// version is the newest version of one record in a batch.
type version struct {
	stream *stream
	record *document.Record
	// older are the records that this one took the place of, oldest first: when the
	// server refuses a record, the one before it is stored.
	older []*document.Record
	// tickets are those of this version and of the older ones in the batch that
	// it replaced: all are done when this one is.
	tickets []ticket
	bytes   int64 // of the memory budget, for all tickets
}

// batch is what goes through the diff, the embedder and the Data API together.
// It owns its keys from the diff's read to the delete of the stale documents:
// no other batch with one of them is in flight at the same time.
type batch struct {
	versions  []*version
	byKey     map[string]*version
	documents int
	bytes     int // of documents, without vectors
	opened    time.Time
	done      chan struct{} // closed when the batch is applied and its keys are free
}

func newBatch() *batch {
	return &batch{byKey: map[string]*version{}, done: make(chan struct{})}
}

// add puts a record into the batch. A newer version of a record takes the
// place of an older one of the same batch, which is never sent.
func (b *batch) add(v *version, now time.Time) {
	if len(b.versions) == 0 {
		b.opened = now
	}
	b.documents += len(v.record.Documents)
	b.bytes += v.record.Bytes
	key := v.key()
	old, seen := b.byKey[key]
	if !seen {
		b.byKey[key] = v
		b.versions = append(b.versions, v)
		return
	}
	b.documents -= len(old.record.Documents)
	b.bytes -= old.record.Bytes
	old.older = append(old.older, old.record)
	old.record = v.record
	old.tickets = append(old.tickets, v.tickets...)
	old.bytes += v.bytes
}

// key identifies the record within the collection: it is the first half of the
// _id of each of the record's documents.
func (v *version) key() string { return v.record.KeyHash() }

func (b *batch) empty() bool { return len(b.versions) == 0 }

// full reports whether the batch is worth a call of its own. Records without
// documents (CDC deletes) count too: each is a key to read and to delete.
func (b *batch) full() bool {
	return b.documents >= maxBatchDocuments || len(b.versions) >= maxBatchDocuments || b.bytes >= maxBatchBytes
}

// keyed reports whether the batch may delete: only keyed streams have older
// versions, and only there can a write that is applied late undo a later one.
func (b *batch) keyed() bool {
	for _, v := range b.versions {
		if v.stream.Dedup {
			return true
		}
	}
	return false
}
