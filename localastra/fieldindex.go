package localastra

import "slices"

// fieldIndex finds documents by the value at one path. For each value it holds the
// sequence numbers of the documents that have it, in order; a document with an array
// is listed under the array and under each of its elements, one without the path
// under the absent posting.
type fieldIndex struct {
	path     []string
	postings map[string]*posting
}

// posting is the documents that share a value.
type posting struct {
	value   value
	present bool // false: the path is absent
	seqs    []uint64
}

// absentKey is the posting of documents without the path: no value has this key.
const absentKey = ""

func newFieldIndex(path []string) *fieldIndex {
	return &fieldIndex{path: path, postings: map[string]*posting{}}
}

// entries calls fn for each posting that a document belongs to.
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

func (x *fieldIndex) add(seq uint64, document value) {
	x.entries(document, func(key string, p posting) {
		known := x.postings[key]
		if known == nil {
			known = &p
			x.postings[key] = known
		}
		known.add(seq)
	})
}

func (x *fieldIndex) remove(seq uint64, document value) {
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

// change moves a document to the postings of its new version.
func (x *fieldIndex) change(seq uint64, from, to value) {
	before, had := lookupPath(from, x.path)
	after, has := lookupPath(to, x.path)
	if had == has && before.key() == after.key() {
		return
	}
	x.remove(seq, from)
	x.add(seq, to)
}

func (p *posting) add(seq uint64) {
	if n := len(p.seqs); n == 0 || p.seqs[n-1] < seq {
		p.seqs = append(p.seqs, seq)
		return
	}
	if at, found := slices.BinarySearch(p.seqs, seq); !found {
		p.seqs = slices.Insert(p.seqs, at, seq)
	}
}

// having returns the documents of one value.
func (x *fieldIndex) having(v value) []uint64 {
	if p := x.postings[v.key()]; p != nil {
		return p.seqs
	}
	return nil
}

// matching returns the documents of all postings that keep accepts.
func (x *fieldIndex) matching(keep func(*posting) bool) []uint64 {
	var lists [][]uint64
	for _, p := range x.postings {
		if keep(p) {
			lists = append(lists, p.seqs)
		}
	}
	return union(lists)
}

// union merges ordered lists. The result may share memory with the only list.
func union(lists [][]uint64) []uint64 {
	if len(lists) == 1 {
		return lists[0]
	}
	all := slices.Concat(lists...)
	slices.Sort(all)
	return slices.Compact(all)
}
