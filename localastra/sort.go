package localastra

import (
	"cmp"
	"slices"
)

const (
	// maxVectorLimit is the largest limit of a vector search (Data API v1.0.51).
	maxVectorLimit = 1000
	// maxSortedRows is operations.max-document-sort-count of Data API v1.0.51.
	maxSortedRows = 10_000
)

// sorting is a parsed sort clause: by similarity to a vector, or by fields.
type sorting struct {
	vector *vector
	keys   []sortKey
}

type sortKey struct {
	path       []string
	descending bool
}

func (s *sorting) empty() bool { return s.vector == nil && len(s.keys) == 0 }

func badSort(problem string) *apiError {
	return newError("SORT_CLAUSE_INVALID", "Sort clause used by command not valid.\nProblem: "+problem+
		".\n\nResend the command with a valid sort clause.")
}

// parseSort reads a sort clause for a collection.
func parseSort(v value, c *collection) (*sorting, *apiError) {
	s := &sorting{}
	if v.kind == kindNull {
		return s, nil
	}
	if v.kind != kindObject {
		return nil, badSort("must be a JSON Object")
	}
	for _, f := range v.fields {
		if err := s.parse(f, len(v.fields), c); err != nil {
			return nil, err
		}
	}
	return s, nil
}

func (s *sorting) parse(f field, total int, c *collection) *apiError {
	switch f.name {
	case vectorizeField, hybridField:
		return c.noEmbeddingService()
	case lexicalField:
		return refusedQuery("UNSUPPORTED_DATABASE_QUERY")
	case vectorField:
		if total > 1 {
			return badSort("vector search cannot be used with other sort expressions")
		}
		return s.parseVector(f.value, c)
	}
	path, problem := splitPath(f.name)
	if problem != "" {
		return badSort("sort path ('" + f.name + "') is not valid: " + problem)
	}
	if f.value.kind != kindNumber || f.value.text != "1" && f.value.text != "-1" {
		return badSort("sort ordering value should be 1 or -1, for path ('" + f.name + "')")
	}
	if !c.options.filterable(path) {
		return errorf("SORT_CLAUSE_PATH_UNINDEXED", "Collection field '%s' is not indexed: cannot sort using it. \n\n"+
			"Resend the command with sort on an indexed field.", f.name)
	}
	s.keys = append(s.keys, sortKey{path, f.value.text == "-1"})
	return nil
}

func (s *sorting) parseVector(v value, c *collection) *apiError {
	if c.options.vector == nil {
		return c.noVectors()
	}
	parsed, err := parseVector(v)
	if err != nil {
		return err
	}
	if err := parsed.check(c); err != nil {
		if err.code == "UNEXPECTED_SERVER_ERROR" {
			return newError("FAILED_READ_REQUEST", "The Data API command generated a database query that was "+
				"syntactically correct and the database started processing, however too many nodes failed to complete "+
				"the operation.")
		}
		return err
	}
	s.vector = parsed
	return nil
}

// order sorts documents by the keys, absent fields first, and by _id where they tie.
func (s *sorting) order(documents []stored) {
	slices.SortStableFunc(documents, func(a, b stored) int {
		for _, k := range s.keys {
			c := k.compare(a.fields, b.fields)
			if k.descending {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return compareValues(a.id(), b.id())
	})
}

func (k sortKey) compare(a, b value) int {
	x, hasX := lookupPath(a, k.path)
	y, hasY := lookupPath(b, k.path)
	if hasX && hasY {
		return compareValues(x, y)
	}
	return cmp.Compare(present(hasX), present(hasY))
}

func present(has bool) int {
	if has {
		return 1
	}
	return 0
}
