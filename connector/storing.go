package connector

import (
	"context"

	"golang.org/x/sync/errgroup"

	"destination-astra/document"
	"destination-astra/internal/intake"
)

// storing is the sink of a write: it applies batches side by side, as many as the pace
// allows, and finalises streams beside them.
type storing struct {
	pace      *pace
	applier   *applier
	finaliser *finaliser
	rejects   *intake.Rejects

	group *errgroup.Group // runs what goes on beside the input
	ctx   context.Context // of the group
	stop  context.Context // ends finalising
}

var _ intake.Sink = (*storing)(nil)

// Reject stops the sync, or counts the record, as processing.rejected_records says.
func (s *storing) Reject(_ *intake.Stream, line int64, r *document.RejectError) error {
	return s.rejects.Add(line, r)
}

// Batch begins to apply b once a slot is free. An error of that comes out of the group,
// and then nobody goes on as if the batch had landed.
func (s *storing) Batch(ctx context.Context, b *intake.Batch, landed func() error) error {
	if err := s.pace.acquire(ctx); err != nil {
		return err
	}
	s.group.Go(func() error {
		err := s.applier.apply(s.ctx, b)
		s.pace.release()
		if err != nil {
			return err
		}
		return landed()
	})
	return nil
}

// Complete begins to finalise the stream; other streams go on meanwhile.
func (s *storing) Complete(one *intake.Stream) {
	s.group.Go(func() error { return s.finaliser.finalise(s.ctx, s.stop, one) })
}
