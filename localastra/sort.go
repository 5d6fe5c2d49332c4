package localastra

import (
	"cmp"
	"slices"
	"strings"
)

const (
	// maxVectorLimit is the largest limit of a vector search (Data API v1.0.51).
	maxVectorLimit = 1000
	// maxSortedRows is operations.max-document-sort-count of Data API v1.0.51.
	maxSortedRows = 10_000
)

// sorting is a parsed sort clause: by similarity to a vector, by words, or by fields.
type sorting struct {
	vector  *vector
	lexical string // the words to search for; empty for none
	keys    []sortKey
}

// sortKey is one field to sort by. Earlier keys count more.
type sortKey struct {
	path       []string
	descending bool
}

// ranked tells whether the sort is a search: its hits come at once, best first.
func (s *sorting) ranked() bool { return s.vector != nil || s.lexical != "" }

// empty tells whether the order is that of insertion.
func (s *sorting) empty() bool { return !s.ranked() && len(s.keys) == 0 }

// badSort is the answer to a sort clause that cannot be understood.
func badSort(problem string) *apiError {
	return newError("SORT_CLAUSE_INVALID", "Sort clause used by command not valid.\nProblem: "+problem+
		".\n\nResend the command with a valid sort clause.")
}

// parseSort reads a sort clause for a collection. Search clauses are checked here
// against the collection, so that each command which sorts refuses them in the same
// way.
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

// parse reads one entry of a sort clause that has total entries: a search stands alone.
func (s *sorting) parse(f field, total int, c *collection) *apiError {
	switch f.name {
	case vectorizeField, hybridField:
		return c.noEmbeddingService()
	case lexicalField:
		return s.parseLexical(f.value, total, c)
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

// parseLexical reads the words to search for. Its hits come best first, as those of a
// vector search do.
func (s *sorting) parseLexical(v value, total int, c *collection) *apiError {
	switch {
	case !c.options.lexicalEnabled():
		return c.lexicalDisabled()
	case total > 1:
		return badSort("lexical search cannot be used with other sort expressions")
	case v.kind != kindString || strings.TrimSpace(v.text) == "":
		return badSort("if sorting by '$lexical' value must be a non-blank String, not " + v.typeName())
	}
	s.lexical = v.text
	return nil
}

// parseVector reads the vector to search for. One that the database cannot search with
// fails as a read, unlike in a document, where it fails as a write.
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
// The order is complete: the same documents always come in the same order, which skip
// depends on.
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

// compare orders two documents by the key. An absent value comes before null (Data API
// v1.0.51, observed).
func (k sortKey) compare(a, b value) int {
	x, hasX := lookupPath(a, k.path)
	y, hasY := lookupPath(b, k.path)
	if hasX && hasY {
		return compareValues(x, y)
	}
	return cmp.Compare(present(hasX), present(hasY))
}

// present is 1 for a value that is there: absent ones sort first.
func present(has bool) int {
	if has {
		return 1
	}
	return 0
}
