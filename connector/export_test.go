package connector

// Tally is the counter behind ordinals, with a limit that tests can reach.
type Tally struct{ *tally }

// NewTally keeps at most limit keys in memory.
func NewTally(limit int) Tally { return Tally{newTally(limit)} }

// Take returns how often the key was taken before.
func (t Tally) Take(key [16]byte) (int64, error) { return t.take(key) }

// Has reports whether the key was ever taken.
func (t Tally) Has(key [16]byte) (bool, error) { return t.has(key) }

// Close removes the temporary file.
func (t Tally) Close() error { return t.close() }
