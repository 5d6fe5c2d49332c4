package intake

import (
	"fmt"
	"strings"

	"destination-astra/document"
)

// RejectedError ends a sync because of a record that cannot be stored.
type RejectedError struct {
	Line    int64 // of the input, from 1
	Reject  *document.RejectError
	Ceiling int64 // processing.rejected_records' ceiling when it was passed, else 0
}

// Error names the record, the reason and the setting.
func (e *RejectedError) Error() string {
	what := fmt.Sprintf("the record on line %d of the input cannot be stored: %s",
		e.Line, strings.TrimRight(strings.TrimPrefix(e.Reject.Error(), "document: "), "."))
	if e.Ceiling > 0 {
		return fmt.Sprintf("%s; that is one more than processing.rejected_records.max_rejected_records (%d) allows",
			what, e.Ceiling)
	}
	return what + "; set processing.rejected_records to skip such records"
}

// Unwrap returns the record's own error.
func (e *RejectedError) Unwrap() error { return e.Reject }
