package connector

import (
	"context"
	"time"

	"golang.org/x/sync/errgroup"
)

// flights are the batches that are being applied. A version whose key is in
// flight is held back until that batch has landed, so that two versions of a
// record never overtake each other, and batches of other keys go on meanwhile.
// What is held keeps its share of the memory budget. Its methods are for one
// goroutine; the batches run on the group.
type flights struct {
	group *errgroup.Group
	apply func(context.Context, *batch) error
	pace  *pace

	inFlight []*batch          // oldest first; those that are done stay until land
	owners   map[string]*batch // of the keys in flight
	landed   chan struct{}     // says that land has something to do
}

func newFlights(group *errgroup.Group, p *pace, apply func(context.Context, *batch) error) *flights {
	return &flights{
		group: group, apply: apply, pace: p, owners: map[string]*batch{}, landed: make(chan struct{}, 1),
	}
}

// hold keeps the version back if its key is in flight. Newer versions of a key
// take the place of older ones that are held.
func (f *flights) hold(v *version, came time.Time) bool {
	owner := f.owners[v.key()]
	if owner == nil {
		return false
	}
	if owner.held == nil {
		owner.held = newBatch()
	}
	owner.held.add(v, came)
	return true
}

// start begins to apply b, none of whose keys is in flight, once a slot is free.
// An error of the apply itself comes out of the group.
func (f *flights) start(ctx context.Context, b *batch) error {
	if err := f.pace.acquire(ctx); err != nil {
		return err
	}
	for key := range b.byKey {
		f.owners[key] = b
	}
	f.inFlight = append(f.inFlight, b)
	f.group.Go(func() error {
		err := f.apply(ctx, b)
		f.pace.release()
		if err == nil {
			close(b.done) // after an error nobody may go on as if the batch were stored
			signal(f.landed)
		}
		return err
	})
	return nil
}

// wait returns when all batches are done, or with ctx's error.
func (f *flights) wait(ctx context.Context) error {
	for _, b := range f.inFlight {
		if err := await(ctx, b.done); err != nil {
			return err
		}
	}
	return nil
}

// idle reports whether no batch is in flight, and so none is held.
func (f *flights) idle() bool { return len(f.inFlight) == 0 }

// land frees the keys of the batches that are done and returns what was held for
// them.
func (f *flights) land() (held []*batch) {
	kept := f.inFlight[:0]
	for _, b := range f.inFlight {
		select {
		case <-b.done:
			for key := range b.byKey {
				delete(f.owners, key)
			}
			if b.held != nil {
				held = append(held, b.held)
			}
		default:
			kept = append(kept, b)
		}
	}
	clear(f.inFlight[len(kept):])
	f.inFlight = kept
	return held
}

func await(ctx context.Context, done <-chan struct{}) error {
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
