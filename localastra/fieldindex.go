package localastra

import "slices"

// fieldIndex finds documents by the value at one path. For each value it holds the
// sequence numbers of the documents that have it, in order; a document with an array
// is listed under the array and under each of its elements, one without the path
// under the absent posting.
type fieldIndex struct {
	path     []string
	postings map[string]*posting
	arrays   int // how many documents have an array at the path
}

// posting is the documents that share a value.
type posting struct {
	value   value
	present bool // false: the path is absent
	seqs    []uint64
}

// absentKey is the posting of documents without the path: no value has this key.
const absentKey = ""

// newFieldIndex makes an empty index. build fills it from the collection, and the
// writes that follow keep it up to date.
func newFieldIndex(path []string) *fieldIndex {
	return &fieldIndex{path: path, postings: map[string]*posting{}}
}

// entries calls fn for each posting that a document belongs to. An array has one for
// itself and one for each element: both are things that a filter can be equal to.
func (x *fieldIndex) entries(document value, fn func(key string, p posting)) {
	v, present := lookupPath(document, x.path)
	if !present {
		fn(absentKey, posting{})
		return
	}
	fn(v.key(), posting{value: v, present: true})
	for _, item := range v.items {
		fn(item.key(), posting{value: item, present: true})
	}
}

// add lists a document under each of its entries. A value with two equal elements lists
// it once.
func (x *fieldIndex) add(seq uint64, document value) {
	x.arrays += x.isArray(document)
	x.entries(document, func(key string, p posting) {
		known := x.postings[key]
		if known == nil {
			p.value = p.value.clone() // it would keep the whole request alive
			known = &p
			x.postings[key] = known
		}
		known.add(seq)
	})
}

// remove takes a document out again. Postings that become empty are deleted, so that an
// index never outgrows its collection.
func (x *fieldIndex) remove(seq uint64, document value) {
	x.arrays -= x.isArray(document)
	x.entries(document, func(key string, _ posting) {
		known := x.postings[key]
		if known == nil {
			return
		}
		if at, found := slices.BinarySearch(known.seqs, seq); found {
			known.seqs = slices.Delete(known.seqs, at, at+1)
		}
		if len(known.seqs) == 0 {
			delete(x.postings, key)
		}
	})
}

// isArray is 1 for a document with an array at the path.
func (x *fieldIndex) isArray(document value) int {
	if v, _ := lookupPath(document, x.path); v.kind == kindArray {
		return 1
	}
	return 0
}

// change moves a document to the postings of its new version. When the value at the
// path is the same nothing moves, which is the common case: most updates touch one
// field.
func (x *fieldIndex) change(seq uint64, from, to value) {
	before, had := lookupPath(from, x.path)
	after, has := lookupPath(to, x.path)
	if had == has && before.key() == after.key() {
		return
	}
	x.remove(seq, from)
	x.add(seq, to)
}

// add keeps the list in order. New documents have the highest number, so the common
// case is an append.
func (p *posting) add(seq uint64) {
	if n := len(p.seqs); n == 0 || p.seqs[n-1] < seq {
		p.seqs = append(p.seqs, seq)
		return
	}
	if at, found := slices.BinarySearch(p.seqs, seq); !found {
		p.seqs = slices.Insert(p.seqs, at, seq)
	}
}

// having returns the documents of one value. The list belongs to the index: it is valid
// until the next write and must not be changed.
func (x *fieldIndex) having(v value) []uint64 {
	if p := x.postings[v.key()]; p != nil {
		return p.seqs
	}
	return nil
}

// matching returns the documents of all postings that keep accepts. It looks at each
// value once, not at each document. Fields with few values, such as a generation
// number, are quick this way.
func (x *fieldIndex) matching(keep func(*posting) bool) []uint64 {
	var lists [][]uint64
	for _, p := range x.postings {
		if keep(p) {
			lists = append(lists, p.seqs)
		}
	}
	return union(lists)
}

// union merges ordered lists. The result may share memory with the only list. It sorts,
// which is cheaper than merging for the few long lists that filters produce.
func union(lists [][]uint64) []uint64 {
	if len(lists) == 1 {
		return lists[0]
	}
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}
