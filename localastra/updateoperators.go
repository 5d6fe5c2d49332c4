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

func badUpdate(problem string) *apiError {
	return newError("UNSUPPORTED_UPDATE_OPERATION", "Unsupported update operation: "+problem)
}

// updateOperators are the operators that parseUpdate knows.
var updateOperators = []string{
	"$addToSet", "$currentDate", "$inc", "$max", "$min", "$mul", "$pop", "$push", "$rename", "$set", "$setOnInsert",
	"$unset",
}

// parseUpdate reads an update clause.
func parseUpdate(v value) ([]updateOperation, *apiError) {
	var list []updateOperation
	for _, f := range v.fields {
		if !strings.HasPrefix(f.name, "$") {
			return nil, badUpdate("Invalid update operator '" + f.name + "' (must start with '$').")
		}
		if !slices.Contains(updateOperators, f.name) {
			return nil, badUpdate("Unrecognized update operator '" + f.name + "'.")
		}
		for _, arg := range f.value.fields {
			path, problem := splitPath(arg.name)
			if problem != "" {
				return nil, badUpdate("update path ('" + arg.name + "') is not a valid path: " + problem)
			}
			if path[0] == "_id" && f.name != "$setOnInsert" {
				return nil, errorf("UNSUPPORTED_UPDATE_OPERATOR_FOR_DOC_ID", "The command used the update operator: %s.\n"+
					"_id field cannot be updated using update operators.\n\nResend the command without trying to update "+
					"_id field.", f.name)
			}
			list = append(list, updateOperation{f.name, path, arg.value})
		}
	}
	return list, nil
}

// apply returns the document after the operation. inserting is true for a document
// that the command is about to create.
func (u updateOperation) apply(document value, inserting bool) (value, *apiError) {
	old, present := lookupPath(document, u.path)
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

func (u updateOperation) rename(document, old value, present bool) (value, *apiError) {
	to, problem := splitPath(u.operand.text)
	if problem != "" {
		return document, badUpdate("$rename target ('" + u.operand.text + "') is not a valid path: " + problem)
	}
	if !present {
		return document, nil
	}
	return setPath(unsetPath(document, u.path), to, old), nil
}

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

func rational(v value) (*big.Rat, bool) {
	if d := parseDecimal(v.text); d.point > maxArithmeticExponent || d.point < -maxArithmeticExponent {
		return nil, false
	}
	return new(big.Rat).SetString(v.text)
}

// array applies $push, $addToSet and $pop.
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
	items := slices.Clone(old.items)
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

// setPath returns v with the value at a path set; missing objects are created.
func setPath(v value, path []string, to value) value {
	if len(path) == 0 {
		return to
	}
	if v.kind == kindArray {
		if at, err := strconv.Atoi(path[0]); err == nil && at >= 0 && at < maxArrayLength {
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

// unsetPath returns v without the value at a path.
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
