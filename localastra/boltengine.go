package localastra

import (
	"encoding/binary"
	"errors"
	"fmt"
	"path/filepath"
	"time"

	"go.etcd.io/bbolt"
	bolterrors "go.etcd.io/bbolt/errors"
)

// boltEngine keeps everything in one bbolt file: a bucket "catalog", and one bucket
// for each collection with a bucket for each of its tables. Each update ends with an
// fsync.
type boltEngine struct{ db *bbolt.DB }

const (
	fileName      = "astra.db"
	catalogBucket = "catalog"
	// appendFill packs pages that are written in key order.
	appendFill = 0.95
)

// openBoltEngine opens or creates the file in dir. The map type of the free list keeps
// Open fast: a large file is not scanned. A file that another process holds gives a
// *LockedError after timeout.
func openBoltEngine(dir string, timeout time.Duration) (*boltEngine, error) {
	db, err := bbolt.Open(filepath.Join(dir, fileName), 0o600, &bbolt.Options{
		Timeout: timeout, FreelistType: bbolt.FreelistMapType,
	})
	if errors.Is(err, bolterrors.ErrTimeout) {
		holder := newLockFile(dir).read()
		return nil, &LockedError{Dir: dir, PID: holder.PID, URL: holder.URL, Waited: timeout}
	}
	if err != nil {
		return nil, fmt.Errorf("localastra: open %s: %w", dir, err)
	}
	return &boltEngine{db}, nil
}

// view runs fn in a read transaction. Many run at the same time, each on the state of
// the last commit before it began.
func (e *boltEngine) view(fn func(reader) error) error {
	return e.db.View(func(t *bbolt.Tx) error { return fn(newBoltTx(t)) })
}

// update runs fn in the one write transaction there is at a time. It returns after the
// fsync of what fn wrote: only then may a client be told that its documents are stored.
func (e *boltEngine) update(fn func(tx) error) error {
	return e.db.Update(func(t *bbolt.Tx) error { return fn(newBoltTx(t)) })
}

// close waits for transactions and releases the lock on the file.
func (e *boltEngine) close() error { return e.db.Close() }

// boltTx remembers the buckets it opened: finding one walks the tree.
type boltTx struct {
	tx      *bbolt.Tx
	buckets map[tableKey]*bbolt.Bucket
}

// newBoltTx wraps a transaction; it ends with that transaction.
func newBoltTx(t *bbolt.Tx) *boltTx { return &boltTx{t, map[tableKey]*bbolt.Bucket{}} }

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
		return nil
	}
	return b.Get(key)
}

// put implements tx. The table is created with its first key: an empty collection takes
// no space.
func (t *boltTx) put(collection uint64, of table, key, content []byte) error {
	b, err := t.bucket(collection, of, true)
	if err != nil {
		return err
	}
	return b.Put(key, content)
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
		if !fn(binary.BigEndian.Uint64(k), content) {
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
	k, _ := b.Cursor().Last()
	if k == nil {
		return 0
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
