package localastra_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// This file is a second reading of filters, projections and updates, as short as can
// be: plain maps, no indexes, no caches. Fuzz tests compare it with the server.

// errBeyond is returned for what the reference leaves out: extreme numbers, and
// whatever only the order of names within an object decides.
var errBeyond = errors.New("beyond the reference")

// decodeAny keeps numbers as they are written.
func decodeAny(text string) (any, error) {
	var v any
	decoder := json.NewDecoder(bytes.NewReader([]byte(text)))
	decoder.UseNumber()
	err := decoder.Decode(&v)
	return v, err
}

// refNumber is the exact value of a number of ordinary size.
func refNumber(n json.Number) (*big.Rat, error) {
	if at := strings.IndexAny(string(n), "eE"); at >= 0 && len(n)-at > 4 {
		return nil, errBeyond
	}
	r, ok := new(big.Rat).SetString(string(n))
	if !ok {
		return nil, errBeyond
	}
	return r, nil
}

// refPath splits "a.b", in which "&." and "&&" are a dot and an ampersand.
func refPath(path string) []string {
	const dot, ampersand = "\x00", "\x01"
	path = strings.ReplaceAll(strings.ReplaceAll(path, "&&", ampersand), "&.", dot)
	parts := strings.Split(path, ".")
	for i, part := range parts {
		parts[i] = strings.ReplaceAll(strings.ReplaceAll(part, ampersand, "&"), dot, ".")
	}
	return parts
}

// refLookup follows a path through objects and array positions.
func refLookup(v any, path []string) (any, bool) {
	for _, name := range path {
		switch node := v.(type) {
		case map[string]any:
			inner, has := node[name]
			if !has {
				return nil, false
			}
			v = inner
		case []any:
			at, err := strconv.Atoi(name)
			if err != nil || at < 0 || at >= len(node) {
				return nil, false
			}
			v = node[at]
		default:
			return nil, false
		}
	}
	return v, true
}

// refExtended tells {"$date": ...} and the like from other objects.
func refExtended(v any) (name string, content any, ok bool) {
	object, is := v.(map[string]any)
	if !is || len(object) != 1 {
		return "", nil, false
	}
	for _, name := range []string{"$date", "$uuid", "$objectId", "$binary"} {
		if content, has := object[name]; has {
			return name, content, true
		}
	}
	return "", nil, false
}

// refSame compares two values as a filter does.
func refSame(a, b any) (bool, error) {
	switch x := a.(type) {
	case json.Number:
		y, is := b.(json.Number)
		if !is {
			return false, nil
		}
		p, err := refNumber(x)
		if err != nil {
			return false, err
		}
		q, err := refNumber(y)
		return err == nil && p.Cmp(q) == 0, err
	case []any:
		y, is := b.([]any)
		if !is || len(x) != len(y) {
			return false, nil
		}
		for i := range x {
			if same, err := refSame(x[i], y[i]); !same || err != nil {
				return false, err
			}
		}
		return true, nil
	case map[string]any:
		y, is := b.(map[string]any)
		if !is || len(x) != len(y) {
			return false, nil
		}
		if name, content, ok := refExtended(x); ok && (name == "$uuid" || name == "$objectId") {
			return false, errIf(content != nil)
		}
		if len(x) > 1 {
			return false, errBeyond // the order of names counts
		}
		for name := range x {
			if _, has := y[name]; !has {
				return false, nil
			}
			return refSame(x[name], y[name])
		}
		return true, nil
	default:
		return a == b, nil
	}
}

func errIf(beyond bool) error {
	if beyond {
		return errBeyond
	}
	return nil
}

// refEquals is refSame, or for an array with one of its elements.
func refEquals(v, wanted any) (bool, error) {
	if same, err := refSame(v, wanted); same || err != nil {
		return same, err
	}
	list, _ := v.([]any)
	for _, item := range list {
		if same, err := refSame(item, wanted); same || err != nil {
			return same, err
		}
	}
	return false, nil
}

// refCompare orders two values of one type; ok is false for two types.
func refCompare(a, b any) (order int, ok bool, err error) {
	if name, content, is := refExtended(a); is && name == "$date" {
		other, theirs, also := refExtended(b)
		if !also || other != "$date" {
			return 0, false, nil
		}
		a, b = content, theirs
		if _, number := a.(json.Number); !number {
			return 0, false, errBeyond
		}
	} else if _, _, also := refExtended(b); also {
		return 0, false, nil
	}
	switch x := a.(type) {
	case json.Number:
		y, is := b.(json.Number)
		if !is {
			return 0, false, nil
		}
		p, err := refNumber(x)
		if err != nil {
			return 0, false, err
		}
		q, err := refNumber(y)
		if err != nil {
			return 0, false, err
		}
		return p.Cmp(q), true, nil
	case string:
		y, is := b.(string)
		return strings.Compare(x, y), is, nil
	case bool:
		y, is := b.(bool)
		if x == y {
			return 0, is, nil
		}
		if x {
			return 1, is, nil
		}
		return -1, is, nil
	default:
		return 0, false, nil
	}
}

// refMatches tells whether a document satisfies a filter that the server accepted.
func refMatches(document, filter any) (bool, error) {
	for name, wanted := range filter.(map[string]any) {
		var match bool
		var err error
		switch name {
		case "$and", "$or":
			match, err = refMatchesList(document, name, wanted.([]any))
		case "$not":
			match, err = refMatches(document, wanted)
			match = !match
		default:
			v, present := refLookup(document, refPath(name))
			match, err = refField(v, present, wanted)
		}
		if !match || err != nil {
			return false, err
		}
	}
	return true, nil
}

func refMatchesList(document any, name string, filters []any) (bool, error) {
	if len(filters) == 0 {
		return true, nil
	}
	for _, f := range filters {
		match, err := refMatches(document, f)
		if err != nil || match == (name == "$or") {
			return match, err
		}
	}
	return name == "$and", nil
}

// refField compares with a value, or with all of {"$operator": operand, ...}.
func refField(v any, present bool, wanted any) (bool, error) {
	operators, is := wanted.(map[string]any)
	_, _, extended := refExtended(wanted)
	dollars := 0
	for name := range operators {
		if strings.HasPrefix(name, "$") {
			dollars++
		}
	}
	if is && dollars > 0 && dollars < len(operators) {
		return false, errBeyond // the first name decides
	}
	if !is || extended || dollars == 0 {
		if !present {
			return false, nil
		}
		return refEquals(v, wanted)
	}
	for name, operand := range operators {
		if match, err := refOperator(v, present, name, operand); !match || err != nil {
			return false, err
		}
	}
	return true, nil
}

func refOperator(v any, present bool, name string, operand any) (bool, error) {
	list, _ := v.([]any)
	operands, _ := operand.([]any)
	equals := func(wanted any) (bool, error) {
		if !present {
			return false, nil
		}
		return refEquals(v, wanted)
	}
	switch name {
	case "$not":
		match, err := refField(v, present, operand)
		return !match, err
	case "$exists":
		return present == operand.(bool), nil
	case "$eq":
		return equals(operand)
	case "$ne":
		match, err := equals(operand)
		return !match, err
	case "$in", "$nin":
		for _, wanted := range operands {
			if match, err := equals(wanted); match || err != nil {
				return match == (name == "$in"), err
			}
		}
		return name == "$nin", nil
	case "$all":
		for _, wanted := range operands {
			if match, err := equals(wanted); !match || err != nil || list == nil {
				return false, err
			}
		}
		return list != nil, nil
	case "$size":
		return list != nil && operand.(json.Number).String() == strconv.Itoa(len(list)), nil
	}
	order, ok, err := refCompare(v, operand)
	wanted := map[string][]int{"$lt": {-1}, "$lte": {-1, 0}, "$gt": {1}, "$gte": {0, 1}}[name]
	return present && ok && slices.Contains(wanted, order), err
}
