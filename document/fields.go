package document

import (
	"fmt"
	"slices"
	"strings"
)

// fieldPath is a configured field such as "user.name" or "users.*.name". It selects what
// dpath, the library of the Python connector, selects with the separator ".": "*", "?" and
// "[...]" match within one name, array indexes count as names, and one "**" stands for any
// number of names.
type fieldPath struct {
	name     string // as configured
	segments []segment
	deep     int // the segment that is "**", or -1
}

type segment struct {
	text  string
	index int // the array index that a literal names, or -1
	star  bool
	glob  bool // has to be matched character by character
}

func newFieldPath(field string) (fieldPath, error) {
	path := fieldPath{name: field, deep: -1}
	for i, text := range strings.Split(strings.TrimLeft(field, "."), ".") {
		if text == "**" {
			if path.deep >= 0 {
				return path, fmt.Errorf("document: field %q: only one ** is possible", field)
			}
			path.deep = i
		}
		path.segments = append(path.segments, segment{
			text:  text,
			index: arrayIndex(text),
			star:  text == "*" || text == "**",
			glob:  strings.ContainsAny(text, "*?["),
		})
	}
	return path, nil
}

// newFieldPaths parses each field once: a field that is listed twice is selected once.
func newFieldPaths(fields []string) ([]fieldPath, error) {
	var paths []fieldPath
	known := make(map[string]bool, len(fields)) // a list may have a hundred thousand
	for _, field := range fields {
		if known[field] {
			continue
		}
		known[field] = true
		path, err := newFieldPath(field)
		if err != nil {
			return nil, err
		}
		paths = append(paths, path)
	}
	return paths, nil
}

func (s *segment) matches(parent value, i int) bool {
	switch {
	case s.star:
		return true
	case s.glob:
		return matchGlob(s.text, parent.segment(i))
	case parent.kind == kindArray:
		return i == s.index
	default:
		return parent.children[i].name == s.text
	}
}

// find appends what the path selects in v, in the order of dpath's walk: the children of a
// container come before what is inside the first of them.
func (p *fieldPath) find(found []member, v value) []member {
	if p.deep >= 0 {
		return p.findDeep(found, v, nil)
	}
	return findSegments(found, v, p.segments)
}

func findSegments(found []member, v value, segments []segment) []member {
	for i := range v.children {
		if !segments[0].matches(v, i) {
			continue
		}
		if len(segments) == 1 {
			found = append(found, member{value: v.children[i].value})
		} else {
			found = findSegments(found, v.children[i].value, segments[1:])
		}
	}
	return found
}

func (p *fieldPath) findDeep(found []member, v value, location []string) []member {
	for i, child := range v.children {
		if p.matchesDeep(append(location, v.segment(i))) {
			found = append(found, member{value: child.value})
		}
	}
	for i, child := range v.children {
		if child.value.isContainer() {
			found = p.findDeep(found, child.value, append(location, v.segment(i)))
		}
	}
	return found
}

// matchesDeep matches a location against a path with "**", which may stand for no name at all.
func (p *fieldPath) matchesDeep(location []string) bool {
	before, after := p.segments[:p.deep], p.segments[p.deep+1:]
	tail := len(location) - len(after)
	if tail < len(before) {
		return false
	}
	for i := range before {
		if !matchGlob(before[i].text, location[i]) {
			return false
		}
	}
	for i := range after {
		if !matchGlob(after[i].text, location[tail+i]) {
			return false
		}
	}
	return true
}

// prune returns v without what the path selects. It changes containers in place.
func (p *fieldPath) prune(v value) value {
	if p.deep >= 0 {
		return p.pruneDeep(v, nil)
	}
	return pruneSegments(v, p.segments)
}

func pruneSegments(v value, segments []segment) value {
	kept := v.children[:0:len(v.children)]
	for i, child := range v.children {
		if !segments[0].matches(v, i) {
			kept = append(kept, child)
			continue
		}
		if len(segments) > 1 {
			child.value = pruneSegments(child.value, segments[1:])
			kept = append(kept, child)
		}
	}
	v.children = kept
	return v
}

func (p *fieldPath) pruneDeep(v value, location []string) value {
	kept := v.children[:0:len(v.children)]
	for i, child := range v.children {
		below := append(location, v.segment(i))
		if p.matchesDeep(below) {
			continue
		}
		child.value = p.pruneDeep(child.value, below)
		kept = append(kept, child)
	}
	v.children = kept
	return v
}

// selectFields returns the top-level fields that the paths make of a record: one field a path,
// named by it, with what it selects; several matches are an array. No paths select the record's
// own fields. The result never shares its array with the record.
func selectFields(dst []member, root value, paths []fieldPath) []member {
	if len(paths) == 0 {
		return append(dst, root.children...)
	}
	for i := range paths {
		var few [4]member
		found := paths[i].find(few[:0], root)
		switch len(found) {
		case 0:
		case 1:
			dst = append(dst, member{paths[i].name, found[0].value})
		default:
			all := value{kind: kindArray, children: slices.Clone(found)}
			dst = append(dst, member{paths[i].name, all})
		}
	}
	return dst
}

// mapNames applies the mappings one after the other, as Python's dict does: a mapped field
// goes to the end, or takes the place of the field that has its new name.
func mapNames(fields []member, mappings []FieldNameMapping) []member {
	for _, mapping := range mappings {
		from := indexOf(fields, mapping.FromField)
		if from < 0 {
			continue
		}
		moved := fields[from].value
		fields = slices.Delete(fields, from, from+1)
		if to := indexOf(fields, mapping.ToField); to >= 0 {
			fields[to].value = moved
		} else {
			fields = append(fields, member{mapping.ToField, moved})
		}
	}
	return fields
}

// matchGlob matches a whole name with Python's fnmatchcase: "*" any characters, "?" one,
// "[ab]", "[a-z]" and "[!ab]" one of a set; a "[" without its "]" is itself.
func matchGlob(pattern, name string) bool {
	p, s := []rune(pattern), []rune(name)
	star, resume := -1, 0 // where the last "*" was, and what of the name it has not taken yet
	i, j := 0, 0
	for j < len(s) {
		if i < len(p) && p[i] == '*' {
			star, resume = i, j
			i++
			continue
		}
		if next, ok := matchOne(p, i, s[j]); ok {
			i, j = next, j+1
			continue
		}
		if star < 0 {
			return false
		}
		resume++
		i, j = star+1, resume
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

// matchOne matches one character with the pattern's element at i. It returns the next element.
func matchOne(p []rune, i int, c rune) (int, bool) {
	switch {
	case i >= len(p):
		return i, false
	case p[i] == '?':
		return i + 1, true
	case p[i] == '[':
		if end := setEnd(p, i); end > 0 {
			return end + 1, inSet(p[i+1:end], c)
		}
	}
	return i + 1, p[i] == c
}

// setEnd is the index of the "]" that closes the set opened at i, or -1. A "]" that comes first
// belongs to the set.
func setEnd(p []rune, i int) int {
	j := i + 1
	if j < len(p) && p[j] == '!' {
		j++
	}
	if j < len(p) && p[j] == ']' {
		j++
	}
	for ; j < len(p); j++ {
		if p[j] == ']' {
			return j
		}
	}
	return -1
}

func inSet(set []rune, c rune) bool {
	negated := set[0] == '!'
	if negated {
		set = set[1:]
	}
	for k := 0; k < len(set); k++ {
		if k+2 < len(set) && set[k+1] == '-' {
			if set[k] <= c && c <= set[k+2] {
				return !negated
			}
			k += 2
			continue
		}
		if set[k] == c {
			return !negated
		}
	}
	return negated
}

// follow returns what a literal path, such as a primary key's, leads to.
func follow(v value, path []string) (value, bool) {
	for _, name := range path {
		var ok bool
		if v, ok = v.child(name); !ok {
			return value{}, false
		}
	}
	return v, true
}
