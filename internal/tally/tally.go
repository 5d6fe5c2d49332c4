package tally

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"sync"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// The memory of a tally: half for two tables of keys, the one that fills and the
// one that is being written, and half for the filters of what is on disk.
const (
	minBytes = 16 << 20
	maxBytes = 64 << 20
	// tableKeyBytes is what a key takes in the two tables and in the order in
	// which they are written.
	tableKeyBytes = 2*slotBytes*4/3 + 4
)

// maxRuns is how many runs there may be before take waits for a merge: each is
// a file that is open and that a look-up may have to read.
const maxRuns = 32

// Key is the hash of what is counted.
type Key = [16]byte

// Tally counts how often each key was taken. It is exact for any number of keys, and
// its memory does not grow with them: what its table cannot hold goes to temporary
// files, as sorted runs that are merged when there are many (ADR 0025). Writing and
// merging happen in the background. It is safe for concurrent use. Close it when done.
type Tally struct {
	keys       int // that a table holds
	filterBits int // of all runs together, about

	mu      sync.Mutex
	changed *sync.Cond   // the background is done with something
	recent  *keyTable    // what was taken last, with the counts of all time
	frozen  *keyTable    // is being written; nil when nothing is
	spare   *keyTable    // was written, and is there to be used again
	runs    []*sortedRun // oldest first, so that larger ones come before smaller ones
	merging bool
	err     error // of the background, for good
	block   runBlock

	background errgroup.Group
	closing    atomic.Bool // a merge may stop
}

// NewFor returns a tally whose memory is a share of a sync's.
func NewFor(memoryBytes int64) *Tally { return New(memoryBytes / 4) }

// New returns a tally that takes at most about so many bytes of memory.
func New(memory int64) *Tally {
	memory = min(max(memory, minBytes), maxBytes)
	return newOf(int(memory/2/tableKeyBytes), int(memory/2*8))
}

// newOf returns a tally with tables of so many keys and filters of so many bits.
func newOf(keys, filterBits int) *Tally {
	t := &Tally{keys: keys, filterBits: filterBits, recent: newKeyTable(keys)}
	t.changed = sync.NewCond(&t.mu)
	return t
}

// Take returns how often the key was taken before: 0, 1, 2, ...
func (t *Tally) Take(key Key) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if err := t.makeRoom(); err != nil {
		return 0, err
	}
	n, err := t.count(key)
	if err == nil {
		t.recent.put(key, n+1)
	}
	return n, err
}

// Times returns how often the key was taken, and takes it not.
func (t *Tally) Times(key Key) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.count(key)
}

// Has reports whether the key was ever taken.
func (t *Tally) Has(key Key) (bool, error) {
	n, err := t.Times(key)
	return n > 0, err
}

// count looks for the newest count of the key: it holds all that came before it.
func (t *Tally) count(key Key) (int64, error) {
	if n := t.recent.get(key); n > 0 {
		return n, nil
	}
	if t.frozen != nil {
		if n := t.frozen.get(key); n > 0 {
			return n, nil
		}
	}
	for i := len(t.runs) - 1; i >= 0; i-- {
		if n, err := t.runs[i].count(key, &t.block); n > 0 || err != nil {
			return n, err
		}
	}
	return 0, nil
}

// makeRoom has a full table written and begins an empty one. It waits while the one
// before it is still being written, or when merging has fallen far behind; the lock is
// free meanwhile.
func (t *Tally) makeRoom() error {
	for t.err == nil && t.recent.used >= t.keys &&
		(t.frozen != nil || t.merging && len(t.runs) >= maxRuns) {
		t.changed.Wait()
	}
	if t.err != nil || t.recent.used < t.keys {
		return t.err
	}
	t.frozen, t.recent, t.spare = t.recent, t.spare, nil
	if t.recent == nil {
		t.recent = newKeyTable(t.keys)
	}
	bits := t.bitsFor(t.frozen.used)
	t.background.Go(func() error { return t.write(bits) })
	return nil
}

// write turns the frozen table into a run.
func (t *Tally) write(filterBits int) error {
	run, err := writeTable(t.frozen, filterBits) // nobody changes what is frozen
	t.mu.Lock()
	defer t.mu.Unlock()
	defer t.changed.Broadcast()
	if err != nil {
		t.err = temporaryError(err)
		return t.err
	}
	t.runs = append(t.runs, run)
	t.spare, t.frozen = t.frozen, nil
	t.spare.clear()
	if !t.merging {
		t.merging = true
		t.background.Go(t.merge)
	}
	return nil
}

// merge merges runs until there are few.
func (t *Tally) merge() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		from, to := t.crowded()
		if from == to || t.err != nil || t.closing.Load() {
			t.merging = false
			t.changed.Broadcast()
			return t.err
		}
		old := t.runs[from:to:to]
		bits := t.bitsFor(0, old...)
		t.mu.Unlock()
		run, err := mergeRuns(old, bits, &t.closing)
		t.mu.Lock()
		switch {
		case errors.Is(err, errClosing):
			continue
		case err != nil:
			t.err = temporaryError(err)
			continue
		}
		// Only the end of runs has grown meanwhile.
		runs := append(append(append([]*sortedRun{}, t.runs[:from]...), run), t.runs[to:]...)
		t.runs = runs
		for _, r := range old {
			t.err = errors.Join(t.err, r.file.Close())
		}
		t.changed.Broadcast()
	}
}

// crowded returns the runs to merge next, or an empty range: the oldest tallyFan
// neighbours that have been merged equally often.
func (t *Tally) crowded() (from, to int) {
	for to < len(t.runs) {
		if t.runs[to].level != t.runs[from].level {
			from = to
		}
		to++
		if to-from == mergeFan {
			return from, to
		}
	}
	return 0, 0
}

// bitsFor is the share of the filters' memory of a run that is written now, of so
// many new keys or in the place of those runs. Half the memory goes round by the
// number of keys; what larger and older runs took when there were fewer keys stays
// within the other half.
func (t *Tally) bitsFor(keys int, replaced ...*sortedRun) int {
	total := keys
	for _, r := range t.runs {
		total += r.keys
	}
	for _, r := range replaced {
		keys += r.keys
	}
	return min(maxFilterBits*keys, int(float64(t.filterBits)/2*float64(keys)/float64(max(total, 1))))
}

// Close removes the files.
func (t *Tally) Close() error {
	t.closing.Store(true)
	// The background's error was take's already, or nobody needs what it wrote.
	_ = t.background.Wait()
	t.mu.Lock()
	defer t.mu.Unlock()
	var errs []error
	for _, r := range t.runs {
		errs = append(errs, r.file.Close())
	}
	t.runs = nil
	return errors.Join(errs...)
}

// KeyFromHex is a hash of 32 hex digits.
func KeyFromHex(digits string) (key Key, ok bool) {
	n, err := hex.Decode(key[:], []byte(digits[:min(len(digits), 2*len(key))]))
	return key, err == nil && n == len(key)
}

// HashOf makes any _id a key of a tally.
func HashOf(id string) Key {
	sum := sha256.Sum256([]byte(id))
	return Key(sum[:16])
}
