package intake

import (
	"context"
	"time"

	"destination-astra/internal/wait"
)

// flights are the batches that the sink has and that have not landed. A version whose
// key is in flight is held back until that batch has landed, so that two versions of a
// record never overtake each other, and batches of other keys go on meanwhile.
// What is held keeps its share of the memory budget. Its methods are for one
// goroutine, but for touchDown.
type flights struct {
	inFlight []*Batch          // oldest first; those that have landed stay until land
	owners   map[string]*Batch // of the keys in flight
	landed   chan struct{}     // says that land has something to do
}

func newFlights() *flights {
	return &flights{owners: map[string]*Batch{}, landed: make(chan struct{}, 1)}
}

// hold keeps the version back if its key is in flight. Newer versions of a key
// take the place of older ones that are held.
func (f *flights) hold(v *Version, came time.Time) bool {
	owner := f.owners[v.Key()]
	if owner == nil {
		return false
	}
	if owner.held == nil {
		owner.held = NewBatch()
	}
	owner.held.add(v, came)
	return true
}

// add has b, none of whose keys is in flight, own its keys, unless it has landed already.
func (f *flights) add(b *Batch) {
	if b.hasLanded() {
		return
	}
	for key := range b.byKey {
		f.owners[key] = b
	}
	f.inFlight = append(f.inFlight, b)
}

// touchDown marks b as landed.
func (f *flights) touchDown(b *Batch) {
	close(b.landed)
	signal(f.landed)
}

// wait returns when all batches have landed, or with ctx's error.
func (f *flights) wait(ctx context.Context) error {
	for _, b := range f.inFlight {
		if err := wait.Until(ctx, b.landed); err != nil {
			return err
		}
	}
	return nil
}

// idle reports whether no batch is in flight, and so none is held.
func (f *flights) idle() bool { return len(f.inFlight) == 0 }

// land frees the keys of the batches that have landed and returns what was held for
// them.
func (f *flights) land() (held []*Batch) {
	kept := f.inFlight[:0]
	for _, b := range f.inFlight {
		if !b.hasLanded() {
			kept = append(kept, b)
			continue
		}
		for key := range b.byKey {
			delete(f.owners, key)
		}
		if b.held != nil {
			held = append(held, b.held)
		}
	}
	clear(f.inFlight[len(kept):])
	f.inFlight = kept
	return held
}
