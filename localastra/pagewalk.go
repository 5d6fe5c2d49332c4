package localastra

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
)

// Layout of the pages of a bbolt file: a head of 16 bytes {id, flags, count, overflow},
// then count elements of 16 bytes, then keys and values, at positions counted from their
// element.
const (
	pageHeadBytes   = 16
	elementBytes    = 16
	bucketHeadBytes = 16

	branchPage   = 0x01
	leafPage     = 0x02
	freelistPage = 0x10

	// bucketElement marks a value that is a bucket: {root, sequence}, with its only page
	// behind it when root is 0.
	bucketElement = 0x01
	// maxPageBytes bounds what one page, with the pages that it runs over into, may take:
	// the largest document takes a quarter.
	maxPageBytes = 64 << 20
)

// pageWalk reads every page of a file that is in use without trusting any of them, unlike
// the storage engine: no page is followed twice, and nothing outside of a page is read.
type pageWalk struct {
	file    io.ReaderAt
	header  *header
	used    map[int64]bool
	problem func(format string, args ...any)
	// value gets the values that are no buckets, with the names of the buckets around them.
	value func(buckets [][]byte, key, content []byte)
}

// keySpan is where the keys of a page must lie, by the branch that leads to it: from low
// on, and below high unless that is nil.
type keySpan struct{ low, high []byte }

// bucket walks the pages of a bucket from its root on.
func (w *pageWalk) bucket(root int64, span keySpan, buckets [][]byte) {
	data, ok := w.read(root)
	if ok {
		w.page(root, data, span, buckets)
	}
}

// read returns a page with what it runs over into, once.
func (w *pageWalk) read(id int64) ([]byte, bool) {
	if id < 2 || id >= w.header.pages {
		w.problem("page %d is not in the file", id)
		return nil, false
	}
	if w.used[id] {
		w.problem("page %d is used twice", id)
		return nil, false
	}
	head := make([]byte, pageHeadBytes)
	if _, err := w.file.ReadAt(head, id*w.header.pageBytes); err != nil {
		w.problem("page %d cannot be read: %v", id, err)
		return nil, false
	}
	over := int64(binary.NativeEndian.Uint32(head[12:]))
	size := (over + 1) * w.header.pageBytes
	if own := int64(binary.NativeEndian.Uint64(head)); own != id || id+over >= w.header.pages || size > maxPageBytes {
		w.problem("page %d has a wrong head", id)
		return nil, false
	}
	for i := range over + 1 {
		w.used[id+i] = true
	}
	data := make([]byte, size)
	if _, err := w.file.ReadAt(data, id*w.header.pageBytes); err != nil {
		w.problem("page %d cannot be read: %v", id, err)
		return nil, false
	}
	return data, true
}

// page walks the elements of a branch or a leaf. Keys must ascend within their span: a
// search would not find those that do not.
func (w *pageWalk) page(id int64, data []byte, span keySpan, buckets [][]byte) {
	flags := binary.NativeEndian.Uint16(data[8:])
	count := int(binary.NativeEndian.Uint16(data[10:]))
	if flags != branchPage && flags != leafPage || pageHeadBytes+count*elementBytes > len(data) {
		w.problem("page %d has a wrong head", id)
		return
	}
	keys := make([][]byte, count+1)
	keys[count] = span.high
	least := span.low
	for i := range count {
		key, ok := elementKey(data[pageHeadBytes+i*elementBytes:], flags)
		if !ok || i > 0 && bytes.Equal(key, least) || bytes.Compare(key, least) < 0 ||
			span.high != nil && bytes.Compare(key, span.high) >= 0 {
			w.problem("entry %d of page %d has a wrong key", i, id)
			return
		}
		keys[i], least = key, key
	}
	for i, key := range keys[:count] {
		element := data[pageHeadBytes+i*elementBytes:]
		if flags == branchPage {
			w.bucket(int64(binary.NativeEndian.Uint64(element[8:])), keySpan{key, keys[i+1]}, buckets)
		} else {
			w.leaf(id, element, key, buckets)
		}
	}
}

// elementKey returns the key of an element; ok is false when it does not fit.
func elementKey(element []byte, flags uint16) (key []byte, ok bool) {
	position := 4
	if flags == branchPage {
		position = 0
	}
	start := int64(binary.NativeEndian.Uint32(element[position:]))
	end := start + int64(binary.NativeEndian.Uint32(element[position+4:]))
	if end > int64(len(element)) {
		return nil, false
	}
	return element[start:end], true
}

// leaf looks at one entry of a leaf: a value, or a bucket in the bucket.
func (w *pageWalk) leaf(id int64, element, key []byte, buckets [][]byte) {
	start := int64(binary.NativeEndian.Uint32(element[4:])) + int64(len(key))
	end := start + int64(binary.NativeEndian.Uint32(element[12:]))
	if end > int64(len(element)) {
		w.problem("page %d has a value that does not fit", id)
		return
	}
	content := element[start:end]
	if binary.NativeEndian.Uint32(element)&bucketElement == 0 {
		w.value(buckets, key, content)
		return
	}
	inner := append(buckets[:len(buckets):len(buckets)], key)
	if len(content) < bucketHeadBytes {
		w.problem("page %d has a broken table", id)
		return
	}
	root := int64(binary.NativeEndian.Uint64(content))
	switch {
	case root != 0:
		w.bucket(root, keySpan{}, inner)
	case len(content) < bucketHeadBytes+pageHeadBytes:
		w.problem("page %d has a broken table", id)
	default:
		w.page(id, content[bucketHeadBytes:], keySpan{}, inner)
	}
}

// freelist looks at the list of pages that the next write may overwrite: none of them may
// be in use.
func (w *pageWalk) freelist(id int64) {
	data, ok := w.read(id)
	if !ok {
		return
	}
	count, at := int(binary.NativeEndian.Uint16(data[10:])), pageHeadBytes
	if count == 0xFFFF {
		count, at = int(binary.NativeEndian.Uint64(data[at:])), at+8
	}
	if binary.NativeEndian.Uint16(data[8:]) != freelistPage || count < 0 || count > (len(data)-at)/8 {
		w.problem("the list of free pages has a wrong head")
		return
	}
	for i := range count {
		free := int64(binary.NativeEndian.Uint64(data[at+8*i:]))
		if free < 2 || free >= w.header.pages || w.used[free] {
			w.problem("the list of free pages names page %d, which is in use or not in the file", free)
		}
	}
}

// tableName is how problems name the place of a value.
func tableName(buckets [][]byte) string {
	switch {
	case len(buckets) == 1:
		return "the list of collections"
	case len(buckets) == 2 && len(buckets[0]) == seqBytes && len(buckets[1]) == 1:
		return fmt.Sprintf("a %s of collection %d", table(buckets[1][0]), binary.BigEndian.Uint64(buckets[0]))
	default:
		return "an entry of no table"
	}
}
