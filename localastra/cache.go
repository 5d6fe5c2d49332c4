package localastra

// wanted is which caches a reader is about to use.
type wanted struct {
	paths   [][]string
	vectors bool
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
	err := s.engine.view(func(t tx) error {
		c.build(t, want)
		return nil
	})
	if err != nil {
		return serverError(err)
	}
	return nil
}

// warm tells whether the caches are there.
func (c *collection) warm(want wanted) bool {
	for _, path := range want.paths {
		if c.indexes[joinPath(path)] == nil {
			return false
		}
	}
	return !want.vectors || c.vectors != nil || c.options.vector == nil
}

// build reads the collection once and fills the caches that are missing. The caller
// holds the store alone.
func (c *collection) build(t tx, want wanted) {
	var fresh []*fieldIndex
	for _, path := range want.paths {
		if name := joinPath(path); c.indexes[name] == nil {
			c.indexes[name] = newFieldIndex(path)
			fresh = append(fresh, c.indexes[name])
		}
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

// loadVectors reads all vectors into memory.
func (c *collection) loadVectors(t tx) *vectorIndex {
	x := newVectorIndex(c.options.vector)
	t.ascend(c.id, vectorsTable, 0, func(seq uint64, text []byte) bool {
		if v, ok := decodeVector(text); ok && len(v.floats) == x.dimension {
			x.set(seq, v.floats)
		}
		return true
	})
	return x
}
