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
	operator string
	children []*filter // $and, $or, $not

	path    []string
	operand value
	keys    map[string]bool // $in, $nin: the keys of the operand's values
	key     string          // $eq, $ne: the key of the operand
}

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

type filterParser struct {
	options *collectionOptions
	fields  int
}

// conjunction reads an object: all of its entries must match.
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

// comparison reads "path": value or "path": {"$operator": ...}.
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
	if !p.options.filterable(path) {
		return nil, errorf("FILTER_PATH_UNINDEXED", "Collection path '%s' is not indexed: cannot filter on that path."+
			"\n\nResend the command with filter clause without such paths.", f.name)
	}
	if !isOperators(f.value) {
		return newComparison("$eq", path, f.value), nil
	}
	return p.operators(path, f.value)
}

// isOperators tells {"$gt": 1} from a value to compare with.
func isOperators(v value) bool {
	_, _, extended := v.extended()
	return !extended && v.kind == kindObject && len(v.fields) > 0 && strings.HasPrefix(v.fields[0].name, "$")
}

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
		all.children = append(all.children, newComparison(f.name, path, f.value))
	}
	return all, nil
}

func checkOperand(operator string, v value) *apiError {
	switch operator {
	case "$eq", "$ne":
		return nil
	case "$in", "$nin":
		if v.kind != kindArray {
			return badFilter("'" + operator + "' operator must have `ARRAY`")
		}
		if len(v.items) > maxInValues {
			return badFilter("'" + operator + "' operator must have at most 100 values")
		}
	case "$gt", "$gte", "$lt", "$lte":
		if rank := rankOf(v); rank == rankOther || rank == rankNull {
			return badFilter("'" + operator + "' operator must have `DATE` or `NUMBER` value")
		}
	case "$exists":
		if v.kind != kindTrue && v.kind != kindFalse {
			return badFilter("'$exists' operator must have `BOOLEAN`")
		}
	case "$all":
		if v.kind != kindArray || len(v.items) == 0 {
			return badFilter("'$all' operator must have at least one value in an `ARRAY`")
		}
	case "$size":
		if v.kind != kindNumber || parseDecimal(v.text).negative {
			return badFilter("'$size' operator must have a non-negative integer")
		}
	default:
		return errorf("FILTER_UNSUPPORTED_OPERATOR", "Unsupported filter operator '%s'.\n\n"+
			"Resend the command using only supported operators.", operator)
	}
	return nil
}

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

func (f *filter) onID() bool { return len(f.path) == 1 && f.path[0] == "_id" }

// refusedByCassandra tells what a Cassandra 5.0 backend cannot answer.
func (f *filter) refusedByCassandra() *apiError {
	var err *apiError
	f.walk(func(node *filter) {
		switch node.operator {
		case "$lt", "$lte", "$gt", "$gte":
			err = refusedQuery("INVALID_DATABASE_QUERY")
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

// onePage tells whether a Cassandra 5.0 backend answers with a single page.
func (f *filter) onePage() bool {
	found := false
	f.walk(func(node *filter) {
		found = found || node.operator == "$or" && len(node.children) > 0 || node.operator == "$in" && !node.onID()
	})
	return found
}
