package document

import (
	"strings"

	"destination-astra/internal/quote"
	"destination-astra/protocol"
)

// RejectError says why a record cannot be stored as it is and what would help. Nothing of the
// record may be stored then.
type RejectError struct {
	Stream   protocol.StreamDescriptor
	RecordID string // as in _ab_record_id; "" when the stream has no primary key
	Field    string // path of the field at fault, as the source names it; "" when none is
	Reason   string
}

// Error names the stream, the record and the field, and never quotes the record's data beyond
// its key.
func (e *RejectError) Error() string {
	var b strings.Builder
	b.WriteString("document: stream ")
	b.WriteString(e.Stream.String())
	if e.RecordID != "" {
		b.WriteString(": record ")
		b.WriteString(quote.Brief(e.RecordID))
	}
	if e.Field != "" {
		b.WriteString(": field ")
		b.WriteString(quote.Brief(e.Field))
	}
	b.WriteString(": ")
	b.WriteString(e.Reason)
	return b.String()
}

// reject is a RejectError that does not know its stream and record yet.
func reject(field, reason string) *RejectError {
	return &RejectError{Field: field, Reason: reason}
}
