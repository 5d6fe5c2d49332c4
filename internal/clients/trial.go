package clients

import (
	"context"
	"errors"
	"time"

	"destination-astra/astra"
	"destination-astra/document"
)

// TrialID is the _id of the document by which check proves the right to write.
const TrialID = "_ab_check"

// trialPatience is how long check tries to take its trial document away again, also when
// somebody has stopped it meanwhile.
const trialPatience = 10 * time.Second

// trial is a document that belongs to no stream and has neither a vector nor a text,
// so that no sync, read, discovery or search can take it for a record. It is always
// the same one: whoever inserts it again finds it there, and whoever deletes it takes
// away what a check before left behind. Its record id and attempt let the first probe
// of [probeFilters] find it (ADR 0022).
type trial struct{}

var _ astra.Document = trial{}

// ID returns the _id of every trial.
func (trial) ID() string { return TrialID }

// AppendJSON appends the document, which says what it is.
func (trial) AppendJSON(dst []byte) []byte {
	return append(dst, `{"_id":"`+TrialID+`","`+document.FieldRecordID+`":"`+TrialID+`",`+
		`"`+document.FieldAttempt+`":"`+TrialID+`",`+
		`"_ab_check":"destination-astra check wrote this to prove that it may write; it can be deleted"}`...)
}

// ProveWrite inserts the trial and deletes it. Both need the right to write, also where
// the trial was there before: the Data API decides that within the database's insert. A
// delete alone proves nothing, because the Data API reads first and never writes when
// nothing matches (Data API v1.0.51, observed with a read-only role).
func ProveWrite(ctx context.Context, coll *astra.Collection) error {
	_, err := coll.InsertMany(ctx, []astra.Document{trial{}})
	if e := (*astra.Error)(nil); err != nil && !(errors.As(err, &e) && e.OutcomeUnknown()) {
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), trialPatience)
	defer cancel()
	if deleteErr := removeTrial(ctx, coll); err == nil {
		err = deleteErr
	}
	return err
}

// removeTrial deletes the trial where it is there.
func removeTrial(ctx context.Context, coll *astra.Collection) error {
	_, err := coll.DeleteMany(ctx, map[string]any{"_id": TrialID})
	return err
}
