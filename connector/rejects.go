package connector

import (
	"fmt"
	"log/slog"
	"strings"
	"sync"

	"destination-astra/document"
)

// rejects applies processing.rejected_records: the first record that cannot be
// stored ends the sync (fail, the default), or up to limit of them are left out,
// each with a WARN that names it, and counted. It is safe for concurrent use.
type rejects struct {
	skip  bool
	limit int64 // the most that may be skipped; 0 means no limit
	log   *slog.Logger

	mu    sync.Mutex
	count int64
}

// add takes one rejected record, which came on that line of the input, or
// returns the error that ends the sync.
func (r *rejects) add(line int64, reject *document.RejectError) error {
	if !r.skip {
		return &RejectedError{Line: line, Reject: reject}
	}
	r.mu.Lock()
	r.count++
	n := r.count
	r.mu.Unlock()
	if r.limit > 0 && n > r.limit {
		return &RejectedError{Line: line, Reject: reject, Ceiling: r.limit}
	}
	r.log.Warn("record rejected", "line", line, "stream", reject.Stream, "record_id", brief(reject.RecordID),
		"field", brief(reject.Field), "reason", reject.Reason)
	return nil
}

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
