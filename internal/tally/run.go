package tally

import (
	"bufio"
	"encoding/binary"
	"fmt"
	"io"
	"slices"
	"sort"
)

// An entry of a run is a key and its count, in 48 bits. A block is what a look-up
// reads: the entries that fit into a page of a file system.
const (
	tallyCountBytes = 6
	entryBytes      = 16 + tallyCountBytes
	entriesPerBlock = 4096 / entryBytes
)

// runBufferBytes is the memory for writing a run, and for reading each run of a merge.
const runBufferBytes = 64 << 10

type runBlock = [entriesPerBlock * entryBytes]byte

// sortedRun is a file of entries in the order of their keys. A look-up costs at most
// one read: filter tells of most keys that are not there, and index has the first key
// of each block.
type sortedRun struct {
	file   *temporaryFile
	keys   int
	level  int // how often its entries were merged
	index  []Key
	filter keyFilter
}

// count returns the key's count in the run; 0 means that it is not there. The block
// is for what is read.
func (r *sortedRun) count(key Key, block *runBlock) (int64, error) {
	if !r.filter.mayHave(key) {
		return 0, nil
	}
	after := sort.Search(len(r.index), func(i int) bool { return compareKeys(r.index[i], key) > 0 })
	if after == 0 {
		return 0, nil
	}
	first := (after - 1) * entriesPerBlock
	read := block[:min(entriesPerBlock, r.keys-first)*entryBytes]
	if _, err := r.file.ReadAt(read, int64(first)*entryBytes); err != nil {
		return 0, fmt.Errorf("keep track of records: %w", err)
	}
	n := len(read) / entryBytes
	at := sort.Search(n, func(i int) bool { return compareKeys(entryAt(read, i).key, key) >= 0 })
	if at == n {
		return 0, nil
	}
	if e := entryAt(read, at); e.key == key {
		return e.count, nil
	}
	return 0, nil
}

// entry is a key and how often it was taken.
type entry struct {
	key   Key
	count int64
}

func entryAt(block []byte, i int) entry {
	at := block[i*entryBytes:][:entryBytes]
	var count [8]byte
	copy(count[8-tallyCountBytes:], at[16:])
	return entry{key: Key(at[:16]), count: int64(binary.BigEndian.Uint64(count[:]))}
}

// runWriter writes a run, entry by entry in the order of the keys.
type runWriter struct {
	run *sortedRun
	out *bufio.Writer
}

// newRunWriter begins a run of at most so many keys.
func newRunWriter(keys, filterBits int) (*runWriter, error) {
	file, err := newTemporaryFile()
	if err != nil {
		return nil, err
	}
	return &runWriter{
		run: &sortedRun{
			file: file, filter: newKeyFilter(keys, filterBits),
			index: make([]Key, 0, keys/entriesPerBlock+1),
		},
		out: bufio.NewWriterSize(file, runBufferBytes),
	}, nil
}

func (w *runWriter) add(e entry) error {
	if w.run.keys%entriesPerBlock == 0 {
		w.run.index = append(w.run.index, e.key)
	}
	w.run.keys++
	w.run.filter.add(e.key)
	var count [8]byte
	binary.BigEndian.PutUint64(count[:], uint64(e.count))
	text := append(w.out.AvailableBuffer(), e.key[:]...)
	_, err := w.out.Write(append(text, count[8-tallyCountBytes:]...))
	return err
}

// finish returns the run, or removes its file when err says that it is not complete.
func (w *runWriter) finish(err error) (*sortedRun, error) {
	if err == nil {
		err = w.out.Flush()
	}
	if err != nil {
		_ = w.run.file.Close() // the first error tells more
		return nil, err
	}
	return w.run, nil
}

// writeTable writes a table as a run.
func writeTable(t *keyTable, filterBits int) (*sortedRun, error) {
	w, err := newRunWriter(t.used, filterBits)
	if err != nil {
		return nil, err
	}
	for _, slot := range t.sorted() {
		if err = w.add(entry{key: t.keys[slot], count: t.counts[slot]}); err != nil {
			break
		}
	}
	return w.finish(err)
}

// runReader reads a run from its beginning to its end.
type runReader struct {
	in      *bufio.Reader
	left    int
	current entry
}

func newRunReader(r *sortedRun) *runReader {
	whole := io.NewSectionReader(r.file, 0, int64(r.keys)*entryBytes)
	return &runReader{in: bufio.NewReaderSize(whole, runBufferBytes), left: r.keys}
}

// next moves to the next entry; ok is false at the end.
func (r *runReader) next() (ok bool, err error) {
	if r.left == 0 {
		return false, nil
	}
	r.left--
	text, err := r.in.Peek(entryBytes)
	if err != nil {
		return false, err
	}
	r.current = entryAt(text, 0)
	_, err = r.in.Discard(entryBytes)
	return true, err
}

// advance drops the readers that are at their end.
func advance(readers []*runReader, i int) ([]*runReader, error) {
	ok, err := readers[i].next()
	if !ok {
		readers = slices.Delete(readers, i, i+1)
	}
	return readers, err
}
