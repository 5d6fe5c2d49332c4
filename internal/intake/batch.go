package intake

import (
	"time"

	"destination-astra/astra"
)

// The limits at which a batch closes: those of one insertMany, less vectorRoom.
const (
	MaxBatchDocuments = astra.MaxInsertDocuments
	MaxBatchBytes     = astra.MaxRequestBytes - vectorRoom
)

// vectorRoom is more than the command takes beside the documents: the vectors of all, which are not here
// yet, of 4096 dimensions at most.
const vectorRoom = 3 << 20

// Batch is what goes through the diff, the embedder and the Data API together.
// It owns its keys from the diff's read to the delete of the stale documents:
// no other batch with one of them is in flight at the same time.
type Batch struct {
	Versions  []*Version
	byKey     map[string]*Version
	Documents int
	bytes     int // of documents, without vectors
	opened    time.Time
	landed    chan struct{} // closed when the sink is done with the batch
	held      *Batch        // versions of its keys that came while it was in flight; nil for none
}

func NewBatch() *Batch {
	return &Batch{byKey: map[string]*Version{}, landed: make(chan struct{})}
}

// add puts a record into the batch. A newer version of a record takes the
// place of an older one of the same batch, which is never sent.
func (b *Batch) add(v *Version, came time.Time) {
	if b.empty() || came.Before(b.opened) {
		b.opened = came
	}
	old := b.byKey[v.Key()]
	if old == nil {
		b.byKey[v.Key()] = v
		b.Versions = append(b.Versions, v)
		b.Documents += len(v.Documents())
		b.bytes += v.size()
		return
	}
	b.Documents -= len(old.Documents())
	b.bytes -= old.size()
	old.merge(v)
	b.Documents += len(old.Documents())
	b.bytes += old.size()
}

// hasLanded reports whether the sink is done with the batch.
func (b *Batch) hasLanded() bool {
	select {
	case <-b.landed:
		return true
	default:
		return false
	}
}

func (b *Batch) empty() bool { return len(b.Versions) == 0 }

// takes reports whether the batch with the version still is one insertMany. A record of more
// documents than that goes alone, and a newer version of a record with the older one.
func (b *Batch) takes(v *Version) bool {
	if b.empty() || b.byKey[v.Key()] != nil {
		return true
	}
	return b.Documents+len(v.Documents()) <= MaxBatchDocuments && b.bytes+v.size() <= MaxBatchBytes
}

// full reports whether the batch is worth a call of its own. Records without
// documents (CDC deletes) count too: each is a key to read and to delete.
func (b *Batch) full() bool {
	return b.Documents >= MaxBatchDocuments || len(b.Versions) >= MaxBatchDocuments || b.bytes >= MaxBatchBytes
}
