package connector

import "context"

// turn is a lock for what lasts as long as a call of a service: who waits for it hears
// the end of its context.
type turn chan struct{}

func newTurn() turn { return make(turn, 1) }

// do runs fn while nobody else has the turn, or returns ctx's error.
func (t turn) do(ctx context.Context, fn func() error) error {
	select {
	case t <- struct{}{}:
	case <-ctx.Done():
		return ctx.Err()
	}
	defer func() { <-t }()
	return fn()
}
