package document

import "strings"

// isDeletion reports whether the source deleted the record, as CDC sources say it: with
// _ab_cdc_deleted_at. What comes of it is decided here for a stream with a key, whose documents
// go, and in package intake for the others, where it is counted as dropped.
func (b *building) isDeletion() bool {
	deleted, found := b.root.child("_ab_cdc_deleted_at")
	return found && isSet(deleted)
}

// isSet reports whether _ab_cdc_deleted_at marks a deleted record, as Python's truth does.
func isSet(v value) bool {
	switch v.kind {
	case kindNull, kindFalse:
		return false
	case kindString:
		return v.text != ""
	case kindNumber:
		return strings.ContainsAny(v.text, "123456789")
	default:
		return true
	}
}

// delete is all there is to do for a record that the source deleted: it may carry only its key.
func (b *building) delete() *RejectError {
	b.record.Deleted = true
	if b.record.Stream.Identity != IdentityKey {
		return nil
	}
	if b.key.missing != nil {
		return reject(strings.Join(b.key.missing, "."),
			"the primary key is missing in a deleted record: what to delete is unknown")
	}
	b.identify()
	return nil
}
