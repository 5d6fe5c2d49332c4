package connector

import (
	"log/slog"
	"sync"

	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/internal/quote"
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
		return &clients.RejectedError{Line: line, Reject: reject}
	}
	r.mu.Lock()
	r.count++
	n := r.count
	r.mu.Unlock()
	if r.limit > 0 && n > r.limit {
		return &clients.RejectedError{Line: line, Reject: reject, Ceiling: r.limit}
	}
	r.log.Warn("record rejected", "line", line, "stream", reject.Stream, "record_id", quote.Brief(reject.RecordID),
		"field", quote.Brief(reject.Field), "reason", reject.Reason)
	return nil
}
