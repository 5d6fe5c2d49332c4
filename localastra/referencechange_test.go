package localastra_test

import (
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// refFlags collects a projection's entries by path.
type refFlags struct {
	include, exclude [][]string
	slices           map[string][2]int // joined path to skip and count
}

const refJoint = "\x00"

func (r *refFlags) collect(path []string, v any) {
	switch v := v.(type) {
	case map[string]any:
		for name, inner := range v {
			if name != "$slice" {
				r.collect(slices.Concat(path, refPath(name)), inner)
				continue
			}
			part := [2]int{0, refInt(inner)}
			if pair, is := inner.([]any); is {
				part = [2]int{refInt(pair[0]), refInt(pair[1])}
			} else if part[1] < 0 {
				part = [2]int{part[1], -part[1]}
			}
			r.slices[strings.Join(path, refJoint)] = part
		}
	case bool, json.Number:
		if n, is := v.(json.Number); v == false || is && strings.Trim(strings.SplitN(string(n), "e", 2)[0],
			"-0.") == "" {
			r.exclude = append(r.exclude, path)
		} else {
			r.include = append(r.include, path)
		}
	}
}

func refInt(v any) int {
	n, _ := v.(json.Number)
	i, _ := strconv.Atoi(string(n))
	return i
}

// refProject applies a projection that the server accepted.
func refProject(document map[string]any, projection any) any {
	entries, _ := projection.(map[string]any)
	flags := refFlags{slices: map[string][2]int{}}
	keepID := true
	for name, v := range entries {
		one := refFlags{slices: map[string][2]int{}}
		one.collect([]string{name}, v)
		switch name {
		case "*":
			if len(one.include) > 0 {
				return document
			}
			return map[string]any{}
		case "_id":
			keepID = len(one.include) > 0
		case "$vector":
		default:
			flags.collect(refPath(name), v)
		}
	}
	kept := map[string]any{}
	for name, v := range document {
		if name == "_id" {
			continue
		}
		if got, ok := flags.keep(v, []string{name}); ok {
			kept[name] = got
		}
	}
	if keepID {
		kept["_id"] = document["_id"]
	}
	return kept
}

// keep decides about the value at a path. Array positions are not part of paths; only
// objects are looked into for $slice.
func (r *refFlags) keep(v any, path []string) (any, bool) {
	part, sliced := r.slices[strings.Join(path, refJoint)]
	including := len(r.include) > 0
	if slices.ContainsFunc(r.exclude, func(p []string) bool { return slices.Equal(p, path) }) {
		return nil, false
	}
	if slices.ContainsFunc(r.include, func(p []string) bool { return slices.Equal(p, path) }) {
		return v, true
	}
	if sliced {
		return refSlice(v, part), true
	}
	if !r.leads(path) {
		return v, !including
	}
	switch v := v.(type) {
	case map[string]any:
		kept := map[string]any{}
		for name, inner := range v {
			if got, ok := r.keep(inner, append(slices.Clone(path), name)); ok {
				kept[name] = got
			}
		}
		return kept, true
	case []any:
		kept := []any{}
		for _, item := range v {
			plain := refFlags{include: r.include, exclude: r.exclude}
			if including {
				for joined := range r.slices {
					plain.include = append(plain.include, strings.Split(joined, refJoint))
				}
			}
			if !plain.leads(path) {
				kept = append(kept, item)
			} else if got, ok := plain.keep(item, path); ok {
				kept = append(kept, got)
			}
		}
		return kept, true
	default:
		return v, !including
	}
}

// leads tells whether an entry lies below the path.
func (r *refFlags) leads(path []string) bool {
	below := func(p []string) bool { return len(p) > len(path) && slices.Equal(p[:len(path)], path) }
	for joined := range r.slices {
		if below(strings.Split(joined, refJoint)) {
			return true
		}
	}
	return slices.ContainsFunc(r.include, below) || slices.ContainsFunc(r.exclude, below)
}

func refSlice(v any, part [2]int) any {
	list, is := v.([]any)
	if !is {
		return v
	}
	start := part[0]
	if start < 0 {
		start = max(0, start+len(list))
	}
	start = min(start, len(list))
	return list[start:min(len(list), start+min(part[1], len(list)))]
}

// refUpdate applies an update that the server accepted: its paths do not overlap, so
// their order does not matter.
func refUpdate(document, update any) (any, error) {
	for operator, args := range update.(map[string]any) {
		paths, _ := args.(map[string]any)
		for _, name := range slices.Sorted(maps.Keys(paths)) {
			var err error
			if document, err = refOperation(document, operator, refPath(name), paths[name]); err != nil {
				return nil, err
			}
		}
	}
	return document, nil
}

func refOperation(document any, operator string, path []string, operand any) (any, error) {
	old, present := refLookup(document, path)
	switch operator {
	case "$set":
		return refSet(document, path, operand), nil
	case "$unset":
		return refUnset(document, path), nil
	case "$setOnInsert":
		return document, nil
	case "$rename":
		if !present {
			return document, nil
		}
		return refSet(refUnset(document, path), refPath(operand.(string)), old), nil
	case "$inc", "$mul":
		return refArithmetic(document, operator, path, operand, old)
	case "$min", "$max":
		if !present {
			return refSet(document, path, operand), nil
		}
		order, ok, err := refCompare(operand, old)
		if err != nil || !ok {
			return nil, errBeyond // the order of types is the business of sorting
		}
		if operator == "$min" && order < 0 || operator == "$max" && order > 0 {
			return refSet(document, path, operand), nil
		}
		return document, nil
	case "$push", "$addToSet", "$pop":
		return refList(document, operator, path, operand, old)
	}
	return nil, errBeyond
}

func refArithmetic(document any, operator string, path []string, operand, old any) (any, error) {
	x, y := new(big.Rat), new(big.Rat)
	var err error
	if old != nil {
		if x, err = refNumber(old.(json.Number)); err != nil {
			return nil, err
		}
	}
	if y, err = refNumber(operand.(json.Number)); err != nil {
		return nil, err
	}
	if operator == "$inc" {
		x.Add(x, y)
	} else {
		x.Mul(x, y)
	}
	places, exact := x.FloatPrec()
	if !exact {
		return nil, errBeyond
	}
	return refSet(document, path, json.Number(x.FloatString(places))), nil
}

func refList(document any, operator string, path []string, operand, old any) (any, error) {
	list, _ := old.([]any)
	list = slices.Clone(list)
	if operator == "$pop" {
		n, is := operand.(json.Number)
		if !is || n != "1" && n != "-1" {
			return nil, errBeyond
		}
		if len(list) == 0 {
			return document, nil
		}
		if n == "1" {
			return refSet(document, path, list[:len(list)-1]), nil
		}
		return refSet(document, path, list[1:]), nil
	}
	added, at := []any{operand}, len(list)
	if object, is := operand.(map[string]any); is {
		each, has := object["$each"].([]any)
		position, placed := object["$position"]
		if has != (len(object) > 0 && object["$each"] != nil) || placed && (operator != "$push" || !has) {
			return nil, errBeyond
		}
		if has {
			added = each
		}
		if placed {
			n, is := position.(json.Number)
			at = refInt(position)
			if _, err := strconv.Atoi(string(n)); !is || err != nil || at < 0 {
				return nil, errBeyond
			}
			at = min(at, len(list))
		}
	}
	for _, item := range added {
		if operator == "$addToSet" {
			known := false
			for _, have := range list {
				same, err := refSame(have, item)
				if err != nil {
					return nil, err
				}
				known = known || same
			}
			if known {
				continue
			}
			at = len(list)
		}
		list = slices.Insert(list, at, item)
		at++
	}
	if list == nil {
		list = []any{}
	}
	return refSet(document, path, list), nil
}

// refSet returns a copy of v with the value at a path set.
func refSet(v any, path []string, to any) any {
	if len(path) == 0 {
		return to
	}
	if list, is := v.([]any); is {
		at, _ := strconv.Atoi(path[0])
		list = slices.Clone(list)
		for len(list) <= at {
			list = append(list, nil)
		}
		list[at] = refSet(list[at], path[1:], to)
		return list
	}
	object, _ := v.(map[string]any)
	object = maps.Clone(object)
	if object == nil {
		object = map[string]any{}
	}
	object[path[0]] = refSet(object[path[0]], path[1:], to)
	return object
}

func refUnset(v any, path []string) any {
	object, is := v.(map[string]any)
	if !is {
		return v
	}
	inner, has := object[path[0]]
	if !has {
		return v
	}
	object = maps.Clone(object)
	if len(path) == 1 {
		delete(object, path[0])
	} else {
		object[path[0]] = refUnset(inner, path[1:])
	}
	return object
}

// refSameTree compares documents; numbers by value, objects in any order.
func refSameTree(a, b any) (bool, error) {
	x, is := a.(map[string]any)
	y, also := b.(map[string]any)
	if list, isList := a.([]any); isList {
		other, _ := b.([]any)
		if len(list) != len(other) {
			return false, nil
		}
		for i := range list {
			if same, err := refSameTree(list[i], other[i]); !same || err != nil {
				return same, err
			}
		}
		return true, nil
	}
	if !is || !also {
		return refSame(a, b)
	}
	if len(x) != len(y) {
		return false, nil
	}
	for name := range x {
		if _, has := y[name]; !has {
			return false, nil
		}
		if same, err := refSameTree(x[name], y[name]); !same || err != nil {
			return same, err
		}
	}
	return true, nil
}
