package localastra

import (
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// updateOperation is one "$operator": {"path": operand} pair of an update.
type updateOperation struct {
	operator string
	path     []string
	operand  value
}

// badUpdate is the answer to an update that cannot be carried out. The document stays
// as it was, the operations before the bad one included.
func badUpdate(problem string) *apiError {
	return newError("UNSUPPORTED_UPDATE_OPERATION", "Unsupported update operation: "+problem)
}

// updateOperators are the operators that parseUpdate knows.
var updateOperators = []string{
	"$addToSet", "$currentDate", "$inc", "$max", "$min", "$mul", "$pop", "$push", "$rename", "$set", "$setOnInsert",
	"$unset",
}

// parseUpdate reads an update clause. Operators are applied in the order of the text,
// though no two of them may touch the same value.
func parseUpdate(v value) ([]updateOperation, *apiError) {
	if v.kind != kindObject {
		return nil, badUpdate("update must be a JSON Object, not " + v.typeName() + ".")
	}
	var list []updateOperation
	for _, f := range v.fields {
		if !strings.HasPrefix(f.name, "$") {
			return nil, badUpdate("Invalid update operator '" + f.name + "' (must start with '$').")
		}
		if !slices.Contains(updateOperators, f.name) {
			return nil, badUpdate("Unrecognized update operator '" + f.name + "'.")
		}
		if f.value.kind != kindObject {
			return nil, badUpdate("operator '" + f.name + "' must have a JSON Object, not " + f.value.typeName() + ".")
		}
		for _, arg := range f.value.fields {
			path, problem := splitPath(arg.name)
			if problem != "" {
				return nil, badUpdate("update path ('" + arg.name + "') is not a valid path: " + problem)
			}
			if path[0] == "_id" && f.name != "$setOnInsert" {
				return nil, errorf("UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID",
					"The command used the update operator: %s.\n"+
						"_id field cannot be updated using update operators.\n\nResend the command without trying to update "+
						"_id field.", f.name)
			}
			list = append(list, updateOperation{f.name, path, arg.value})
		}
	}
	return list, checkOverlap(list)
}

// checkOverlap refuses two operations of which one changes what the other does: their
// order would decide.
func checkOverlap(list []updateOperation) *apiError {
	var paths [][]string
	for _, u := range list {
		paths = append(paths, u.path)
		if to, problem := splitPath(u.operand.text); u.operator == "$rename" && problem == "" {
			paths = append(paths, to)
		}
	}
	for i, a := range paths {
		for _, b := range paths[i+1:] {
			if n := min(len(a), len(b)); slices.Equal(a[:n], b[:n]) {
				return badUpdate("update operator path conflict due to overlap: '" + joinPath(a) + "' vs '" +
					joinPath(b) +
					"'.")
			}
		}
	}
	return nil
}

// apply returns the document after the operation. inserting is true for a document
// that the command is about to create.
func (u updateOperation) apply(document value, inserting bool) (value, *apiError) {
	old, present := lookupPath(document, u.path)
	if !slices.Contains([]string{"$unset", "$rename", "$pop"}, u.operator) { // they create nothing there
		if err := reachable(document, u.path); err != nil {
			return document, err
		}
	}
	switch u.operator {
	case "$set":
		return setPath(document, u.path, u.operand), nil
	case "$setOnInsert":
		if !inserting {
			return document, nil
		}
		return setPath(document, u.path, u.operand), nil
	case "$unset":
		return unsetPath(document, u.path), nil
	case "$currentDate":
		now := value{kind: kindNumber, text: strconv.FormatInt(time.Now().UnixMilli(), 10)}
		return setPath(document, u.path, objectValue(field{"$date", now})), nil
	case "$rename":
		return u.rename(document, old, present)
	case "$min", "$max":
		c := compareValues(u.operand, old)
		if !present || u.operator == "$min" && c < 0 || u.operator == "$max" && c > 0 {
			return setPath(document, u.path, u.operand), nil
		}
		return document, nil
	case "$inc", "$mul":
		return u.arithmetic(document, old, present)
	default:
		return u.array(document, old, present)
	}
}

// reachable refuses a path where nothing can be set: one that leads through a value which
// has no properties, or to a position that no array reaches. Setting it all the same would
// put an object in that value's place.
func reachable(document value, path []string) *apiError {
	v := document
	for _, name := range path {
		at, isPosition := position(name)
		switch {
		case v.kind != kindObject && !(v.kind == kindArray && isPosition):
			return badUpdate("cannot create property ('" + name + "') in path '" + joinPath(path) +
				"'; only OBJECT nodes have properties (got " + strings.ToUpper(v.typeName()) + ").")
		case v.kind == kindArray && at >= max(maxArrayLength, len(v.items)):
			return badUpdate("cannot set position " + name + " in path '" + joinPath(path) +
				"': an array has at most " + decimalText(maxArrayLength) + " elements.")
		}
		var present bool
		if v, present = step(v, name); !present {
			return nil
		}
	}
	return nil
}

// rename moves a value to another path. An absent one moves nowhere, and is no error.
func (u updateOperation) rename(document, old value, present bool) (value, *apiError) {
	to, problem := splitPath(u.operand.text)
	if problem != "" {
		return document, badUpdate("$rename target ('" + u.operand.text + "') is not a valid path: " + problem)
	}
	if !present {
		return document, nil
	}
	document = unsetPath(document, u.path)
	if err := reachable(document, to); err != nil {
		return document, err
	}
	return setPath(document, to, old), nil
}

// arithmetic is exact: 0.1 plus 0.2 is 0.3, since both are decimal numbers and stay so.
// An absent value counts as 0.
func (u updateOperation) arithmetic(document, old value, present bool) (value, *apiError) {
	if u.operand.kind != kindNumber || present && old.kind != kindNumber {
		return document, badUpdate(u.operator + " requires numbers, at path '" + joinPath(u.path) + "'.")
	}
	if !present {
		old = intValue(0)
	}
	x, okX := rational(old)
	y, okY := rational(u.operand)
	if !okX || !okY {
		return document, badUpdate(u.operator + " number out of range, at path '" + joinPath(u.path) + "'.")
	}
	if u.operator == "$inc" {
		x.Add(x, y)
	} else {
		x.Mul(x, y)
	}
	text := x.RatString()
	if !x.IsInt() {
		digits, _ := x.FloatPrec() // exact: both sides are decimal
		text = x.FloatString(digits)
	}
	return setPath(document, u.path, value{kind: kindNumber, text: normalizeNumber(text)}), nil
}

// maxArithmeticExponent keeps numbers like 1E+99999999 out of arithmetic.
const maxArithmeticExponent = 1000

// rational returns the value of a number. ok is false for an exponent so large that the
// digits would fill the memory.
func rational(v value) (*big.Rat, bool) {
	if d := parseDecimal(v.text); d.point > maxArithmeticExponent || d.point < -maxArithmeticExponent {
		return nil, false
	}
	return new(big.Rat).SetString(v.text)
}

// array applies $push, $addToSet and $pop. An absent array is an empty one. $each
// brings several elements, $position says where $push puts them.
func (u updateOperation) array(document, old value, present bool) (value, *apiError) {
	if present && old.kind != kindArray {
		return document, badUpdate(u.operator + " requires target to be an array, at path '" + joinPath(u.path) + "'.")
	}
	if u.operator == "$pop" {
		return u.pop(document, old), nil
	}
	added := []value{u.operand}
	if each, has := u.operand.get("$each"); has {
		added = each.items
	}
	items := append([]value{}, old.items...)
	for _, item := range added {
		same := func(v value) bool { return v.key() == item.key() }
		if u.operator == "$addToSet" && slices.ContainsFunc(items, same) {
			continue
		}
		items = append(items, item)
	}
	if position, has := u.operand.get("$position"); has && u.operator == "$push" {
		at, _ := strconv.Atoi(position.text)
		items = slices.Insert(slices.Clone(old.items), min(max(at, 0), len(old.items)), added...)
	}
	return setPath(document, u.path, arrayValue(items)), nil
}

// pop removes the last element, or the first for a negative operand.
func (u updateOperation) pop(document, old value) value {
	if len(old.items) == 0 {
		return document
	}
	items := old.items[:len(old.items)-1]
	if strings.HasPrefix(u.operand.text, "-") {
		items = old.items[1:]
	}
	return setPath(document, u.path, arrayValue(items))
}

// setPath returns v with the value at a path set, which the caller knows to be reachable;
// missing objects are created. Positions beyond the end of an array are filled with null.
func setPath(v value, path []string, to value) value {
	if len(path) == 0 {
		return to
	}
	if v.kind == kindArray {
		if at, ok := position(path[0]); ok {
			items := slices.Clone(v.items)
			for len(items) <= at {
				items = append(items, value{})
			}
			items[at] = setPath(items[at], path[1:], to)
			return arrayValue(items)
		}
	}
	inner, _ := v.get(path[0])
	return v.with(path[0], setPath(inner, path[1:], to))
}

// unsetPath returns v without the value at a path. What is not there stays absent.
// Positions of arrays cannot be unset.
func unsetPath(v value, path []string) value {
	inner, has := v.get(path[0])
	switch {
	case !has:
		return v
	case len(path) == 1:
		return v.without(path[0])
	default:
		return v.with(path[0], unsetPath(inner, path[1:]))
	}
}
