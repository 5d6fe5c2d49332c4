package connector

import (
	"slices"

	"destination-astra/document"
)

// version is what a batch makes of one key: the records of that key that came,
// of which the newest one that is not rejected is stored.
type version struct {
	stream *stream
	// record is the one to store. When all are rejected it is the last one, of
	// which nothing is stored (kept).
	record *document.Record
	// submissions are all records of the key in the batch, oldest first.
	submissions []submission
	bytes       int64 // of the memory budget, for all submissions

	counts  counts          // of record
	refused error           // why a service refuses record, until the batch falls back on another
	tried   map[string]bool // ids that were missing and that we sent, of any submission
}

// submission is one record of the input on its way.
type submission struct {
	record *document.Record
	ticket ticket
	// rejected says why it cannot be stored: reported already when it comes from
	// document.Build, and at the batch's end when it comes from a service.
	rejected error
	reported bool
}

func newVersion(s *stream, one submission, bytes int64) *version {
	v := &version{stream: s, submissions: []submission{one}, bytes: bytes, tried: map[string]bool{}}
	v.choose()
	return v
}

// key identifies the record within the collection: it is the first half of the
// _id of each of the record's documents.
func (v *version) key() string { return v.record.KeyHash() }

// replaces reports whether there may be older versions of the record. They have its key, and a record
// that lacks a part of its key has an identity of its own.
func (v *version) replaces() bool { return v.stream.Dedup && !v.record.Keyless }

// merge adds newer records of the same key.
func (v *version) merge(newer *version) {
	v.submissions = append(v.submissions, newer.submissions...)
	v.bytes += newer.bytes
	v.choose()
}

// chosen is the index of the newest submission that is not rejected, or -1.
func (v *version) chosen() int {
	for i, s := range slices.Backward(v.submissions) {
		if s.rejected == nil {
			return i
		}
	}
	return -1
}

// choose sets the record to store.
func (v *version) choose() {
	i := v.chosen()
	if i < 0 {
		i = len(v.submissions) - 1
	}
	v.record = v.submissions[i].record
	v.counts = counts{chunks: int64(len(v.documents()))}
}

// kept: no record of the version can be stored, so what the collection holds of
// the key stays as it is, also in a stream that is replaced.
func (v *version) kept() bool { return v.chosen() < 0 }

// documents are those to store.
func (v *version) documents() []document.Document {
	if v.kept() {
		return nil
	}
	return v.record.Documents
}

// size is the bytes of the documents to store, without vectors.
func (v *version) size() int {
	if v.kept() {
		return 0
	}
	return v.record.Bytes
}

// reject has the record before it take the place of the one to store. In a keyed stream the
// previous version stays, also when it is not stored yet.
func (v *version) reject(cause error) {
	v.submissions[v.chosen()].rejected = cause
	v.choose()
}

// outcome is what happened to the i-th submission: the one that is stored has the
// version's counts, those before it count as received, rejected ones as rejected.
func (v *version) outcome(i int) counts {
	switch {
	case v.submissions[i].rejected != nil:
		return counts{rejected: 1}
	case i != v.chosen():
		return counts{received: 1, replaced: 1}
	}
	c := v.counts
	c.received = 1
	return c
}
