package localastra

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// Limits of findAndRerank (FindAndRerankCommand, Data API v1).
const (
	defaultRerankLimit = 10
	defaultHybridLimit = 50
	maxHybridLimit     = 100
)

// rrfConstant damps the first ranks in reciprocal rank fusion.
const rrfConstant = 60

// defaultReranker is the service that explain shows for a collection that asked for
// reranking and named none.
var defaultReranker = objectValue(
	field{"provider", stringValue(rerankingProvider)},
	field{"modelName", stringValue(rerankingModel)},
)

// rerankCommands is findAndRerank, which the Data API calls hybrid search.
func rerankCommands() map[string]command {
	return map[string]command{
		"findAndRerank": {scope: collectionScope, fields: []string{"filter", "options", "projection", "sort"},
			options: []string{"hybridLimits", "includeScores", "includeSortVector", "limit", "rerank", "rerankOn",
				"rerankQuery"}, run: findAndRerank},
	}
}

// hybridQuery is a parsed findAndRerank.
type hybridQuery struct {
	// vector is the one search that there always is.
	vector *query
	// lexical is nil when there are no words to search for.
	lexical *query
	// projection applies to the result. Both searches look at whole documents.
	projection *projection
	// limit is how many documents come back, after the fusion.
	limit int
	// rerankOn is the path of the text that a reranking model would read.
	rerankOn []string
	// vectorizing is true when the vector was made from a text, which is then also the
	// question to rerank by.
	vectorizing bool
}

// fused is a document and its place in both searches; a rank of 0 means not found.
type fused struct {
	seq         uint64
	vectorRank  int
	lexicalRank int
	similarity  float32
}

// score is the reciprocal rank fusion of both ranks. It depends on ranks alone, so the
// scales of both searches, which have nothing to do with each other, need not be
// compared.
func (f fused) score() float32 {
	var sum float32
	for _, rank := range []int{f.vectorRank, f.lexicalRank} {
		if rank > 0 {
			sum += 1 / float32(rrfConstant+rank)
		}
	}
	return sum
}

// findAndRerank searches by vector and by words and fuses both lists. No reranking
// model runs here: where the real server orders by the model's scores and breaks ties
// by fusion, this one orders by fusion and reports it as $rerank, too.
func findAndRerank(r *request) (*reply, *apiError) {
	want, err := r.prepareHybrid()
	if err != nil {
		return nil, err
	}
	var result *reply
	err = r.view(want, func(c *collection, t reader) *apiError {
		h, err := r.parseHybrid(c)
		if err != nil {
			return err
		}
		result = r.rerank(c, t, h)
		return nil
	})
	return result, err
}

// prepareHybrid checks the command and says which caches it will use. What is wrong
// with the command is reported here, before anything is loaded for it.
func (r *request) prepareHybrid() (wanted, *apiError) {
	want := wanted{vectors: true}
	err := r.view(wanted{}, func(c *collection, _ reader) *apiError {
		h, err := r.parseHybrid(c)
		if err != nil {
			return err
		}
		want.paths, want.lexical = h.vector.filter.indexPaths(), h.lexical != nil
		return nil
	})
	return want, err
}

// parseHybrid reads the command for a collection, and refuses what it is not made for.
func (r *request) parseHybrid(c *collection) (*hybridQuery, *apiError) {
	sort, _ := r.args.get("sort")
	hybrid, has := sort.get(hybridField)
	if !has || len(sort.fields) != 1 {
		return nil, badSort("findAndRerank must sort by '$hybrid' and nothing else")
	}
	parts := hybrid
	if hybrid.kind == kindString {
		parts = objectValue(field{vectorizeField, hybrid}, field{lexicalField, hybrid})
	}
	override, _ := r.options.get("rerank")
	if problem := checkReranker(override); problem != "" {
		return nil, errorf("INVALID_RERANK_OVERRIDE", "%s\n\nResend the command with a supported reranking service, "+
			"or without one.", problem)
	}
	if err := c.supportsHybrid(parts, override.kind == kindObject); err != nil {
		return nil, err
	}
	if err := onlyKnown(parts, []string{lexicalField, vectorField, vectorizeField}); err != nil {
		return nil, err
	}
	h := &hybridQuery{limit: defaultRerankLimit}
	_, h.vectorizing = parts.get(vectorizeField)
	if err := h.parseOptions(r.options); err != nil {
		return nil, err
	}
	given, _ := r.args.get("projection")
	var err *apiError
	if h.projection, err = parseProjection(given); err != nil {
		return nil, err
	}
	return h, h.parseLegs(r, c, parts)
}

// supportsHybrid says which of the features that a hybrid search needs is missing. The
// order of its checks is that of the Data API's source: vectors, embedding service,
// lexical search, reranking. A command that names a reranker needs none of the
// collection's.
func (c *collection) supportsHybrid(parts value, reranked bool) *apiError {
	_, byText := parts.get(vectorizeField)
	_, byVector := parts.get(vectorField)
	words, _ := parts.get(lexicalField)
	switch {
	case c.options.vector == nil:
		return c.noVectors()
	case byText && !byVector:
		return c.noEmbeddingService()
	case !byVector:
		return badSort("'$hybrid' must have '$vectorize' or '$vector'")
	case words.kind != kindNull && !c.options.lexicalEnabled():
		return c.lexicalDisabled()
	case !reranked && !c.options.rerank.isTrue("enabled"):
		return errorf("UNSUPPORTED_RERANKING_COMMAND", "The command findAndRerank needs a Collection that has "+
			"reranking enabled.\n\nThe Collection %s.%s does not have it enabled.", c.keyspace, c.name)
	}
	return nil
}

// parseLegs makes a query of each of the two searches; they share the filter. Each
// search has its own limit, since what matters is how deep the fusion may look into
// each list.
func (h *hybridQuery) parseLegs(r *request, c *collection, parts value) *apiError {
	given, _ := r.args.get("filter")
	f, err := parseFilter(given, &c.options)
	if err != nil {
		return err
	}
	vectorLimit, lexicalLimit, err := parseHybridLimits(r.options)
	if err != nil {
		return err
	}
	v, _ := parts.get(vectorField)
	h.vector = &query{filter: f, sort: &sorting{}, limit: vectorLimit}
	if err := h.vector.sort.parseVector(v, c); err != nil {
		return err
	}
	words, _ := parts.get(lexicalField)
	if words.kind == kindNull {
		return nil
	}
	h.lexical = &query{filter: f, sort: &sorting{}, limit: lexicalLimit}
	return h.lexical.sort.parseLexical(words, 1, c)
}

// parseOptions reads limit and what to rerank on. With a vector of its own a request
// has to name both the question and the field.
func (h *hybridQuery) parseOptions(options value) *apiError {
	limit, err := parseLimit(options)
	if err != nil {
		return err
	}
	h.limit = cmp.Or(limit, defaultRerankLimit)
	question, _ := options.get("rerankQuery")
	on, _ := options.get("rerankOn")
	switch {
	case !h.vectorizing && strings.TrimSpace(question.text) == "":
		return invalidValue("command.options.rerankQuery", question, "must be given when '$hybrid' has no '$vectorize'")
	case !h.vectorizing && on.text == "":
		return invalidValue("command.options.rerankOn", on, "must be given when '$hybrid' has no '$vectorize'")
	}
	path, problem := splitPath(cmp.Or(on.text, vectorizeField))
	if problem != "" {
		return invalidValue("command.options.rerankOn", on, problem)
	}
	h.rerankOn = path
	return nil
}

// parseHybridLimits reads 20 or {"$vector": 20, "$lexical": 10}. A limit of 0 switches
// one of the searches off.
func parseHybridLimits(options value) (vector, lexical int, err *apiError) {
	limits, has := options.get("hybridLimits")
	if !has || limits.kind == kindNull {
		return defaultHybridLimit, defaultHybridLimit, nil
	}
	one := func(v value) int {
		n, failed := strconv.Atoi(v.text)
		if failed != nil || n < 0 || n > maxHybridLimit {
			err = invalidValue("command.options.hybridLimits", limits, "must be numbers from 0 to 100")
		}
		return n
	}
	if limits.kind != kindObject {
		n := one(limits)
		return n, n, err
	}
	v, _ := limits.get(vectorField)
	l, _ := limits.get(lexicalField)
	return one(v), one(l), err
}

// rerank runs both searches and answers with the best of both. Documents without the
// field to rerank on are dropped, as by the real server: its model would have nothing
// to read.
func (r *request) rerank(c *collection, t reader, h *hybridQuery) *reply {
	documents, scores := []value{}, []value{}
	for _, f := range c.fuse(t, h) {
		d, ok := c.load(t, f.seq)
		if !ok {
			continue
		}
		if _, has := lookupPath(d.fields, h.rerankOn); !has {
			continue // there is no passage to judge
		}
		documents = append(documents, c.project(t, d, h.projection))
		scores = append(scores, objectValue(field{"scores", f.json()}))
		if len(documents) == h.limit {
			break
		}
	}
	r.count(len(documents))
	result := &reply{data: []field{{"documents", arrayValue(documents)}, {"nextPageState", value{}}}}
	if r.options.isTrue("includeScores") {
		result.status = append(result.status, field{"documentResponses", arrayValue(scores)})
	}
	if r.options.isTrue("includeSortVector") {
		result.status = append(result.status, field{"sortVector", h.vector.sort.vector.asArray()})
	}
	return result
}

// fuse returns the documents of either search, best first. A document that both
// searches found counts once, with both ranks. Equal scores are ordered by age.
func (c *collection) fuse(t reader, h *hybridQuery) []fused {
	found := map[uint64]*fused{}
	at := func(seq uint64) *fused {
		if found[seq] == nil {
			found[seq] = &fused{seq: seq}
		}
		return found[seq]
	}
	if h.vector.limit > 0 {
		for i, hit := range c.hits(t, h.vector) {
			f := at(hit.seq)
			f.vectorRank, f.similarity = i+1, hit.similarity
		}
	}
	if h.lexical != nil && h.lexical.limit > 0 {
		for i, hit := range c.hits(t, h.lexical) {
			at(hit.seq).lexicalRank = i + 1
		}
	}
	list := make([]fused, 0, len(found))
	for _, f := range found {
		list = append(list, *f)
	}
	slices.SortFunc(list, func(a, b fused) int {
		return cmp.Or(cmp.Compare(b.score(), a.score()), cmp.Compare(a.seq, b.seq))
	})
	return list
}

// json is the scores of a document, under the names that the Data API gives them.
func (f fused) json() value {
	score := floatValue(f.score())
	fields := []field{{"$rerank", score}, {vectorField, value{}}, {"$vectorRank", value{}}, {"$bm25Rank", value{}},
		{"$rrf", score}}
	if f.vectorRank > 0 {
		fields[1].value, fields[2].value = floatValue(f.similarity), intValue(f.vectorRank)
	}
	if f.lexicalRank > 0 {
		fields[3].value = intValue(f.lexicalRank)
	}
	return objectValue(fields...)
}
