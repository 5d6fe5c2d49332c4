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

func (e *boltEngine) view(fn func(tx) error) error {
	return e.db.View(func(t *bbolt.Tx) error { return fn(newBoltTx(t)) })
}

func (e *boltEngine) update(fn func(tx) error) error {
	return e.db.Update(func(t *bbolt.Tx) error { return fn(newBoltTx(t)) })
}

func (e *boltEngine) close() error { return e.db.Close() }

// boltTx remembers the buckets it opened: finding one walks the tree.
type boltTx struct {
	tx      *bbolt.Tx
	buckets map[tableKey]*bbolt.Bucket
}

func newBoltTx(t *bbolt.Tx) *boltTx { return &boltTx{t, map[tableKey]*bbolt.Bucket{}} }

// bucket returns nil when the table does not exist and create is false.
func (t *boltTx) bucket(collection uint64, of table, create bool) (*bbolt.Bucket, error) {
	key := tableKey{collection, of}
	if b := t.buckets[key]; b != nil {
		return b, nil
	}
	parent := t.tx.Bucket(seqKey(collection))
	if parent == nil && !create {
		return nil, nil
	}
	var err error
	if parent == nil {
		if parent, err = t.tx.CreateBucket(seqKey(collection)); err != nil {
			return nil, fmt.Errorf("create collection: %w", err)
		}
	}
	b := parent.Bucket([]byte{byte(of)})
	if b == nil && create {
		if b, err = parent.CreateBucket([]byte{byte(of)}); err != nil {
			return nil, fmt.Errorf("create table: %w", err)
		}
	}
	if b != nil {
		if of != idsTable {
			b.FillPercent = appendFill
		}
		t.buckets[key] = b
	}
	return b, nil
}

func (t *boltTx) get(collection uint64, of table, key []byte) []byte {
	b, _ := t.bucket(collection, of, false) // cannot fail without creating
	if b == nil {
		return nil
	}
	return b.Get(key)
}

func (t *boltTx) put(collection uint64, of table, key, content []byte) error {
	b, err := t.bucket(collection, of, true)
	if err != nil {
		return err
	}
	return b.Put(key, content)
}

func (t *boltTx) remove(collection uint64, of table, key []byte) error {
	b, err := t.bucket(collection, of, false)
	if b == nil || err != nil {
		return err
	}
	return b.Delete(key)
}

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

func (t *boltTx) catalog() []byte {
	b := t.tx.Bucket([]byte(catalogBucket))
	if b == nil {
		return nil
	}
	return b.Get([]byte(catalogBucket))
}

func (t *boltTx) putCatalog(content []byte) error {
	b, err := t.tx.CreateBucketIfNotExists([]byte(catalogBucket))
	if err != nil {
		return fmt.Errorf("create catalog: %w", err)
	}
	return b.Put([]byte(catalogBucket), content)
}
