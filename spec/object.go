package spec

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"slices"
	"strconv"
	"strings"
)

// parser collects what is wrong and what is odd while a configuration is walked.
type parser struct {
	errors   Errors
	warnings []Warning
}

func (p *parser) fail(path, format string, args ...any) {
	p.errors = append(p.errors, FieldError{Path: path, Reason: fmt.Sprintf(format, args...)})
}

func (p *parser) warn(path, format string, args ...any) {
	p.warnings = append(p.warnings, Warning{Path: path, Reason: fmt.Sprintf(format, args...)})
}

// object is one JSON object of the configuration. Every read marks the property as
// known, and done warns of the others. A read that finds something wrong reports it and
// returns the fallback, so that the walk goes on to the next problem.
type object struct {
	*parser
	path   string
	fields map[string]any
	known  map[string]bool
}

func newObject(p *parser, path string, fields map[string]any) *object {
	return &object{parser: p, path: path, fields: fields, known: map[string]bool{}}
}

// at returns the path of one of the object's properties.
func (o *object) at(name string) string {
	if o.path == "" {
		return name
	}
	return o.path + "." + name
}

// take returns a property. Null is absent: forms and templates write it for "not set".
func (o *object) take(name string) (value any, present bool) {
	o.known[name] = true
	value = o.fields[name]
	return value, value != nil
}

// require is take for a property that must be there; hint says what to put.
func (o *object) require(name, hint string) (value any, present bool) {
	value, present = o.take(name)
	if !present {
		o.fail(o.at(name), "is missing; %s", hint)
	}
	return value, present
}

// done warns of the properties that nobody read.
func (o *object) done() {
	for _, name := range slices.Sorted(maps.Keys(o.fields)) {
		if !o.known[name] {
			o.warn(o.at(settingName(name)), "is not a setting that is used here and is ignored; "+
				"check its spelling or remove it")
		}
	}
}

// ignoreRest keeps done quiet. Where a mode is wrong nobody can tell what is unknown.
func (o *object) ignoreRest() {
	for name := range o.fields {
		o.known[name] = true
	}
}

// section returns a property that is an object.
func (o *object) section(name, hint string, required bool) (*object, bool) {
	value, present := o.take(name)
	if !present {
		if required {
			o.fail(o.at(name), "is missing; %s", hint)
		}
		return nil, false
	}
	fields, ok := value.(map[string]any)
	if !ok {
		o.fail(o.at(name), "must be an object, not %s; %s", kind(value), hint)
		return nil, false
	}
	return newObject(o.parser, o.at(name), fields), true
}

// text returns an optional string without the white space round it.
func (o *object) text(name, fallback string) string {
	value, present := o.take(name)
	if !present {
		return fallback
	}
	s, ok := value.(string)
	if !ok {
		o.fail(o.at(name), "must be a string, not %s; put it in double quotes", kind(value))
		return fallback
	}
	if s = strings.TrimSpace(s); s == "" {
		return fallback
	}
	return s
}

// requireText returns a string that must be there and must not be empty.
func (o *object) requireText(name, hint string) (text string, ok bool) {
	value, present := o.require(name, hint)
	if !present {
		return "", false
	}
	s, isString := value.(string)
	if !isString {
		o.fail(o.at(name), "must be a string, not %s; %s", kind(value), hint)
		return "", false
	}
	if s = strings.TrimSpace(s); s == "" {
		o.fail(o.at(name), "is empty; %s", hint)
		return "", false
	}
	return s, true
}

// choice returns an optional string out of allowed; the first one is the default.
func (o *object) choice(name string, allowed []string) string {
	if _, present := o.take(name); !present {
		return allowed[0]
	}
	s, _ := o.requireChoice(name, allowed)
	return s
}

// requireChoice returns a string that must be there and must be one of allowed.
func (o *object) requireChoice(name string, allowed []string) (text string, ok bool) {
	hint := "choose one of " + strings.Join(allowed, ", ")
	value, present := o.require(name, hint)
	if !present {
		return "", false
	}
	s, isString := value.(string)
	if !isString {
		o.fail(o.at(name), "must be a string, not %s; %s", kind(value), hint)
		return "", false
	}
	if !slices.Contains(allowed, s) {
		o.fail(o.at(name), "is %s, which is not known; %s", excerpt(s), hint)
		return "", false
	}
	return s, true
}

// limits are the least and the greatest value of a whole number.
type limits struct{ min, max int }

// integer returns an optional whole number within l.
func (o *object) integer(name string, fallback int, l limits) int {
	if _, present := o.take(name); !present {
		return fallback
	}
	if n, ok := o.requireInteger(name, l); ok {
		return n
	}
	return fallback
}

// requireInteger returns a whole number that must be there and within l.
func (o *object) requireInteger(name string, l limits) (n int, ok bool) {
	hint := fmt.Sprintf("use a whole number from %d to %d", l.min, l.max)
	value, present := o.require(name, hint)
	if !present {
		return 0, false
	}
	number, isInteger := wholeNumber(value)
	if !isInteger {
		o.fail(o.at(name), "is not a whole number but %s; %s", notWhole(value), hint)
		return 0, false
	}
	if !number.IsInt64() || number.Int64() < int64(l.min) || number.Int64() > int64(l.max) {
		o.fail(o.at(name), "is %s; %s", shorten(number.String()), hint)
		return 0, false
	}
	return int(number.Int64()), true
}

// wholeNumber accepts 1000, 1000.0 and 1e3, as JSON schema does, and "1000", as the
// Python connector's models did. A Rat refuses exponents that would fill the memory.
func wholeNumber(value any) (*big.Int, bool) {
	switch v := value.(type) {
	case json.Number:
		if r, ok := new(big.Rat).SetString(v.String()); ok && r.IsInt() {
			return r.Num(), true
		}
	case string:
		if n, err := strconv.ParseInt(strings.TrimSpace(v), 10, 64); err == nil {
			return big.NewInt(n), true
		}
	}
	return nil, false
}

// boolean returns an optional true or false.
func (o *object) boolean(name string) bool {
	value, present := o.take(name)
	if !present {
		return false
	}
	switch v := value.(type) {
	case bool:
		return v
	case string:
		switch strings.ToLower(strings.TrimSpace(v)) {
		case "true":
			return true
		case "false":
			return false
		}
	}
	o.fail(o.at(name), "must be true or false, not %s", kind(value))
	return false
}

// list returns an optional list, with the path of each item.
func (o *object) list(name string) (items []any, path func(i int) string) {
	path = func(i int) string { return o.at(name) + "[" + strconv.Itoa(i) + "]" }
	value, present := o.take(name)
	if !present {
		return nil, path
	}
	items, ok := value.([]any)
	if !ok {
		o.fail(o.at(name), "must be a list, not %s; put it in square brackets", kind(value))
	}
	return items, path
}

// texts returns an optional list of strings that are not empty, exactly as written.
func (o *object) texts(name, hint string) []string {
	items, path := o.list(name)
	texts := make([]string, 0, len(items))
	for i, item := range items {
		s, ok := item.(string)
		switch {
		case !ok:
			o.fail(path(i), "must be a string, not %s; put it in double quotes", kind(item))
		case s == "":
			o.fail(path(i), "is empty; %s", hint)
		default:
			texts = append(texts, s)
		}
	}
	return texts
}

// kind names a JSON value's type. Values are not quoted: one may be a misplaced key.
func kind(value any) string {
	switch value.(type) {
	case nil:
		return "null"
	case bool:
		return "true or false"
	case json.Number:
		return "a number"
	case string:
		return "a string"
	case []any:
		return "a list"
	default:
		return "an object"
	}
}

// notWhole names the type of a value that wholeNumber refused.
func notWhole(value any) string {
	if _, ok := value.(json.Number); ok {
		return "a fraction"
	}
	return kind(value)
}
