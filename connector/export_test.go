package connector

// Tally is the counter behind ordinals, with a limit that tests can reach.
type Tally struct{ *tally }

// NewTally keeps at most twice as many keys as the limit in memory, and filters of the
// others as if the limit were half the tally's memory.
func NewTally(limit int) Tally { return Tally{newTallyOf(limit, limit*tableKeyBytes*8)} }

// Take returns how often the key was taken before.
func (t Tally) Take(key [16]byte) (int64, error) { return t.take(key) }

// Has reports whether the key was ever taken.
func (t Tally) Has(key [16]byte) (bool, error) { return t.has(key) }

// Idle waits until nothing is being written.
func (t Tally) Idle() { _ = t.background.Wait() }

// Close removes the temporary file.
func (t Tally) Close() error { return t.close() }
