package tally

// NewOf keeps at most twice as many keys as the limit in memory, and filters of the others as
// if the limit were half the tally's memory, so that tests reach the limit.
func NewOf(limit int) *Tally { return newOf(limit, limit*tableKeyBytes*8) }

// Idle waits until nothing is being written.
func (t *Tally) Idle() { _ = t.background.Wait() }
