package astra

import "fmt"

// Fate is what became of one document of an InsertMany.
type Fate int

// The fates of a document.
const (
	// FateNotTried: not stored, and not for a fault of its own: the call was refused as
	// a whole or did not get that far. The same document may be stored by another call.
	FateNotTried Fate = iota
	// FateInserted: stored by this call.
	FateInserted
	// FateExisting: a document with this _id was there before this call.
	FateExisting
	// FateFailed: the server refused this very document, and would again; it is not stored.
	FateFailed
	// FateUnknown: it may be stored now, or within the next 20 s, or never.
	FateUnknown
)

// String is the fate in words.
func (f Fate) String() string {
	switch f {
	case FateNotTried:
		return "not tried"
	case FateInserted:
		return "inserted"
	case FateExisting:
		return "existing"
	case FateFailed:
		return "failed"
	case FateUnknown:
		return "unknown"
	}
	return fmt.Sprintf("Fate(%d)", int(f))
}

// Stored reports whether a document with this _id is certainly in the collection.
func (f Fate) Stored() bool { return f == FateInserted || f == FateExisting }

// DocumentFate is the fate of one document and its reason.
type DocumentFate struct {
	// ID is the document's _id.
	ID string
	// Fate of the document. Nothing is implied: every document has an entry.
	Fate Fate
	// Err is why the document is not stored or not known to be; nil when it is stored.
	Err error
}

// BatchError is an InsertMany that did not store every document. Documents tells each
// one's fate, in the order they were given.
type BatchError struct {
	// Err is the headline: what refused the whole call or kept it from its end, else
	// the first document's error. Never nil.
	Err error
	// Documents has one entry for each document of the call.
	Documents []DocumentFate
}

// Error is the headline and how many documents met which fate.
func (e *BatchError) Error() string {
	counts := map[Fate]int{}
	for _, d := range e.Documents {
		counts[d.Fate]++
	}
	return fmt.Sprintf("%v (of %d documents: %d inserted, %d existing, %d failed, %d unknown, %d not tried)",
		e.Err, len(e.Documents), counts[FateInserted], counts[FateExisting], counts[FateFailed],
		counts[FateUnknown], counts[FateNotTried])
}

// Unwrap returns the headline.
func (e *BatchError) Unwrap() error { return e.Err }

// OutcomeUnknown reports whether any document's fate is FateUnknown.
func (e *BatchError) OutcomeUnknown() bool {
	for _, d := range e.Documents {
		if d.Fate == FateUnknown {
			return true
		}
	}
	return false
}
