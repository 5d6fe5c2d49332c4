package connector

import (
	"context"
	"errors"
	"slices"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/embed"
	"destination-astra/internal/intake"
)

// refused sorts out an insertMany's error: documents that the server refuses
// for what they are reject their records, anything else ends the batch.
func (a *applier) refused(err error, part []sendable) error {
	var batchErr *astra.BatchError
	if !errors.As(err, &batchErr) {
		return err
	}
	for i, d := range batchErr.Documents {
		switch {
		case d.Fate.Stored():
		case d.Fate == astra.FateFailed && isDocumentFault(d.Err):
			part[i].version.Refused = d.Err
		default:
			return err
		}
	}
	return nil
}

// isDocumentFault reports whether a document was refused for its own content.
// A vector of the wrong length is a fault of the configuration: every document
// has it.
func isDocumentFault(err error) bool {
	var e *astra.Error
	return errors.As(err, &e) && e.Family == astra.FamilyRequest && !e.HasCode(astra.CodeInvalidVectorLength)
}

// withdraw removes what was stored of rejected versions, also by an attempt before
// this one, and nothing else; in a keyed stream the previous version stays.
func (a *applier) withdraw(ctx context.Context, b *intake.Batch, d *diff) error {
	for _, c := range d.present {
		if c.version.Refused != nil && a.isLeftover(c) {
			c.version.Tried[c.id] = true
		}
	}
	var inserted []change
	for _, v := range b.Versions {
		if v.Refused == nil && !v.Kept() {
			continue
		}
		for id := range v.Tried { // also in a later round: an insert may be applied late
			inserted = append(inserted, change{version: v, id: id})
		}
	}
	isRejected := func(c change) bool { return c.version.Refused != nil }
	d.raise = slices.DeleteFunc(d.raise, isRejected)
	d.stale = slices.DeleteFunc(d.stale, isRejected)
	_, err := a.deleteIDs(ctx, inserted)
	return err
}

// isLeftover reports whether a document of a version that is rejected now belongs to no
// other version: where the key is the record itself, all of them; else what an attempt that
// did not end well has inserted as a part of this version.
func (a *applier) isLeftover(c change) bool {
	v := c.version
	if !v.Replaces() {
		return true
	}
	isIt := func(d document.Document) bool { return d.ID() == c.id }
	for _, s := range v.Submissions {
		if s.Record != v.Record && slices.ContainsFunc(s.Record.Documents, isIt) {
			return false
		}
	}
	return a.fence.leftBy(c.stored.Attempt, v.Record.Version)
}

// fallBack has each version whose record was refused fall back on the one before.
// It reports whether any was refused, and whether that leaves something to do.
func fallBack(b *intake.Batch) (refused, more bool) {
	for _, v := range b.Versions {
		refused = refused || v.Refused != nil || v.Kept()
		if v.Refused == nil {
			continue
		}
		v.Reject(v.Refused)
		v.Refused = nil
		more = more || !v.Kept() || v.Stream.Replacing && v.Stream.Dedup
	}
	return refused, more
}

// refusedBy names the service that a rejection's cause came from.
func refusedBy(cause error) string {
	var e *embed.Error
	if errors.As(cause, &e) {
		return "the embedding service"
	}
	return "the Data API"
}

// rejection is what the log says of a record that a service refused.
func rejection(v *intake.Version, cause error) *document.RejectError {
	return &document.RejectError{
		Stream: v.Stream.Descriptor, RecordID: v.Record.RecordID,
		Reason: refusedBy(cause) + " refused it: " + cause.Error(),
	}
}
