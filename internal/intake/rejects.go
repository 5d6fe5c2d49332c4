package intake

import (
	"log/slog"
	"sync"

	"destination-astra/document"
	"destination-astra/internal/quote"
)

// Rejects applies processing.rejected_records: the first record that cannot be
// stored ends the sync (fail, the default), or up to limit of them are left out,
// each with a WARN that names it, and counted. It is safe for concurrent use.
type Rejects struct {
	Skip  bool
	Limit int64 // the most that may be skipped; 0 means no limit
	Log   *slog.Logger

	mu    sync.Mutex
	count int64
}

// Add takes one rejected record, which came on that line of the input, or
// returns the error that ends the sync.
func (r *Rejects) Add(line int64, reject *document.RejectError) error {
	if !r.Skip {
		return &RejectedError{Line: line, Reject: reject}
	}
	r.mu.Lock()
	r.count++
	n := r.count
	r.mu.Unlock()
	if r.Limit > 0 && n > r.Limit {
		return &RejectedError{Line: line, Reject: reject, Ceiling: r.Limit}
	}
	r.Log.Warn("record rejected", "line", line, "stream", reject.Stream, "record_id", quote.Brief(reject.RecordID),
		"field", quote.Brief(reject.Field), "reason", reject.Reason)
	return nil
}
