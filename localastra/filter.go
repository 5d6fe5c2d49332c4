package localastra

import (
	"strings"
)

const (
	// maxFilterFields is operations.max-filter-object-properties of Data API v1.0.51.
	maxFilterFields = 64
	// maxInValues is operations.max-in-operator-value-size of Data API v1.0.51.
	maxInValues = 100
)

// filter is one node of a parsed filter: $and, $or or $not over children, or an
// operator on the value at a path.
type filter struct {
	// operator is the name as the request spells it. A plain value is $eq.
	operator string
	// children are set for $and, $or and $not (which has one), and nil for the others.
	children []*filter

	// path and operand are set for comparisons.
	path    []string
	operand value
	// What follows is made from the operand once, because a filter is asked about many
	// documents.
	analyzer analyzer        // $match: how texts are cut into words
	words    []string        // $match: the words of the operand
	keys     map[string]bool // $in, $nin: the keys of the operand's values
	key      string          // $eq, $ne: the key of the operand
}

// badFilter is the answer to a filter that cannot be understood. Nothing was read then.
func badFilter(problem string) *apiError {
	return newError("FILTER_INVALID_EXPRESSION", "Unsupported filter clause: "+problem+
		".\n\nResend the command using only supported filter expressions and paths.")
}

// parseFilter reads a filter; null and {} match everything. Paths must be indexed in a
// collection with these options.
func parseFilter(v value, o *collectionOptions) (*filter, *apiError) {
	if v.kind == kindNull {
		return &filter{operator: "$and"}, nil
	}
	p := &filterParser{options: o}
	f, err := p.conjunction(v, false)
	if err != nil {
		return nil, err
	}
	if p.fields > maxFilterFields {
		return nil, errorf("FILTER_FIELDS_LIMIT_VIOLATION", "Filter has %d fields, exceeds maximum allowed (%d).\n\n"+
			"Resend the command with filter that does not exceed maximum field count.", p.fields, maxFilterFields)
	}
	return f, nil
}

// filterParser counts fields on the way: the limit is for the whole filter, however
// deep it is.
type filterParser struct {
	options *collectionOptions
	fields  int
}

// conjunction reads an object: all of its entries must match. An empty object is a
// filter, too: it matches everything.
func (p *filterParser) conjunction(v value, inOr bool) (*filter, *apiError) {
	if v.kind != kindObject {
		return nil, badFilter("filter must be a JSON Object, not " + v.typeName())
	}
	all := &filter{operator: "$and"}
	for _, f := range v.fields {
		child, err := p.entry(f, inOr)
		if err != nil {
			return nil, err
		}
		all.children = append(all.children, child)
	}
	return all, nil
}

// entry reads one name and its value: a logical operator over filters, or a comparison.
// inOr is true below $or, where _id cannot be used.
func (p *filterParser) entry(f field, inOr bool) (*filter, *apiError) {
	switch f.name {
	case "$and", "$or":
		if f.value.kind != kindArray {
			return nil, badFilter("'" + f.name + "' operator must have a JSON Array")
		}
		node := &filter{operator: f.name}
		for _, item := range f.value.items {
			child, err := p.conjunction(item, inOr || f.name == "$or")
			if err != nil {
				return nil, err
			}
			node.children = append(node.children, child)
		}
		return node, nil
	case "$not":
		child, err := p.conjunction(f.value, inOr)
		return &filter{operator: "$not", children: []*filter{child}}, err
	}
	return p.comparison(f, inOr)
}

// comparison reads "path": value or "path": {"$operator": ...}. Paths are checked
// against the indexing rules here, before anything is read: what is not indexed cannot
// be searched at all.
func (p *filterParser) comparison(f field, inOr bool) (*filter, *apiError) {
	p.fields++
	path, problem := splitPath(f.name)
	if problem != "" {
		return nil, badFilter("filter expression path ('" + f.name + "') is not valid: " + problem)
	}
	if path[0] == "_id" && inOr {
		return nil, badFilter("cannot filter on '_id' field within '$or', ID field can not be used with '$or' operator")
	}
	if strings.HasPrefix(path[0], "$") && path[0] != vectorField && path[0] != lexicalField {
		return nil, badFilter("filter expression path ('" + f.name + "') cannot start with '$'")
	}
	if path[0] == lexicalField {
		return p.match(path, f.value)
	}
	if !p.options.filterable(path) {
		return nil, errorf("FILTER_PATH_UNINDEXED", "Collection path '%s' is not indexed: cannot filter on that path."+
			"\n\nResend the command with filter clause without such paths.", f.name)
	}
	if !isOperators(f.value) {
		return newComparison("$eq", path, f.value), nil
	}
	return p.operators(path, f.value)
}

// match reads the one filter that $lexical knows: {"$match": "words"}.
func (p *filterParser) match(path []string, v value) (*filter, *apiError) {
	if !p.options.lexicalEnabled() {
		return nil, newError("LEXICAL_NOT_ENABLED_FOR_COLLECTION", "Lexical content can only be added and filtering "+
			"and sort only be used on collections for which Lexical feature is enabled.")
	}
	operand, has := v.get("$match")
	if !has || len(v.fields) != 1 {
		return nil, badFilter("cannot filter on '$lexical' field other than with the operator '$match'")
	}
	if err := checkOperand("$match", operand); err != nil {
		return nil, err
	}
	f := newComparison("$match", path, operand)
	f.analyzer = p.options.analyzer()
	f.words = f.analyzer.words(operand.text)
	return f, nil
}

// isOperators tells {"$gt": 1} from a value to compare with. The first name decides, as
// in the real server: an object that starts otherwise is a value to be equal to.
func isOperators(v value) bool {
	_, _, extended := v.extended()
	return !extended && v.kind == kindObject && len(v.fields) > 0 && strings.HasPrefix(v.fields[0].name, "$")
}

// operators reads {"$gt": 1, "$lt": 5}: all of them must hold. $not is the one that
// holds operators itself.
func (p *filterParser) operators(path []string, v value) (*filter, *apiError) {
	all := &filter{operator: "$and"}
	for _, f := range v.fields {
		if f.name == "$not" && isOperators(f.value) {
			child, err := p.operators(path, f.value)
			if err != nil {
				return nil, err
			}
			all.children = append(all.children, &filter{operator: "$not", children: []*filter{child}})
			continue
		}
		if err := checkOperand(f.name, f.value); err != nil {
			return nil, err
		}
		if f.name == "$match" {
			return nil, badFilter("'$match' operator can only be used with the '$lexical' field")
		}
		all.children = append(all.children, newComparison(f.name, path, f.value))
	}
	return all, nil
}

// operandRules says what each operator accepts. A rule returns what is wrong, or "".
var operandRules = map[string]func(v value) string{
	"$eq":     anyOperand,
	"$ne":     anyOperand,
	"$in":     listOperand,
	"$nin":    listOperand,
	"$gt":     rangeOperand,
	"$gte":    rangeOperand,
	"$lt":     rangeOperand,
	"$lte":    rangeOperand,
	"$exists": existsOperand,
	"$all":    allOperand,
	"$size":   sizeOperand,
	"$match":  matchOperand,
}

// checkOperand refuses operators that do not exist and operands of the wrong type.
func checkOperand(operator string, v value) *apiError {
	rule, known := operandRules[operator]
	if !known {
		return errorf("FILTER_UNSUPPORTED_OPERATOR", "Unsupported filter operator '%s'.\n\n"+
			"Resend the command using only supported operators.", operator)
	}
	if problem := rule(v); problem != "" {
		return badFilter("'" + operator + "' operator must have " + problem)
	}
	return nil
}

// anyOperand accepts everything: equality knows every type.
func anyOperand(value) string { return "" }

// listOperand bounds $in and $nin; an empty list is allowed and finds nothing.
func listOperand(v value) string {
	switch {
	case v.kind != kindArray:
		return "`ARRAY`"
	case len(v.items) > maxInValues:
		return "at most 100 values"
	default:
		return ""
	}
}

// rangeOperand takes every type that has an order in the index.
func rangeOperand(v value) string {
	if rank := rankOf(v); rank == rankOther || rank == rankNull {
		return "`DATE` or `NUMBER` value"
	}
	return ""
}

// existsOperand takes nothing but true and false: 1 and 0 are refused (Data API
// v1.0.51, observed).
func existsOperand(v value) string {
	if v.kind != kindTrue && v.kind != kindFalse {
		return "`BOOLEAN`"
	}
	return ""
}

// allOperand takes a list that is not empty; to want all of nothing says nothing.
func allOperand(v value) string {
	if v.kind != kindArray || len(v.items) == 0 {
		return "at least one value in an `ARRAY`"
	}
	return ""
}

// sizeOperand takes the length of an array.
func sizeOperand(v value) string {
	if v.kind != kindNumber || parseDecimal(v.text).negative {
		return "a non-negative integer"
	}
	return ""
}

// matchOperand takes the words that $lexical must contain.
func matchOperand(v value) string {
	if v.kind != kindString {
		return "`STRING`"
	}
	return ""
}

// newComparison prepares an operator for many documents: the keys of the operand are
// made once.
func newComparison(operator string, path []string, operand value) *filter {
	f := &filter{operator: operator, path: path, operand: operand}
	switch operator {
	case "$eq", "$ne":
		f.key = operand.key()
	case "$in", "$nin":
		f.keys = make(map[string]bool, len(operand.items))
		for _, item := range operand.items {
			f.keys[item.key()] = true
		}
	}
	return f
}

// walk calls fn for each node.
func (f *filter) walk(fn func(*filter)) {
	fn(f)
	for _, child := range f.children {
		child.walk(fn)
	}
}

// empty tells whether the filter matches everything.
func (f *filter) empty() bool { return f.operator == "$and" && len(f.children) == 0 }

// ids returns the values that the filter wants _id to have; ok is false when it does
// not name _id with $eq or $in.
func (f *filter) ids() (ids []value, ok bool) {
	switch {
	case f.operator == "$eq" && f.onID():
		return []value{f.operand}, true
	case f.operator == "$in" && f.onID():
		return f.operand.items, true
	case f.operator == "$and":
		for _, child := range f.children {
			if ids, ok := child.ids(); ok {
				return ids, true
			}
		}
	}
	return nil, false
}

// onID tells whether the node compares the _id itself, for which there is an index in
// every collection.
func (f *filter) onID() bool { return len(f.path) == 1 && f.path[0] == "_id" }

// refusedByCassandra tells what a Cassandra 5.0 backend cannot answer. The codes are
// those that were captured; which one comes depends on whether the database or its
// driver refuses.
func (f *filter) refusedByCassandra() *apiError {
	var err *apiError
	f.walk(func(node *filter) {
		switch node.operator {
		case "$lt", "$lte", "$gt", "$gte":
			err = refusedQuery("INVALID_DATABASE_QUERY")
		case "$match":
			err = refusedQuery("UNSUPPORTED_DATABASE_QUERY")
		case "$ne", "$nin", "$not":
			err = refusedQuery("UNSUPPORTED_DATABASE_QUERY")
			if node.onID() {
				err = refusedQuery("INVALID_DATABASE_QUERY")
			}
		case "$exists":
			if node.operand.kind == kindFalse {
				err = refusedQuery("UNSUPPORTED_DATABASE_QUERY")
			}
		}
	})
	return err
}

// onePage tells whether a Cassandra 5.0 backend answers with a single page. Such
// answers have no nextPageState however many documents they hold (observed).
func (f *filter) onePage() bool {
	found := false
	f.walk(func(node *filter) {
		found = found || node.operator == "$or" && len(node.children) > 0 || node.operator == "$in" && !node.onID()
	})
	return found
}
