package localastra

import "slices"

// indexPaths lists the paths for which an index can narrow the filter down. A filter by
// _id needs none. The others are built on first use and kept: who filters by a field
// once does so again.
func (f *filter) indexPaths() [][]string {
	if _, byID := f.ids(); byID {
		return nil // a few documents, found by _id
	}
	var paths [][]string
	f.walk(func(node *filter) {
		if node.path == nil || node.operator == "$size" || node.operator == "$match" || node.onID() {
			return
		}
		if !slices.ContainsFunc(paths, func(p []string) bool { return slices.Equal(p, node.path) }) {
			paths = append(paths, node.path)
		}
	})
	return paths
}

// candidates returns lists of documents: what matches the filter is on every one of
// them. No list means that nothing is known.
func (c *collection) candidates(f *filter) [][]uint64 {
	switch f.operator {
	case "$and":
		var lists [][]uint64
		for _, child := range f.children {
			lists = append(lists, c.candidates(child)...)
		}
		return lists
	case "$or":
		return c.anyOf(f.children)
	case "$not", "$size":
		return nil
	}
	index := c.indexes[joinPath(f.path)]
	if index == nil {
		return nil
	}
	return [][]uint64{index.candidates(f)}
}

// anyOf is the union over children, as far as each of them knows a list. When one of
// them knows nothing, nothing is known of the union.
func (c *collection) anyOf(children []*filter) [][]uint64 {
	var lists [][]uint64
	for _, child := range children {
		known := c.candidates(child)
		if len(known) == 0 {
			return nil
		}
		lists = append(lists, shortest(known))
	}
	if len(lists) == 0 {
		return nil
	}
	return [][]uint64{union(lists)}
}

// shortest picks the list with the fewest documents to look at. There is at least one
// list.
func shortest(lists [][]uint64) []uint64 {
	return slices.MinFunc(lists, func(a, b []uint64) int { return len(a) - len(b) })
}

// candidates lists the documents of the postings that satisfy one comparison. The list
// may be longer than what matches, never shorter: each candidate is looked at again
// with the whole filter.
func (x *fieldIndex) candidates(f *filter) []uint64 {
	switch f.operator {
	case "$eq":
		return x.having(f.operand)
	case "$all":
		return x.having(f.operand.items[0])
	case "$in":
		lists := make([][]uint64, 0, len(f.operand.items))
		for _, item := range f.operand.items {
			if seqs := x.having(item); len(seqs) > 0 {
				lists = append(lists, seqs)
			}
		}
		return union(lists)
	case "$exists":
		return x.matching(func(p *posting) bool { return p.present == (f.operand.kind == kindTrue) })
	default:
		return x.matching(func(p *posting) bool { return f.compare(p.value, p.present) })
	}
}

// each calls fn for the documents that match, in the order of their insertion from the
// first that is not below from, until fn returns false. Documents that are asked for by
// _id come in the order of the request, and from is ignored.
func (c *collection) each(t reader, f *filter, from uint64, fn func(stored) bool) {
	visit := func(seq uint64) bool {
		d, ok := c.load(t, seq)
		return !ok || !f.matches(d.fields) || fn(d)
	}
	if ids, byID := f.ids(); byID {
		c.eachID(t, ids, visit)
		return
	}
	lists := c.candidates(f)
	if len(lists) == 0 {
		t.ascend(c.id, documentsTable, from, func(seq uint64, text []byte) bool {
			d := stored{seq, parseStored(text)}
			return !f.matches(d.fields) || fn(d)
		})
		return
	}
	list := shortest(lists)
	at, _ := slices.BinarySearch(list, from)
	for _, seq := range list[at:] {
		if onAll(lists, seq) && !visit(seq) {
			return
		}
	}
}

// eachID visits the documents of a list of ids, each once. An id that does not exist is
// passed over: asking for it is no error.
func (c *collection) eachID(t reader, ids []value, visit func(seq uint64) bool) {
	seen := make(map[uint64]bool, len(ids))
	for _, id := range ids {
		seq, ok := c.lookup(t, id)
		if !ok || seen[seq] {
			continue
		}
		seen[seq] = true
		if !visit(seq) {
			return
		}
	}
}

// onAll tells whether a document is on each of the lists. They are in order, so each
// look is a binary search.
func onAll(lists [][]uint64, seq uint64) bool {
	for _, list := range lists {
		if _, found := slices.BinarySearch(list, seq); !found {
			return false
		}
	}
	return true
}

// some returns up to limit matching documents. They are read in the order of insertion,
// so with a limit the oldest come.
func (c *collection) some(t reader, f *filter, limit int) []stored {
	var found []stored
	c.each(t, f, 0, func(d stored) bool {
		found = append(found, d)
		return len(found) < limit
	})
	return found
}
