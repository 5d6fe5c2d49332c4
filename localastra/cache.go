package localastra

import "errors"

// wanted is which caches a reader is about to use.
type wanted struct {
	paths   [][]string
	vectors bool
	lexical bool
}

// warm builds the caches that are missing. A collection that does not exist is left to
// the reader to find out.
func (s *store) warm(keyspace, name string, want wanted) *apiError {
	missing := func() *collection {
		c := s.catalog.keyspaces[keyspace][name]
		if c == nil || s.closed || c.warm(want) {
			return nil
		}
		return c
	}
	s.mu.RLock()
	cold := missing() != nil
	s.mu.RUnlock()
	if !cold {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := missing()
	if c == nil {
		return nil
	}
	err := s.engine.view(func(t reader) error {
		c.build(t, want)
		return nil
	})
	if err != nil {
		// What was built is a part of what there is.
		return serverError(errors.Join(err, s.reload()))
	}
	return nil
}

// warm tells whether the caches are there. A collection without vectors is always warm
// for them: the search will be refused, and needs no index for that.
func (c *collection) warm(want wanted) bool {
	for _, path := range want.paths {
		if c.indexes[joinPath(path)] == nil {
			return false
		}
	}
	if want.lexical && c.lexical == nil {
		return false
	}
	return !want.vectors || c.vectors != nil || c.options.vector == nil
}

// build reads the collection once and fills the caches that are missing. The caller
// holds the store alone.
func (c *collection) build(t reader, want wanted) {
	var fresh []documentIndex
	for _, path := range want.paths {
		if name := joinPath(path); c.indexes[name] == nil {
			c.indexes[name] = newFieldIndex(path)
			fresh = append(fresh, c.indexes[name])
		}
	}
	if want.lexical && c.lexical == nil {
		c.lexical = newLexicalIndex(c.options.analyzer())
		fresh = append(fresh, c.lexical)
	}
	if len(fresh) > 0 {
		t.ascend(c.id, documentsTable, 0, func(seq uint64, text []byte) bool {
			document := parseStored(text)
			for _, index := range fresh {
				index.add(seq, document)
			}
			return true
		})
	}
	if want.vectors && c.vectors == nil && c.options.vector != nil {
		c.vectors = c.loadVectors(t)
	}
}

// documentIndex is what build fills document by document.
type documentIndex interface {
	add(seq uint64, document value)
}

// loadVectors reads all vectors into memory. It takes as long as the disk needs for 4
// bytes a dimension and document. The caller holds the store alone, so that it is done
// once, however many searches wait for it.
func (c *collection) loadVectors(t reader) *vectorIndex {
	x := newVectorIndex(c.options.vector)
	t.ascend(c.id, vectorsTable, 0, func(seq uint64, text []byte) bool {
		if v, ok := decodeVector(text); ok && len(v.floats) == x.dimension {
			x.set(seq, v.floats)
		}
		return true
	})
	return x
}
