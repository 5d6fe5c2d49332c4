package connector

import (
	"crypto/sha256"
	"log/slog"
	"strings"
	"sync"
	"sync/atomic"

	"destination-astra/document"
	"destination-astra/internal/intake"
	"destination-astra/internal/quote"
	"destination-astra/internal/tally"
)

// recordIDs finds record ids that stand for more than one key: the values of a
// composite key are joined by "_", so ("a_b", "c") and ("a", "b_c") read the
// same, and all records without their key do. A document that is not ours
// belongs to the key of its record id only when no other key shares that. It is
// safe for concurrent use.
type recordIDs struct {
	log *slog.Logger

	mu     sync.Mutex
	owners *tally.Tally // takes a pair of record id and key, and the record id with the first of these
	warned atomic.Bool
}

func newRecordIDs(owners *tally.Tally, log *slog.Logger) *recordIDs {
	return &recordIDs{log: log, owners: owners}
}

// close removes the temporary files.
func (r *recordIDs) close() error { return r.owners.Close() }

// alone records that the version's key has its record id, and reports whether
// no other key of this run does. Single keys cannot collide, but with the text
// that a missing one has.
func (r *recordIDs) alone(v *intake.Version) (bool, error) {
	if strings.Contains(v.Record.RecordID, document.NotFound) {
		r.warn("a primary key reads like one that is missing", v)
		return false, nil
	}
	if len(v.Stream.PrimaryKey) < 2 {
		return true, nil
	}
	id := sha256.Sum256([]byte(v.Record.RecordID))
	pair := sha256.Sum256(append(id[:], v.Record.Identity[:]...))
	r.mu.Lock()
	defer r.mu.Unlock()
	before, err := r.owners.Take(tally.Key(pair[:16]))
	if err == nil && before == 0 {
		_, err = r.owners.Take(tally.Key(id[:16]))
	}
	if err != nil {
		return false, err
	}
	keys, err := r.owners.Times(tally.Key(id[:16]))
	if keys > 1 {
		r.warn("two primary keys read the same when joined", v)
	}
	return keys == 1, err
}

// warn says once a run why documents are kept.
func (r *recordIDs) warn(why string, v *intake.Version) {
	if r.warned.Swap(true) {
		return
	}
	r.log.Warn(why+": documents with that _ab_record_id that another connector wrote are kept, "+
		"because it is not known whose they are", "stream", v.Stream.Descriptor, "record_id", quote.Brief(v.Record.RecordID))
}
