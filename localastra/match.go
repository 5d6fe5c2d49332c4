package localastra

import (
	"cmp"
	"strconv"
	"strings"
)

// matches tells whether a document satisfies the filter. A scalar matches an array
// that contains it, as the Data API's indexes work.
func (f *filter) matches(document value) bool {
	switch f.operator {
	case "$and":
		for _, child := range f.children {
			if !child.matches(document) {
				return false
			}
		}
		return true
	case "$or":
		for _, child := range f.children {
			if child.matches(document) {
				return true
			}
		}
		return len(f.children) == 0
	case "$not":
		return !f.children[0].matches(document)
	}
	v, present := lookupPath(document, f.path)
	return f.compare(v, present)
}

// compare judges the value at the path, or its absence. Only $exists, $ne and $nin say
// yes to an absent value, as in the Data API.
func (f *filter) compare(v value, present bool) bool {
	switch f.operator {
	case "$exists":
		return present == (f.operand.kind == kindTrue)
	case "$ne":
		return !present || !f.equals(v)
	case "$nin":
		return !present || !f.in(v)
	}
	if !present {
		return false
	}
	switch f.operator {
	case "$eq":
		return f.equals(v)
	case "$in":
		return f.in(v)
	case "$size":
		return v.kind == kindArray && f.operand.text == strconv.Itoa(len(v.items))
	case "$match":
		return v.kind == kindString && f.analyzer.hasWords(v.text, f.words)
	case "$all":
		return containsAll(v, f.operand.items)
	default:
		return f.inRange(v)
	}
}

// equals compares with the operand, or each element with it: a filter on an array field
// looks for one of its values.
func (f *filter) equals(v value) bool {
	if v.key() == f.key {
		return true
	}
	for _, item := range v.items {
		if item.key() == f.key {
			return true
		}
	}
	return false
}

// in is equals for any of several operands, through one look into a map.
func (f *filter) in(v value) bool {
	if f.keys[v.key()] {
		return true
	}
	for _, item := range v.items {
		if f.keys[item.key()] {
			return true
		}
	}
	return false
}

// containsAll is $all: each of the wanted values is an element, in any order. Only
// arrays have elements, so a scalar never matches.
func containsAll(v value, wanted []value) bool {
	if v.kind != kindArray {
		return false
	}
	for _, w := range wanted {
		if !(&filter{key: w.key()}).equals(v) {
			return false
		}
	}
	return true
}

// inRange compares numbers with numbers, dates with dates, and so on.
func (f *filter) inRange(v value) bool {
	if rankOf(v) != rankOf(f.operand) {
		return false
	}
	c := compareValues(v, f.operand)
	switch f.operator {
	case "$lt":
		return c < 0
	case "$lte":
		return c <= 0
	case "$gt":
		return c > 0
	default:
		return c >= 0
	}
}

// rank orders values of different types, as a sort by a field does.
type rank int

const (
	rankAbsent rank = iota
	rankNull
	rankNumber
	rankString
	rankBoolean
	rankDate
	rankOther
)

// rankOf tells the type of a value for comparisons. An extended value other than a date
// has no order of its own.
func rankOf(v value) rank {
	switch v.kind {
	case kindNull:
		return rankNull
	case kindNumber:
		return rankNumber
	case kindString:
		return rankString
	case kindFalse, kindTrue:
		return rankBoolean
	}
	if name, content, ok := v.extended(); ok && name == "$date" && content.kind == kindNumber {
		return rankDate
	}
	return rankOther
}

// compareValues orders two present values. Types come in a fixed order: null, numbers,
// texts, booleans, dates, and everything else by its text.
func compareValues(a, b value) int {
	ra, rb := rankOf(a), rankOf(b)
	if ra != rb {
		return cmp.Compare(ra, rb)
	}
	switch ra {
	case rankNumber:
		return parseDecimal(a.text).compare(parseDecimal(b.text))
	case rankString:
		return strings.Compare(a.text, b.text)
	case rankBoolean:
		return cmp.Compare(a.kind, b.kind)
	case rankDate:
		_, x, _ := a.extended()
		_, y, _ := b.extended()
		return parseDecimal(x.text).compare(parseDecimal(y.text))
	case rankOther:
		return strings.Compare(a.key(), b.key())
	default:
		return 0
	}
}
