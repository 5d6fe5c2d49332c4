package connector

import (
	"context"

	"golang.org/x/sync/errgroup"
)

// flights are the batches that are being applied. A batch starts only when no
// batch in flight holds one of its keys, so that two versions of a record never
// overtake each other. Its methods are for one goroutine; the batches run on
// the group.
type flights struct {
	group *errgroup.Group
	apply func(context.Context, *batch) error
	pace  *pace

	inFlight []*batch // oldest first; finished ones are dropped at the next start
	owners   map[string]*batch
}

func newFlights(group *errgroup.Group, p *pace, apply func(context.Context, *batch) error) *flights {
	return &flights{group: group, apply: apply, pace: p, owners: map[string]*batch{}}
}

// start begins to apply b once its keys and a slot are free. An error of the
// apply itself comes out of the group.
func (f *flights) start(ctx context.Context, b *batch) error {
	for key := range b.byKey {
		if owner := f.owners[key]; owner != nil {
			if err := await(ctx, owner.done); err != nil {
				return err
			}
		}
	}
	if err := f.pace.acquire(ctx); err != nil {
		return err
	}
	f.forgetDone()
	for key := range b.byKey {
		f.owners[key] = b
	}
	f.inFlight = append(f.inFlight, b)
	f.group.Go(func() error {
		err := f.apply(ctx, b)
		f.pace.release(err == nil)
		if err == nil {
			close(b.done) // after an error nobody may go on as if the batch were stored
		}
		return err
	})
	return nil
}

// wait returns when no batch is in flight, or with ctx's error.
func (f *flights) wait(ctx context.Context) error {
	for _, b := range f.inFlight {
		if err := await(ctx, b.done); err != nil {
			return err
		}
	}
	f.forgetDone()
	return nil
}

// forgetDone frees the keys of finished batches.
func (f *flights) forgetDone() {
	kept := f.inFlight[:0]
	for _, b := range f.inFlight {
		select {
		case <-b.done:
			for key := range b.byKey {
				if f.owners[key] == b {
					delete(f.owners, key)
				}
			}
		default:
			kept = append(kept, b)
		}
	}
	clear(f.inFlight[len(kept):])
	f.inFlight = kept
}

func await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
