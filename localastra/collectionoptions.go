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

type vectorOptions struct {
	dimension   int
	metric      string
	sourceModel string
}

// indexingOptions is which paths are indexed. paths is what the request said, rules
// the same, split.
type indexingOptions struct {
	deny  bool
	paths []string
	rules [][]string
}

const defaultSourceModel = "other"

// covers tells whether a path of a document is indexed.
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

// filterable tells whether a filter or sort may name the path.
func (o *collectionOptions) filterable(path []string) bool {
	return path[0] == "_id" || path[0] == vectorField || path[0] == lexicalField || o.covers(path)
}

func (o *collectionOptions) lexicalEnabled() bool { return o.lexical.isTrue("enabled") }

// indexes is how many database indexes the collection takes.
func (o *collectionOptions) indexes() int {
	if o.indexing != nil && o.indexing.deny && slices.Contains(o.indexing.paths, "*") {
		return 1
	}
	return indexesPerCollection
}

// explain is the options as findCollections shows them.
func (o *collectionOptions) explain() value {
	var fields []field
	if o.defaultID != "" {
		fields = append(fields, field{"defaultId", objectValue(field{"type", stringValue(o.defaultID)})})
	}
	if o.vector != nil {
		fields = append(fields, field{"vector", objectValue(
			field{"dimension", intValue(o.vector.dimension)},
			field{"metric", stringValue(o.vector.metric)},
			field{"sourceModel", stringValue(o.vector.sourceModel)},
		)})
	}
	if o.indexing != nil {
		fields = append(fields, field{"indexing", o.indexing.explain()})
	}
	return objectValue(append(fields, field{"lexical", o.lexical}, field{"rerank", o.rerank})...)
}

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

// encode is explain, but keeps apart what explain shows as {}: the file's form.
func (o *collectionOptions) encode() value {
	if o.indexing != nil && len(o.indexing.paths) == 0 {
		return o.explain().with("indexing", objectValue(field{"allow", arrayValue(nil)}))
	}
	return o.explain()
}

// completeFrom fills what the request left out: lexical and rerank are taken from the
// existing collection, or from the server's defaults.
func (o *collectionOptions) completeFrom(existing *collectionOptions) {
	if o.lexical.kind == kindNull {
		o.lexical = objectValue(field{"enabled", boolValue(true)}, field{"analyzer", stringValue("standard")})
		if existing != nil {
			o.lexical = existing.lexical
		}
	}
	if o.rerank.kind == kindNull {
		o.rerank = objectValue(field{"enabled", boolValue(false)})
		if existing != nil {
			o.rerank = existing.rerank
		}
	}
}

// equal compares settings; the order of indexing paths does not count.
func (o *collectionOptions) equal(other *collectionOptions) bool {
	return o.ordered().explain().key() == other.ordered().explain().key()
}

func (o *collectionOptions) ordered() *collectionOptions {
	c := *o
	if c.indexing != nil {
		paths := slices.Sorted(slices.Values(c.indexing.paths))
		c.indexing = &indexingOptions{deny: c.indexing.deny, paths: paths}
	}
	return &c
}

// parseCollectionOptions reads the options of createCollection, or what encode made.
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
			o.rerank = f.value
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

func badOptions(problem string) *apiError {
	return newError("INVALID_CREATE_COLLECTION_OPTIONS", "'createCollection' command option(s) invalid: "+problem+
		"\n\nResend 'createCollection' with valid options.")
}

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
	if service, has := v.get("service"); has && service.kind != kindNull {
		return nil, newError("VECTORIZE_FEATURE_NOT_AVAILABLE",
			"Vectorize feature is not available in the environment.")
	}
	err := o.parseDimension(v)
	return o, err
}

// parseDimension takes "8" and 8.5 for 8, as the real server does.
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

func parseDefaultID(v value) (string, *apiError) {
	t, _ := v.get("type")
	switch t.text {
	case "", "objectId", "uuid", "uuidv6", "uuidv7":
		return t.text, nil
	}
	return "", invalidValue("command.options.idConfig.idType", t,
		"Id type can only be 'objectId', 'uuid', 'uuidv6' or 'uuidv7'")
}

func parseLexical(v value) (value, *apiError) {
	if v.kind == kindNull {
		return v, nil
	}
	enabled, has := v.get("enabled")
	analyzer, analyzed := v.get("analyzer")
	switch {
	case !has || enabled.kind != kindTrue && enabled.kind != kindFalse:
		return v, badOptions("'enabled' is required property for 'lexical' Object value.")
	case enabled.kind == kindFalse && analyzed && analyzer.kind != kindNull:
		return v, badOptions("'lexical' is disabled, but 'lexical.analyzer' property was provided.")
	case enabled.kind == kindFalse:
		return objectValue(field{"enabled", enabled}), nil
	case !analyzed || analyzer.kind == kindNull:
		return objectValue(field{"enabled", enabled}, field{"analyzer", stringValue("standard")}), nil
	}
	return objectValue(field{"enabled", enabled}, field{"analyzer", analyzer}), nil
}
