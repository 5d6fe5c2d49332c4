package localastra

import (
	"fmt"
	"strconv"
)

// findCommands are the two ways to read documents. findAndRerank has its own file.
func findCommands() map[string]command {
	return map[string]command{
		"find": {scope: collectionScope, fields: []string{"filter", "options", "projection", "sort"},
			options: []string{"includeSimilarity", "includeSortVector", "limit", "pageState", "skip"}, run: find},
		"findOne": {scope: collectionScope, fields: []string{"filter", "options", "projection", "sort"},
			options: []string{"includeSimilarity", "includeSortVector"}, run: findOne},
	}
}

// query is the parsed part that the reading commands share.
type query struct {
	filter     *filter
	projection *projection
	sort       *sorting
	// limit is the number of documents over all pages; 0 means no limit.
	limit int
	// skip is allowed beside a sort by fields only.
	skip int
	// page is where to start; the zero value is the first page.
	page pageState
}

// parseQuery reads filter, projection and sort against the collection's settings. It
// runs once to find out which indexes are needed, and once more under the lock under
// which they are used: the collection may have changed between.
func (r *request) parseQuery(c *collection) (*query, *apiError) {
	q := &query{}
	given := func(name string) value { v, _ := r.args.get(name); return v }
	var err *apiError
	if q.projection, err = parseProjection(given("projection")); err != nil {
		return nil, err
	}
	if q.sort, err = parseSort(given("sort"), c); err != nil {
		return nil, err
	}
	if q.filter, err = parseFilter(given("filter"), &c.options); err != nil {
		return nil, err
	}
	if r.server.cassandra() {
		if err := q.filter.refusedByCassandra(); err != nil {
			return nil, err
		}
		if q.sort.lexical != "" {
			return nil, refusedQuery("UNSUPPORTED_DATABASE_QUERY")
		}
		if q.sort.vector != nil && !q.filter.empty() {
			return nil, refusedQuery("INVALID_DATABASE_QUERY")
		}
	}
	return q, nil
}

// prepare parses the query once against the collection as it is now, and says which
// caches it will use.
func (r *request) prepare() (wanted, *apiError) {
	var want wanted
	err := r.view(wanted{}, func(c *collection, _ reader) *apiError {
		q, err := r.parseQuery(c)
		if err == nil {
			want = wanted{q.filter.indexPaths(), q.sort.vector != nil, q.sort.lexical != ""}
		}
		return err
	})
	return want, err
}

// parseLimits reads limit, skip and pageState. They depend on the sort clause: a search
// has no pages, and what is sorted in memory cannot be continued.
func (q *query) parseLimits(options value) *apiError {
	var err *apiError
	if q.limit, err = parseLimit(options); err != nil {
		return err
	}
	if q.skip, err = parseSkip(options); err != nil {
		return err
	}
	ranked := q.sort.ranked()
	if skip, _ := options.get("skip"); q.skip > 0 && (q.sort.empty() || ranked) {
		return invalidValue("command.options.skip", skip,
			"skip options should be used with sort clause that is not a vector search")
	}
	if ranked && q.limit > maxVectorLimit {
		return invalidValue("command.options.limit", intValue(q.limit),
			fmt.Sprintf("limit options should not be greater than %d for vector search", maxVectorLimit))
	}
	if _, has := options.get("pageState"); has && !q.sort.empty() {
		return badSort("'pageState' is not supported with non-empty sort clause")
	}
	q.page, err = parsePageState(options)
	return err
}

// parseLimit reads options.limit; 0 means that there is none.
func parseLimit(options value) (int, *apiError) {
	limit, has := options.get("limit")
	if !has || limit.kind == kindNull {
		return 0, nil
	}
	n, err := strconv.Atoi(limit.text)
	if err != nil || n <= 0 {
		return 0, invalidValue("command.options.limit", limit, "limit should be greater than `0`")
	}
	return n, nil
}

// parseSkip reads options.skip.
func parseSkip(options value) (int, *apiError) {
	skip, has := options.get("skip")
	if !has || skip.kind == kindNull {
		return 0, nil
	}
	n, err := strconv.Atoi(skip.text)
	if err != nil || n < 0 {
		return 0, invalidValue("command.options.skip", skip, "skip should be greater than or equal to `0`")
	}
	return n, nil
}

// find returns a page of documents, or all hits of a search at once. nextPageState is
// always there, and null at the end.
func find(r *request) (*reply, *apiError) {
	want, err := r.prepare()
	if err != nil {
		return nil, err
	}
	var result *reply
	err = r.view(want, func(c *collection, t reader) *apiError {
		q, err := r.parseQuery(c)
		if err == nil {
			err = q.parseLimits(r.options)
		}
		if err != nil {
			return err
		}
		documents, next, err := r.read(c, t, q)
		if err != nil {
			return err
		}
		r.count(len(documents))
		result = &reply{data: []field{{"documents", arrayValue(documents)}, {"nextPageState", next}}}
		result.status = sortVectorStatus(r, q)
		return nil
	})
	return result, err
}

// findOne returns the first document, or null. It knows neither limit nor pages.
func findOne(r *request) (*reply, *apiError) {
	want, err := r.prepare()
	if err != nil {
		return nil, err
	}
	var result *reply
	err = r.view(want, func(c *collection, t reader) *apiError {
		q, err := r.parseQuery(c)
		if err != nil {
			return err
		}
		q.limit = 1
		documents, _, err := r.read(c, t, q)
		if err != nil {
			return err
		}
		r.count(len(documents))
		first := value{}
		if len(documents) > 0 {
			first = documents[0]
		}
		result = &reply{data: []field{{"document", first}}, status: sortVectorStatus(r, q)}
		return nil
	})
	return result, err
}

// sortVectorStatus is the vector that was searched for, as an array even when it came
// as {"$binary": ...}; null when the sort was no search (Data API v1.0.51, observed).
func sortVectorStatus(r *request, q *query) []field {
	if !r.options.isTrue("includeSortVector") {
		return nil
	}
	if q.sort.vector == nil {
		return []field{{"sortVector", value{}}}
	}
	return []field{{"sortVector", q.sort.vector.asArray()}}
}

// read returns the projected documents and the next page state. Searches and sorted
// reads come at once and have no page state. Everything else comes in pages, in the
// order of insertion.
func (r *request) read(c *collection, t reader, q *query) ([]value, value, *apiError) {
	switch {
	case q.sort.ranked():
		return r.readRanked(c, t, q), value{}, nil
	case !q.sort.empty():
		documents, err := r.readSorted(c, t, q)
		return documents, value{}, err
	default:
		documents, next := r.readPage(c, t, q)
		return documents, next, nil
	}
}

// project returns what the projection keeps of a document. The vector is only read when
// it is asked for: it is most of the document's bytes.
func (c *collection) project(t reader, d stored, p *projection) value {
	if p.wantsVector() {
		return p.apply(c.whole(t, d))
	}
	return p.apply(d.fields)
}

// readPage reads one page. Documents by _id come in one page, as do, on a Cassandra
// backend, those of $or and of $in on another field.
func (r *request) readPage(c *collection, t reader, q *query) ([]value, value) {
	_, byID := q.filter.ids()
	whole := byID || r.server.cassandra() && q.filter.onePage()
	limit := q.limit
	if q.page.remaining > 0 {
		limit = q.page.remaining
	}
	size := r.server.options.PageSize
	if whole {
		size = max(limit, maxDocumentsRead)
	}
	if limit > 0 {
		size = min(size, limit)
	}
	documents := []value{}
	var last uint64
	c.each(t, q.filter, q.page.from, func(d stored) bool {
		documents = append(documents, c.project(t, d, q.projection))
		last = d.seq
		return len(documents) < size
	})
	if whole || len(documents) < size || limit > 0 && limit <= size {
		return documents, value{}
	}
	next := pageState{from: last + 1}
	if limit > 0 {
		next.remaining = limit - size
	}
	return documents, next.json()
}

// maxDocumentsRead bounds a page that is not cut.
const maxDocumentsRead = 1 << 30

// readSorted sorts in memory: at most one page comes back, and nothing says so when
// there are more (Data API v1.0.51, observed).
func (r *request) readSorted(c *collection, t reader, q *query) ([]value, *apiError) {
	found := c.some(t, q.filter, maxSortedRows+1)
	if len(found) > maxSortedRows {
		return nil, errorf("OVERLOADED_SORT_ROW_LIMIT", "The command attempted to sort more than %d rows in memory."+
			"\n\nResend the command with a filter that matches fewer documents.", maxSortedRows)
	}
	q.sort.order(found)
	found = found[min(q.skip, len(found)):]
	size := r.server.options.PageSize
	if q.limit > 0 {
		size = min(size, q.limit)
	}
	documents := []value{}
	for _, d := range found[:min(size, len(found))] {
		documents = append(documents, c.project(t, d, q.projection))
	}
	return documents, nil
}

// readRanked returns the hits of a search by vector or by words, best first. A document
// that was deleted since the index was read is passed over, so there may be fewer hits
// than asked for.
func (r *request) readRanked(c *collection, t reader, q *query) []value {
	documents := []value{}
	for _, hit := range c.hits(t, q) {
		d, ok := c.load(t, hit.seq)
		if !ok {
			continue
		}
		document := c.project(t, d, q.projection)
		if q.sort.vector != nil && r.options.isTrue("includeSimilarity") {
			document = document.with(similarityField, floatValue(hit.similarity))
		}
		documents = append(documents, document)
	}
	return documents
}

// hits searches the vectors, or the words, in memory. The caller has warmed or built them.
func (c *collection) hits(t reader, q *query) []scored {
	limit := maxVectorLimit
	if q.limit > 0 {
		limit = q.limit
	}
	among := c.selected(t, q.filter)
	if q.sort.lexical != "" {
		return c.lexical.best(q.sort.lexical, limit, among)
	}
	return c.vectors.nearest(q.sort.vector.floats, limit, among)
}
