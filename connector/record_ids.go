package connector

import (
	"crypto/sha256"
	"log/slog"
	"sync"
)

// recordIDs finds record ids that two keys of this run share: the values of a
// composite key are joined by "_", so ("a_b", "c") and ("a", "b_c") read the
// same. A document that is not ours belongs to the key of its record id only
// when no other key shares that. It is safe for concurrent use.
type recordIDs struct {
	log *slog.Logger

	mu     sync.Mutex
	owners map[tallyKey]tallyKey // record id -> key; zero when shared
	warned bool
}

func newRecordIDs(log *slog.Logger) *recordIDs {
	return &recordIDs{log: log, owners: map[tallyKey]tallyKey{}}
}

// alone records that the version's key has its record id, and reports whether
// no other key of this run does. Single keys cannot collide.
func (r *recordIDs) alone(v *version) bool {
	if len(v.stream.PrimaryKey) < 2 {
		return true
	}
	full := sha256.Sum256([]byte(v.record.RecordID))
	id := tallyKey(full[:16])
	r.mu.Lock()
	defer r.mu.Unlock()
	owner, seen := r.owners[id]
	if !seen {
		r.owners[id] = v.record.Identity
		return true
	}
	if owner == v.record.Identity {
		return true
	}
	r.owners[id] = tallyKey{}
	if !r.warned {
		r.warned = true
		r.log.Warn("two primary keys read the same when joined: documents with that _ab_record_id that another "+
			"connector wrote are kept, because it is not known whose they are",
			"stream", v.stream.Descriptor, "record_id", v.record.RecordID)
	}
	return false
}
