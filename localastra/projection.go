package localastra

import (
	"strings"
)

// projection is which fields of a document come back. The zero value is the default:
// all but $vector.
type projection struct {
	include [][]string // when not empty: these only
	exclude [][]string
	id      toggle
	vector  toggle
	all     bool // {"*": 1}
	nothing bool // {"*": 0}
}

// toggle is whether a request named a special field, and how.
type toggle int

const (
	unnamed toggle = iota
	included
	excluded
)

// wantsVector tells whether a vector has to be read.
func (p *projection) wantsVector() bool { return p.all || p.vector == included }

// parseProjection reads a projection. _id and $vector do not restrict: {"_id": 1} or
// {"$vector": 1} alone return the whole document.
func parseProjection(v value) (*projection, *apiError) {
	p := &projection{}
	if v.kind == kindNull {
		return p, nil
	}
	if v.kind != kindObject {
		return nil, badProjection("definition must be OBJECT, was " + v.typeName())
	}
	for _, f := range v.fields {
		include, ok := projectionFlag(f.value)
		if !ok {
			return nil, badProjection("path ('" + f.name + "') value must be 0, 1, true or false")
		}
		if err := p.name(f.name, include, len(v.fields)); err != nil {
			return nil, err
		}
	}
	return p, nil
}

func badProjection(problem string) *apiError {
	return newError("UNSUPPORTED_PROJECTION_PARAM", "Unsupported projection parameter: "+problem+
		".\n\nResend the command with valid projection definition.")
}

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

func (p *projection) name(name string, include bool, total int) *apiError {
	flag := excluded
	if include {
		flag = included
	}
	switch {
	case name == "*" && total > 1:
		return badProjection("wildcard ('*') only allowed as the only root-level path")
	case name == "*":
		p.all, p.nothing = include, !include
	case name == "_id":
		p.id = flag
	case name == vectorField:
		p.vector = flag
	case strings.HasPrefix(name, "$") && name != lexicalField && name != vectorizeField:
		return badProjection("path cannot start with '$' (no root-level operators)")
	default:
		return p.path(name, include)
	}
	return nil
}

func (p *projection) path(name string, include bool) *apiError {
	path, problem := splitPath(name)
	switch {
	case problem != "":
		return badProjection("projection path ('" + name + "') is not a valid path: " + problem)
	case include && len(p.exclude) > 0:
		return badProjection("cannot include '" + name + "' on exclusion projection")
	case !include && len(p.include) > 0:
		return badProjection("cannot exclude '" + name + "' on inclusion projection")
	case include:
		p.include = append(p.include, path)
	default:
		p.exclude = append(p.exclude, path)
	}
	return nil
}

// apply returns the fields of a document that the projection keeps.
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
			ok = p.id != excluded
		case f.name == vectorField:
			ok = p.vector == included
		case len(p.include) > 0:
			keep, ok = includePaths(f, p.include)
		default:
			keep, ok = excludePaths(f, p.exclude)
		}
		if ok {
			fields = append(fields, field{f.name, keep})
		}
	}
	return objectValue(fields...)
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
