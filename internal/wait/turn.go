package wait

import "context"

// Turn is a lock for what lasts as long as a call of a service: who waits for it hears
// the end of its context. NewTurn makes one.
type Turn chan struct{}

// NewTurn returns a turn that nobody has.
func NewTurn() Turn { return make(Turn, 1) }

// Do runs fn while nobody else has the turn and returns its error, or ctx's error when ctx
// ended before it was its turn.
func (t Turn) Do(ctx context.Context, fn func() error) error {
	select {
	case t <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-t }()
	return fn()
}
