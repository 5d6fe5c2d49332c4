package localastra

import (
	"slices"
	"strconv"
	"strings"
)

// projection is which fields of a document come back. The zero value is the default:
// all but the hidden fields.
type projection struct {
	include [][]string // when not empty: these only
	exclude [][]string
	slices  []slicing
	noID    bool
	shown   []string // the hidden fields that were named
	all     bool     // {"*": 1}
	nothing bool     // {"*": 0}
}

// hiddenField tells whether a field comes back only when a projection names it. To name
// one, or to exclude it, says nothing about the other fields.
func hiddenField(name string) bool {
	return name == vectorField || name == vectorizeField || name == lexicalField
}

// wantsVector tells whether a vector has to be read.
func (p *projection) wantsVector() bool { return p.all || slices.Contains(p.shown, vectorField) }

// parseProjection reads a projection. _id and the hidden fields do not restrict:
// {"_id": 1} or {"$vector": 1} alone return the whole document.
func parseProjection(v value) (*projection, *apiError) {
	p := &projection{}
	if v.kind == kindNull {
		return p, nil
	}
	if v.kind != kindObject {
		return nil, badProjection("definition must be OBJECT, was " + v.typeName())
	}
	for _, f := range v.fields {
		if err := p.root(f, len(v.fields)); err != nil {
			return nil, err
		}
	}
	return p, p.conflict()
}

// badProjection is the answer to a projection that cannot be understood.
func badProjection(problem string) *apiError {
	return newError("UNSUPPORTED_PROJECTION_PARAM", "Unsupported projection parameter: "+problem+
		".\n\nResend the command with valid projection definition.")
}

// projectionFlag reads 0, 1, true or false; any number but 0 includes.
func projectionFlag(v value) (include, ok bool) {
	switch v.kind {
	case kindTrue, kindFalse:
		return v.kind == kindTrue, true
	case kindNumber:
		return parseDecimal(v.text).sign() != 0, true
	default:
		return false, false
	}
}

// root reads one entry of the definition: a special field, or a path.
func (p *projection) root(f field, total int) *apiError {
	special := f.name == "*" || f.name == "_id" || hiddenField(f.name)
	switch {
	case !special && strings.HasPrefix(f.name, "$"):
		return badProjection("path cannot start with '$' (no root-level operators)")
	case !special:
		path, problem := splitPath(f.name)
		if problem != "" {
			return badProjection("projection path ('" + f.name + "') is not a valid path: " + problem)
		}
		return p.entry(path, f.value)
	}
	include, ok := projectionFlag(f.value)
	if !ok {
		return badProjection("path ('" + f.name + "') value must be NUMBER, BOOLEAN or OBJECT")
	}
	switch {
	case f.name == "*" && total > 1:
		return badProjection("wildcard ('*') only allowed as the only root-level path")
	case f.name == "*":
		p.all, p.nothing = include, !include
	case f.name == "_id":
		p.noID = !include
	case include:
		p.shown = append(p.shown, f.name)
	}
	return nil
}

// entry reads what a path is given: a flag, {"$slice": ...}, or a nested definition. A
// nested object is another way to write a longer path.
func (p *projection) entry(path []string, v value) *apiError {
	if include, ok := projectionFlag(v); ok {
		return p.flag(path, include)
	}
	if v.kind != kindObject || len(v.fields) == 0 {
		return badProjection("path ('" + joinPath(path) + "') value must be NUMBER, BOOLEAN or OBJECT, was " +
			v.typeName())
	}
	for _, f := range v.fields {
		if f.name == "$slice" {
			if err := p.slice(path, f.value); err != nil {
				return err
			}
			continue
		}
		if strings.HasPrefix(f.name, "$") {
			return badProjection("unrecognized/unsupported projection operator '" + f.name +
				"' (only '$slice' supported)")
		}
		below, problem := splitPath(f.name)
		if problem != "" {
			return badProjection("projection path ('" + f.name + "') is not a valid path: " + problem)
		}
		if err := p.entry(slices.Concat(path, below), f.value); err != nil {
			return err
		}
	}
	return nil
}

// flag includes or excludes a path: a projection does the one or the other.
func (p *projection) flag(path []string, include bool) *apiError {
	switch {
	case include && len(p.exclude) > 0:
		return badProjection("cannot include '" + joinPath(path) + "' on exclusion projection")
	case !include && len(p.include) > 0:
		return badProjection("cannot exclude '" + joinPath(path) + "' on inclusion projection")
	case include:
		p.include = append(p.include, path)
	default:
		p.exclude = append(p.exclude, path)
	}
	return nil
}

// slice reads the operand of $slice: a count from either end, or [skip, count].
func (p *projection) slice(path []string, v value) *apiError {
	bad := func(problem string) *apiError {
		return badProjection("path ('" + joinPath(path) + "') has unsupported parameter for '$slice' (" +
			v.typeName() + "): " + problem)
	}
	numbers := v.items
	if v.kind == kindNumber {
		numbers = []value{{kind: kindNumber, text: "0"}, v}
	}
	if len(numbers) != 2 {
		return bad("only NUMBER or ARRAY with 2 NUMBERs accepted")
	}
	skip, err := strconv.Atoi(numbers[0].text)
	count, failed := strconv.Atoi(numbers[1].text)
	switch {
	case err != nil || failed != nil || numbers[0].kind != kindNumber || numbers[1].kind != kindNumber:
		return bad("only NUMBER or ARRAY with 2 NUMBERs accepted")
	case count < 0 && v.kind == kindArray:
		return bad("second NUMBER (entries to return) MUST be positive")
	case count < 0:
		skip, count = count, -count // the last ones
	}
	p.slices = append(p.slices, slicing{path, skip, count})
	return nil
}

// conflict refuses two entries of which one is a part of the other. In a projection
// that includes, a sliced path counts as included.
func (p *projection) conflict() *apiError {
	paths := slices.Concat(p.include, p.exclude)
	for _, s := range p.slices {
		paths = append(paths, s.path)
		if len(p.include) > 0 {
			p.include = append(p.include, s.path)
		}
	}
	for i, a := range paths {
		for _, b := range paths[i+1:] {
			if n := min(len(a), len(b)); slices.Equal(a[:n], b[:n]) {
				return badProjection("specification conflict due to overlap: '" + joinPath(a) + "' and '" +
					joinPath(b) + "'")
			}
		}
	}
	return nil
}

// slicing is a part of the array at a path; a negative skip counts from its end.
type slicing struct {
	path        []string
	skip, count int
}

// of returns the part of a list. A negative skip that goes beyond the start is 0.
func (s slicing) of(list []value) []value {
	start := s.skip
	if start < 0 {
		start = max(0, len(list)+start)
	}
	start = min(start, len(list))
	return list[start : start+min(s.count, len(list)-start)]
}

// apply slices the array below v that rest leads to; anything but an array stays.
func (s slicing) apply(v value, rest []string) value {
	if len(rest) == 0 {
		if v.kind == kindArray {
			return arrayValue(s.of(v.items))
		}
		return v
	}
	inner, has := v.get(rest[0])
	if !has {
		return v
	}
	return v.with(rest[0], s.apply(inner, rest[1:]))
}

// apply returns the fields of a document that the projection keeps. Fields stay in the
// order of the document, whatever the order in which the projection names them.
func (p *projection) apply(document value) value {
	if p.nothing {
		return objectValue()
	}
	if p.all {
		return document
	}
	fields := make([]field, 0, len(document.fields))
	for _, f := range document.fields {
		keep := f.value
		ok := true
		switch {
		case f.name == "_id":
			ok = !p.noID
		case hiddenField(f.name):
			ok = slices.Contains(p.shown, f.name)
		case len(p.include) > 0:
			keep, ok = includePaths(f, p.include)
		default:
			keep, ok = excludePaths(f, p.exclude)
		}
		if ok {
			fields = append(fields, field{f.name, keep})
		}
	}
	kept := objectValue(fields...)
	for _, s := range p.slices {
		kept = s.apply(kept, s.path)
	}
	return kept
}

// below returns the rest of the paths that start with name; whole is true when one
// ends there.
func below(paths [][]string, name string) (rest [][]string, whole bool) {
	for _, path := range paths {
		if path[0] != name {
			continue
		}
		if len(path) == 1 {
			return nil, true
		}
		rest = append(rest, path[1:])
	}
	return rest, false
}

// includePaths keeps what the paths name of one field: all of it, the named parts of an
// object, or nothing.
func includePaths(f field, paths [][]string) (value, bool) {
	rest, whole := below(paths, f.name)
	switch {
	case whole:
		return f.value, true
	case rest == nil:
		return value{}, false
	}
	return mapObjects(f.value, func(inner field) (value, bool) { return includePaths(inner, rest) }, false)
}

// excludePaths is the opposite of includePaths: it keeps what no path names.
func excludePaths(f field, paths [][]string) (value, bool) {
	rest, whole := below(paths, f.name)
	switch {
	case whole:
		return value{}, false
	case rest == nil:
		return f.value, true
	}
	return mapObjects(f.value, func(inner field) (value, bool) { return excludePaths(inner, rest) }, true)
}

// mapObjects applies keep to the fields of an object, or of each object in an array.
// A scalar stays when scalars is true.
func mapObjects(v value, keep func(field) (value, bool), scalars bool) (value, bool) {
	switch v.kind {
	case kindObject:
		fields := make([]field, 0, len(v.fields))
		for _, f := range v.fields {
			if kept, ok := keep(f); ok {
				fields = append(fields, field{f.name, kept})
			}
		}
		return objectValue(fields...), true
	case kindArray:
		items := make([]value, 0, len(v.items))
		for _, item := range v.items {
			if kept, ok := mapObjects(item, keep, scalars); ok {
				items = append(items, kept)
			}
		}
		return arrayValue(items), true
	default:
		return v, scalars
	}
}
