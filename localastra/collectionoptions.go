package localastra

import (
	"slices"
	"strconv"
	"strings"
)

// collectionOptions is the settings of a collection.
type collectionOptions struct {
	vector    *vectorOptions // nil: no vectors
	indexing  *indexingOptions
	defaultID string // objectId, uuid, uuidv6, uuidv7, or empty
	lexical   value  // {"enabled": ...}; kindNull where the request left it out
	rerank    value  // the same
}

// vectorOptions are the vector part of createCollection. They cannot be changed later:
// the Data API asks for the collection to be made again.
type vectorOptions struct {
	dimension   int
	metric      string
	sourceModel string
	service     value // the embedding service as it was asked for; kindNull for none
}

// indexingOptions is which paths are indexed. paths is what the request said, rules
// the same, split.
type indexingOptions struct {
	deny  bool
	paths []string
	rules [][]string
}

const defaultSourceModel = "other"

// covers tells whether a path of a document is indexed. A rule covers everything below
// its path. With deny the covered paths are out, with allow they are the only ones in;
// "*" covers all.
func (o *collectionOptions) covers(path []string) bool {
	if o.indexing == nil || len(o.indexing.paths) == 0 {
		return true
	}
	for _, rule := range o.indexing.rules {
		if len(rule) == 1 && rule[0] == "*" || len(rule) <= len(path) && slices.Equal(rule, path[:len(rule)]) {
			return !o.indexing.deny
		}
	}
	return o.indexing.deny
}

// filterable tells whether a filter or sort may name the path. The _id and the special
// fields have indexes of their own, whatever the rules say (Data API v1.0.51,
// observed).
func (o *collectionOptions) filterable(path []string) bool {
	return path[0] == "_id" || path[0] == vectorField || path[0] == lexicalField || o.covers(path)
}

// lexicalEnabled tells whether documents of the collection may have $lexical. It is the
// default (Data API v1.0.51, observed).
func (o *collectionOptions) lexicalEnabled() bool { return o.lexical.isTrue("enabled") }

// analyzer is what cuts the texts of $lexical into words.
func (o *collectionOptions) analyzer() analyzer {
	given, _ := o.lexical.get("analyzer")
	return newAnalyzer(given)
}

// indexes is how many database indexes the collection takes. A collection that indexes
// nothing but its vectors takes one, every other takes the full set, used or not.
func (o *collectionOptions) indexes() int {
	if o.indexing != nil && o.indexing.deny && slices.Contains(o.indexing.paths, "*") {
		return 1
	}
	return indexesPerCollection
}

// explain is the options as findCollections shows them. The order of the names is that
// of the real server. What the request left to defaults is shown as what it became.
func (o *collectionOptions) explain() value {
	var fields []field
	if o.defaultID != "" {
		fields = append(fields, field{"defaultId", objectValue(field{"type", stringValue(o.defaultID)})})
	}
	if o.vector != nil {
		vector := objectValue(
			field{"dimension", intValue(o.vector.dimension)},
			field{"metric", stringValue(o.vector.metric)},
			field{"sourceModel", stringValue(o.vector.sourceModel)},
		)
		if o.vectorizing() {
			vector = vector.with("service", o.vector.service)
		}
		fields = append(fields, field{"vector", vector})
	}
	if o.indexing != nil {
		fields = append(fields, field{"indexing", o.indexing.explain()})
	}
	return objectValue(append(fields, field{"lexical", o.lexical}, field{"rerank", o.rerank})...)
}

// explain prints the lists in the order of the request. The real server keeps a set and
// prints it in any order; an empty allow list is shown as {} (both observed).
func (i *indexingOptions) explain() value {
	switch {
	case len(i.paths) == 0:
		return objectValue()
	case i.deny:
		return objectValue(field{"deny", stringsValue(i.paths)})
	default:
		return objectValue(field{"allow", stringsValue(i.paths)})
	}
}

// encode is explain, but keeps apart what explain shows as {}: the file's form. What it
// prints is read by parseCollectionOptions again, so there is one reader for requests
// and for the file.
func (o *collectionOptions) encode() value {
	if o.indexing != nil && len(o.indexing.paths) == 0 {
		return o.explain().with("indexing", objectValue(field{"allow", arrayValue(nil)}))
	}
	return o.explain()
}

// completeFrom fills what the request left out: lexical and rerank are taken from the
// existing collection, or from the server's defaults.
func (o *collectionOptions) completeFrom(existing collectionOptions) {
	if o.lexical.kind == kindNull {
		o.lexical = existing.lexical
	}
	if o.rerank.kind == kindNull {
		o.rerank = existing.rerank
	}
}

// defaultOptions are lexical and rerank of a new collection that names neither. A
// self-hosted Data API has no reranking unless a header asks for it.
func (s *Server) defaultOptions() collectionOptions {
	o := collectionOptions{
		lexical: objectValue(field{"enabled", boolValue(true)}, field{"analyzer", stringValue("standard")}),
		rerank:  objectValue(field{"enabled", boolValue(true)}, field{"service", defaultReranker}),
	}
	if s.cassandra() {
		o.rerank = objectValue(field{"enabled", boolValue(false)})
	}
	return o
}

// equal compares settings; the order of indexing paths does not count. It compares what
// explain shows: two collections that look the same to clients are the same.
func (o *collectionOptions) equal(other *collectionOptions) bool {
	return o.ordered().explain().key() == other.ordered().explain().key()
}

// ordered returns a copy with sorted paths, for comparisons: two requests that name the
// same paths in another order ask for the same collection.
func (o *collectionOptions) ordered() *collectionOptions {
	c := *o
	if c.indexing != nil {
		paths := slices.Sorted(slices.Values(c.indexing.paths))
		c.indexing = &indexingOptions{deny: c.indexing.deny, paths: paths}
	}
	return &c
}

// parseCollectionOptions reads the options of createCollection, or what encode made.
// Unknown names have an error of their own here, unlike in other commands (Data API
// v1.0.51, observed).
func parseCollectionOptions(v value) (collectionOptions, *apiError) {
	var o collectionOptions
	for _, f := range v.fields {
		var err *apiError
		switch f.name {
		case "vector":
			o.vector, err = parseVectorOptions(f.value)
		case "indexing":
			o.indexing, err = parseIndexingOptions(f.value)
		case "defaultId":
			o.defaultID, err = parseDefaultID(f.value)
		case "lexical":
			o.lexical, err = parseLexical(f.value)
		case "rerank":
			o.rerank, err = parseRerank(f.value)
		default:
			err = errorf("INVALID_CREATE_COLLECTION_FIELD", "'createCollection' command referenced unrecognized "+
				"field(s): No option %q exists for `createCollection.options` (valid options: \"defaultId\", "+
				"\"indexing\", \"lexical\", \"rerank\", \"vector\")\n\nResend 'createCollection' with only valid "+
				"fields.", f.name)
		}
		if err != nil {
			return o, err
		}
	}
	return o, nil
}

// badOptions is the answer to settings that are well-formed, but that no collection can
// have.
func badOptions(problem string) *apiError {
	return newError("INVALID_CREATE_COLLECTION_OPTIONS", "'createCollection' command option(s) invalid: "+problem+
		"\n\nResend 'createCollection' with valid options.")
}

// parseVectorOptions reads the vector part; null means a collection without vectors.
// "size" and "function" are the old names of dimension and metric, which the Data API
// still takes.
func parseVectorOptions(v value) (*vectorOptions, *apiError) {
	if v.kind == kindNull {
		return nil, nil
	}
	o := &vectorOptions{metric: metricCosine, sourceModel: defaultSourceModel}
	for _, name := range []string{"metric", "function"} {
		if m, has := v.get(name); has && m.kind != kindNull {
			if !slices.Contains([]string{metricCosine, metricDotProduct, metricEuclidean}, m.text) {
				return nil, invalidValue("command.options.vector.metric", m,
					"function name can only be 'dot_product', 'cosine' or 'euclidean'")
			}
			o.metric = m.text
		}
	}
	if m, has := v.get("sourceModel"); has && m.kind != kindNull {
		models := []string{"ada002", "bert", "cohere-v3", "gecko", "nv-qa-4", "openai-v3-large", "openai-v3-small",
			defaultSourceModel}
		if !slices.Contains(models, m.text) {
			return nil, invalidValue("command.options.vector.sourceModel", m,
				"sourceModel options are '"+strings.Join(models, "', '")+"'")
		}
		o.sourceModel = m.text
	}
	o.service, _ = v.get("service")
	err := o.parseDimension(v)
	return o, err
}

// parseDimension takes "8" and 8.5 for 8, as the real server does. A dimension is
// needed unless an embedding service knows it, in which case it was filled in before.
func (o *vectorOptions) parseDimension(v value) *apiError {
	d, has := v.get("dimension")
	if !has {
		d, has = v.get("size")
	}
	if !has || d.kind == kindNull {
		return badOptions("The 'dimension' can not be null if 'service' is not provided")
	}
	n, err := strconv.ParseFloat(d.text, 64)
	if err != nil || n < 1 {
		return invalidValue("command.options.vector.dimension", d, "dimension should be greater than `0`")
	}
	if n >= maxVectorDimension+1 {
		return errorf("VECTOR_SEARCH_TOO_BIG_VALUE", "Vector embedding property '$vector' length too big: %s (max %d).",
			d.text, maxVectorDimension)
	}
	o.dimension = int(n)
	return nil
}

// parseIndexingOptions reads allow or deny, never both. An empty list is accepted and
// indexes everything; names follow the escaping rules of paths (Data API v1.0.51,
// observed).
func parseIndexingOptions(v value) (*indexingOptions, *apiError) {
	if v.kind == kindNull {
		return nil, nil
	}
	bad := func(problem string) (*indexingOptions, *apiError) {
		return nil, newError("INVALID_INDEXING_DEFINITION", "'createCollection' indexing definition invalid: "+
			problem+".\n\nResend 'createCollection' with valid indexing definition.")
	}
	allow, hasAllow := v.get("allow")
	deny, hasDeny := v.get("deny")
	if hasAllow && hasDeny {
		return bad("'allow' and 'deny' cannot be used together")
	}
	if !hasAllow && !hasDeny {
		return bad("'allow' or 'deny' should be provided")
	}
	o := &indexingOptions{deny: hasDeny}
	for _, item := range append(allow.items, deny.items...) {
		rule, problem := splitPath(item.text)
		switch {
		case item.text == "":
			return bad(problem)
		case slices.Contains(o.paths, item.text) && hasDeny:
			return bad("'deny' cannot contain duplicates")
		case slices.Contains(o.paths, item.text):
			return bad("'allow' cannot contain duplicates")
		case problem != "":
			return bad("indexing path ('" + item.text + "') is not a valid path: " + problem)
		}
		o.paths = append(o.paths, item.text)
		o.rules = append(o.rules, rule)
	}
	return o, nil
}

// parseDefaultID reads which kind of _id the server makes up for documents that bring
// none. An empty type is the same as none: a UUID as a plain string.
func parseDefaultID(v value) (string, *apiError) {
	t, _ := v.get("type")
	switch t.text {
	case "", "objectId", "uuid", "uuidv6", "uuidv7":
		return t.text, nil
	}
	return "", invalidValue("command.options.idConfig.idType", t,
		"Id type can only be 'objectId', 'uuid', 'uuidv6' or 'uuidv7'")
}

// parseLexical reads whether $lexical is on, and its analyzer, which is kept for
// explain. A disabled one may not name an analyzer, as in the Data API.
func parseLexical(v value) (value, *apiError) {
	if v.kind == kindNull {
		return v, nil
	}
	enabled, err := parseEnabled("lexical", v)
	if err != nil {
		return v, err
	}
	analyzer, _ := v.get("analyzer")
	switch {
	case enabled.kind == kindFalse && analyzer.kind != kindNull:
		return v, badOptions("'lexical' is disabled, but 'lexical.analyzer' property was provided.")
	case enabled.kind == kindFalse:
		return objectValue(field{"enabled", enabled}), nil
	case analyzer.kind == kindNull, analyzer.kind == kindObject && len(analyzer.fields) == 0:
		analyzer = stringValue("standard")
	}
	if problem := checkAnalyzer(analyzer); problem != "" {
		return v, badOptions(problem)
	}
	return objectValue(field{"enabled", enabled}, field{"analyzer", analyzer}), nil
}

// checkAnalyzer tells what is wrong with the setting of an analyzer: the name of one, or
// an object that builds one of Lucene's parts. An unknown name is found where it is used.
func checkAnalyzer(analyzer value) string {
	if analyzer.kind != kindString && analyzer.kind != kindObject {
		return "'analyzer' property of 'lexical' must be either JSON Object or String, is: " + analyzer.typeName() + "."
	}
	for _, f := range analyzer.fields {
		if !slices.Contains([]string{"charFilters", "filters", "tokenizer"}, f.name) {
			return "Invalid field for 'lexical.analyzer'. Valid fields are: [charFilters, filters, tokenizer], found: [" +
				f.name + "]."
		}
	}
	return ""
}

// parseEnabled reads the one property that the settings of lexical and of rerank must have.
func parseEnabled(part string, v value) (value, *apiError) {
	enabled, _ := v.get("enabled")
	if enabled.kind != kindTrue && enabled.kind != kindFalse {
		return v, badOptions("'enabled' is required property for '" + part + "' Object value.")
	}
	return enabled, nil
}

// parseRerank reads whether findAndRerank is on, and by which service.
func parseRerank(v value) (value, *apiError) {
	if v.kind == kindNull {
		return v, nil
	}
	enabled, err := parseEnabled("rerank", v)
	if err != nil {
		return v, err
	}
	service, _ := v.get("service")
	switch {
	case enabled.kind == kindFalse && len(service.fields) > 0:
		return v, badOptions("'rerank' is disabled, but 'rerank.service' configuration is provided.")
	case enabled.kind == kindFalse:
		return objectValue(field{"enabled", enabled}), nil
	case service.kind == kindNull:
		service = defaultReranker
	}
	if problem := checkReranker(service); problem != "" {
		return v, badOptions(problem)
	}
	return objectValue(field{"enabled", enabled}, field{"service", service}), nil
}
