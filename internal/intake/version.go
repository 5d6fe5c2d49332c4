package intake

import (
	"slices"

	"destination-astra/document"
)

// Version is what a batch makes of one key: the records of that key that came,
// of which the newest one that is not rejected is stored.
type Version struct {
	Stream *Stream
	// Record is the one to store. When all are rejected it is the last one, of
	// which nothing is stored (kept).
	Record *document.Record
	// Submissions are all records of the key in the batch, oldest first.
	Submissions []Submission
	bytes       int64 // of the memory budget, for all submissions

	// Counts are what the sink did for Record. It adds to them; the batcher reads them when the
	// batch has landed.
	Counts Counts
	// Refused says why a service refuses Record. A sink sets it, and takes it back with
	// [Version.Reject], after which Record is another one.
	Refused error
	// Tried are the ids of documents that were missing and that the sink has sent, whatever
	// became of them and whichever submission they are of.
	Tried map[string]bool
}

// Submission is one record of the input on its way.
type Submission struct {
	Record *document.Record
	Ticket ticket
	// Rejected says why it cannot be stored: reported already when it comes from
	// document.Build, and at the batch's end when it comes from a service.
	Rejected error
	Reported bool
}

func newVersion(s *Stream, one Submission, bytes int64) *Version {
	v := &Version{Stream: s, Submissions: []Submission{one}, bytes: bytes, Tried: map[string]bool{}}
	v.choose()
	return v
}

// Key identifies the record within the collection: it is the first half of the
// _id of each of the record's documents.
func (v *Version) Key() string { return v.Record.KeyHash() }

// Replaces reports whether there may be older versions of the record. They have its key, and a record
// that lacks a part of its key has an identity of its own.
func (v *Version) Replaces() bool { return v.Stream.Dedup && !v.Record.Keyless }

// merge adds newer records of the same key.
func (v *Version) merge(newer *Version) {
	v.Submissions = append(v.Submissions, newer.Submissions...)
	v.bytes += newer.bytes
	v.choose()
}

// chosen is the index of the newest submission that is not rejected, or -1.
func (v *Version) chosen() int {
	for i, s := range slices.Backward(v.Submissions) {
		if s.Rejected == nil {
			return i
		}
	}
	return -1
}

// choose sets the record to store.
func (v *Version) choose() {
	i := v.chosen()
	if i < 0 {
		i = len(v.Submissions) - 1
	}
	v.Record = v.Submissions[i].Record
	v.Counts = Counts{Chunks: int64(len(v.Documents()))}
}

// Kept: no record of the version can be stored, so what the collection holds of
// the key stays as it is, also in a stream that is replaced.
func (v *Version) Kept() bool { return v.chosen() < 0 }

// Documents are those to store.
func (v *Version) Documents() []document.Document {
	if v.Kept() {
		return nil
	}
	return v.Record.Documents
}

// size is the bytes of the documents to store, without vectors.
func (v *Version) size() int {
	if v.Kept() {
		return 0
	}
	return v.Record.Bytes
}

// Reject has the record before it take the place of the one to store. In a keyed stream the
// previous version stays, also when it is not stored yet.
func (v *Version) Reject(cause error) {
	v.Submissions[v.chosen()].Rejected = cause
	v.choose()
}

// outcome is what happened to the i-th submission: the one that is stored has the
// version's counts, those before it count as received, rejected ones as rejected.
func (v *Version) outcome(i int) Counts {
	switch {
	case v.Submissions[i].Rejected != nil:
		return Counts{Rejected: 1}
	case i != v.chosen():
		return Counts{Received: 1, Replaced: 1}
	}
	c := v.Counts
	c.Received = 1
	return c
}
