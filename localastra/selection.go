package localastra

import "slices"

// selection is which documents a search may return: all, or those on a list in order.
type selection struct {
	all  bool
	seqs []uint64
}

// has tells whether a document is selected.
func (s selection) has(seq uint64) bool {
	if s.all {
		return true
	}
	_, found := slices.BinarySearch(s.seqs, seq)
	return found
}

// selected asks the filter first, so that the search ranks only what it leaves. The result
// is exact, unlike with an approximate index that filters afterwards. Where indexes know
// the answer no document is read for it.
func (c *collection) selected(t reader, f *filter) selection {
	if f.empty() {
		return selection{all: true}
	}
	if seqs, known := c.exactly(f); known {
		return selection{seqs: seqs}
	}
	var seqs []uint64
	c.each(t, f, 0, func(d stored) bool {
		seqs = append(seqs, d.seq)
		return true
	})
	slices.Sort(seqs) // documents by _id come in the order of the request
	return selection{seqs: seqs}
}

// exactly returns the documents that match, in order, as far as indexes alone can tell.
func (c *collection) exactly(f *filter) (seqs []uint64, known bool) {
	switch f.operator {
	case "$and", "$or":
		var lists [][]uint64
		for _, child := range f.children {
			list, known := c.exactly(child)
			if !known {
				return nil, false
			}
			lists = append(lists, list)
		}
		if len(lists) == 0 {
			return nil, false
		}
		if f.operator == "$or" {
			return union(lists), true
		}
		return common(lists), true
	case "$not", "$size", "$match":
		return nil, false
	}
	index := c.indexes[joinPath(f.path)]
	if index == nil || !index.decides(f) {
		return nil, false
	}
	return index.candidates(f), true
}

// decides tells whether the candidates of a comparison are just the documents that
// match. An array is listed under each of its elements, but only $eq, $in and $exists
// mean any of them.
func (x *fieldIndex) decides(f *filter) bool {
	switch f.operator {
	case "$eq", "$in", "$exists":
		return true
	case "$all":
		return false
	default:
		return x.arrays == 0
	}
}

// common returns what is on all of the lists, of which there is at least one.
func common(lists [][]uint64) []uint64 {
	short := shortest(lists)
	if len(lists) == 1 {
		return short
	}
	var both []uint64
	for _, seq := range short {
		if onAll(lists, seq) {
			both = append(both, seq)
		}
	}
	return both
}
