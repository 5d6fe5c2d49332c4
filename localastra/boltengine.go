package localastra

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// boltEngine keeps everything in one bbolt file: a bucket "catalog", and one bucket
// for each collection with a bucket for each of its tables. Each update ends with an
// fsync. Each value carries a checksum, see checksum.go.
type boltEngine struct {
	db   *bbolt.DB
	path string
	// broken is set once a damaged page has thrown the engine out of a transaction. Its
	// locks may be held for ever then, so that it is not touched again.
	broken atomic.Pointer[DamagedError]
	// read counts the bytes that were read since the pages of the file were given back.
	read atomic.Int64
}

const (
	fileName      = "astra.db"
	catalogBucket = "catalog"
	// relaxBytes is how much is read before the pages of the file are given back: whoever reads
	// all of it would hold all of it otherwise.
	relaxBytes = 16 << 20
	// appendFill packs pages that are written in key order.
	appendFill = 0.95
)

// openBoltEngine opens or creates the file in dir. The map type of the free list keeps
// Open fast: a large file is not scanned. A file that another process holds gives a
// *LockedError after timeout.
func openBoltEngine(dir string, timeout time.Duration) (*boltEngine, error) {
	path := filepath.Join(dir, fileName)
	if err := checkHeaders(path); err != nil {
		return nil, err
	}
	e := &boltEngine{path: path}
	var opened *os.File
	err := guarded(path, func() (err error) {
		e.db, err = bbolt.Open(path, 0o600, &bbolt.Options{
			Timeout: timeout, FreelistType: bbolt.FreelistMapType,
			OpenFile: func(name string, flag int, mode os.FileMode) (*os.File, error) {
				opened, err = os.OpenFile(name, flag, mode)
				return opened, err
			},
		})
		return err
	})
	if damaged := new(DamagedError); errors.As(err, &damaged) {
		_ = opened.Close() // releases the lock, which the engine did not come to
		return nil, err
	}
	if errors.Is(err, bolterrors.ErrTimeout) {
		holder := newLockFile(dir).read()
		return nil, &LockedError{Dir: dir, PID: holder.PID, URL: holder.URL, Waited: timeout}
	}
	if err != nil {
		return nil, fmt.Errorf("localastra: open %s: %w", dir, err)
	}
	return e, nil
}

// view runs fn in a read transaction. Many run at the same time, each on the state of
// the last commit before it began.
func (e *boltEngine) view(fn func(reader) error) error {
	return e.transaction(e.db.View, func(t *boltTx) error { return fn(t) })
}

// update runs fn in the one write transaction there is at a time. It returns after the
// fsync of what fn wrote: only then may a client be told that its documents are stored.
func (e *boltEngine) update(fn func(tx) error) error {
	return e.transaction(e.db.Update, func(t *boltTx) error { return fn(t) })
}

// transaction runs fn in one that begin begins and ends, and survives a damaged file.
func (e *boltEngine) transaction(begin func(func(*bbolt.Tx) error) error, fn func(*boltTx) error) error {
	if damaged := e.broken.Load(); damaged != nil {
		return damaged
	}
	ended := false
	err := guarded(e.path, func() error {
		err := begin(func(t *bbolt.Tx) error {
			tx := newBoltTx(t, e)
			return tx.damage(fn(tx))
		})
		ended = true
		return err
	})
	if damaged := new(DamagedError); !ended && errors.As(err, &damaged) {
		e.broken.Store(damaged)
	}
	return err
}

// close waits for transactions and releases the lock on the file.
func (e *boltEngine) close() error {
	if e.broken.Load() != nil {
		return nil // the process's end closes it
	}
	return guarded(e.path, e.db.Close)
}

// boltTx remembers the buckets it opened: finding one walks the tree.
type boltTx struct {
	tx      *bbolt.Tx
	engine  *boltEngine
	buckets map[tableKey]*bbolt.Bucket
	damaged *DamagedError // the first value with a wrong checksum
}

// newBoltTx wraps a transaction; it ends with that transaction.
func newBoltTx(t *bbolt.Tx, e *boltEngine) *boltTx {
	return &boltTx{tx: t, engine: e, buckets: map[tableKey]*bbolt.Bucket{}}
}

// damage is the error with which the transaction ends: that of its function, unless the
// function was shown less than there is.
func (t *boltTx) damage(err error) error {
	if t.damaged != nil {
		return t.damaged
	}
	return err
}

// missing implements reader.
func (t *boltTx) missing(what string) {
	if t.damaged == nil {
		t.damaged = &DamagedError{t.engine.path, what + " is missing"}
	}
}

// open checks a stored value and returns its content; nil for a damaged one, which is
// remembered.
func (t *boltTx) open(collection uint64, of table, key, sealed []byte) []byte {
	if t.engine.read.Add(int64(len(sealed))) >= relaxBytes {
		t.engine.read.Store(0)
		relax(t.tx.DB().Info().Data, t.tx.Size())
	}
	content, ok := unseal(of, key, sealed)
	if !ok && t.damaged == nil {
		t.damaged = &DamagedError{t.engine.path, fmt.Sprintf("a %s of collection %d has a wrong checksum", of, collection)}
	}
	return content
}

// bucket returns nil when the table does not exist and create is false. Buckets are
// opened once for each transaction, since every insert of a batch needs the same three.
func (t *boltTx) bucket(collection uint64, of table, create bool) (*bbolt.Bucket, error) {
	key := tableKey{collection, of}
	if b := t.buckets[key]; b != nil {
		return b, nil
	}
	var b *bbolt.Bucket
	var err error
	switch {
	case of == catalogTable:
		b, err = child(t.tx, []byte(catalogBucket), create)
	default:
		parent, failed := child(t.tx, seqKey(collection), create)
		if parent == nil || failed != nil {
			return nil, failed
		}
		b, err = child(parent, []byte{byte(of)}, create)
	}
	if b == nil || err != nil {
		return nil, err
	}
	if of.ordered() {
		b.FillPercent = appendFill
	}
	t.buckets[key] = b
	return b, nil
}

// parent is what has buckets: a transaction, or a bucket.
type parent interface {
	Bucket(name []byte) *bbolt.Bucket
	CreateBucket(name []byte) (*bbolt.Bucket, error)
}

// child opens a bucket. It returns nil for one that does not exist unless create is
// true.
func child(p parent, name []byte, create bool) (*bbolt.Bucket, error) {
	b := p.Bucket(name)
	if b != nil || !create {
		return b, nil
	}
	b, err := p.CreateBucket(name)
	if err != nil {
		return nil, fmt.Errorf("create bucket %q: %w", name, err)
	}
	return b, nil
}

// get implements reader. The slice points into the mapped file, so it must not outlive
// the transaction.
func (t *boltTx) get(collection uint64, of table, key []byte) []byte {
	b, _ := t.bucket(collection, of, false) // cannot fail without creating
	if b == nil {
		if first, _ := t.tx.Cursor().First(); of == catalogTable && first != nil {
			t.missing("the list of collections") // a new file has nothing at all
		}
		return nil
	}
	sealed := b.Get(key)
	if sealed == nil {
		if of == catalogTable {
			t.missing("the list of collections")
		}
		return nil
	}
	return t.open(collection, of, key, sealed)
}

// put implements tx. The table is created with its first key: an empty collection takes
// no space.
func (t *boltTx) put(collection uint64, of table, key, content []byte) error {
	b, err := t.bucket(collection, of, true)
	if err != nil {
		return err
	}
	return b.Put(key, seal(of, key, content))
}

// remove implements tx. Pages that become free are used again by later writes; the file
// itself does not shrink.
func (t *boltTx) remove(collection uint64, of table, key []byte) error {
	b, err := t.bucket(collection, of, false)
	if b == nil || err != nil {
		return err
	}
	return b.Delete(key)
}

// ascend implements reader with a cursor. Keys are big-endian numbers, so the order of
// bytes is that of the sequence numbers.
func (t *boltTx) ascend(collection uint64, of table, from uint64, fn func(uint64, []byte) bool) {
	b, _ := t.bucket(collection, of, false) // cannot fail without creating
	if b == nil {
		return
	}
	c := b.Cursor()
	for k, content := c.Seek(seqKey(from)); k != nil; k, content = c.Next() {
		content = t.open(collection, of, k, content)
		if content == nil {
			return
		}
		seq := binary.BigEndian.Uint64(k)
		if seq < from {
			t.missing("the order of keys") // a page leads to a wrong one, perhaps in a circle
			return
		}
		from = seq + 1
		if !fn(seq, content) {
			return
		}
	}
}

// last implements reader. It costs one walk down the tree, whatever the size of the
// collection.
func (t *boltTx) last(collection uint64) uint64 {
	b, _ := t.bucket(collection, documentsTable, false) // cannot fail without creating
	if b == nil {
		return 0
	}
	k, sealed := b.Cursor().Last()
	if k == nil || t.open(collection, documentsTable, k, sealed) == nil {
		return 0 // a wrong number would be given to a document a second time
	}
	return binary.BigEndian.Uint64(k)
}

// drop implements tx. The buckets that were opened before are forgotten, too: they
// would write into a deleted tree.
func (t *boltTx) drop(collection uint64) error {
	for _, of := range []table{documentsTable, vectorsTable, idsTable} {
		delete(t.buckets, tableKey{collection, of})
	}
	err := t.tx.DeleteBucket(seqKey(collection))
	if errors.Is(err, bolterrors.ErrBucketNotFound) {
		return nil
	}
	return err
}
