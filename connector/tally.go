package connector

import (
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"

	"go.etcd.io/bbolt"
)

// tallyKeys is how many keys a tally keeps in memory, about 64 MB of them.
const tallyKeys = 1 << 20

// tallyKey is the hash of what is counted.
type tallyKey = [16]byte

// tally counts how often each key was taken. It is exact for any number of
// keys: what does not fit in memory goes to a temporary file. It is safe for
// concurrent use. Close it when done.
type tally struct {
	limit int // of keys in memory

	mu     sync.Mutex
	recent map[tallyKey]int64 // counts to be added to those in file
	file   *bbolt.DB          // nil until the limit was reached once
	dir    string
}

func newTally(limit int) *tally {
	return &tally{limit: limit, recent: map[tallyKey]int64{}}
}

// take returns how often the key was taken before: 0, 1, 2, ...
func (t *tally) take(key tallyKey) (int64, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, err := t.count(key)
	if err != nil {
		return 0, err
	}
	t.recent[key]++
	if len(t.recent) >= t.limit {
		return n, t.spill()
	}
	return n, nil
}

// has reports whether the key was ever taken.
func (t *tally) has(key tallyKey) (bool, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	n, err := t.count(key)
	return n > 0, err
}

func (t *tally) count(key tallyKey) (int64, error) {
	n := t.recent[key]
	if t.file == nil {
		return n, nil
	}
	err := t.file.View(func(tx *bbolt.Tx) error {
		if value := tx.Bucket(tallyBucket()).Get(key[:]); value != nil {
			n += int64(binary.BigEndian.Uint64(value))
		}
		return nil
	})
	return n, err
}

// spill adds what is in memory to the file, in the order of the keys, which is
// what a B+ tree likes.
func (t *tally) spill() error {
	if err := t.open(); err != nil {
		return err
	}
	keys := make([]tallyKey, 0, len(t.recent))
	for key := range t.recent {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(a, b tallyKey) int { return cmp.Compare(string(a[:]), string(b[:])) })
	err := t.file.Update(func(tx *bbolt.Tx) error {
		bucket := tx.Bucket(tallyBucket())
		for _, key := range keys {
			n := uint64(t.recent[key])
			if old := bucket.Get(key[:]); old != nil {
				n += binary.BigEndian.Uint64(old)
			}
			if err := bucket.Put(key[:], binary.BigEndian.AppendUint64(nil, n)); err != nil {
				return err
			}
		}
		return nil
	})
	clear(t.recent)
	return err
}

func (t *tally) open() error {
	if t.file != nil {
		return nil
	}
	dir, err := os.MkdirTemp("", "destination-astra-")
	if err != nil {
		return fmt.Errorf("keep track of records: %w", err)
	}
	t.dir = dir
	// The file dies with the process: nothing of it needs to survive a crash.
	t.file, err = bbolt.Open(filepath.Join(dir, "tally"), 0o600, &bbolt.Options{NoSync: true, NoFreelistSync: true})
	if err != nil {
		return fmt.Errorf("keep track of records: %w", err)
	}
	return t.file.Update(func(tx *bbolt.Tx) error {
		_, err := tx.CreateBucket(tallyBucket())
		return err
	})
}

// close removes the file.
func (t *tally) close() error {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.dir == "" {
		return nil
	}
	var err error
	if t.file != nil {
		err = t.file.Close()
	}
	return errors.Join(err, os.RemoveAll(t.dir))
}

func tallyBucket() []byte { return []byte("tally") }
