package document

import (
	"cmp"
	"slices"
	"strconv"
)

type kind uint8

const (
	kindNull kind = iota
	kindFalse
	kindTrue
	kindNumber
	kindString
	kindArray
	kindObject
)

// value is a JSON value. A number stays the text it was written as and an object keeps the
// order of its members. A string that holds a lone surrogate is not valid UTF-8.
type value struct {
	kind     kind
	text     string   // of a string, decoded; of a number, as written
	children []member // of an array (without names) or an object
}

type member struct {
	name  string
	value value
}

func stringValue(s string) value { return value{kind: kindString, text: s} }

func (v value) isContainer() bool { return v.kind >= kindArray }

// child returns the member of an object, or the element of an array whose index it names.
func (v value) child(name string) (value, bool) {
	if v.kind == kindArray {
		if i := arrayIndex(name); i >= 0 && i < len(v.children) {
			return v.children[i].value, true
		}
		return value{}, false
	}
	if i := indexOf(v.children, name); i >= 0 {
		return v.children[i].value, true
	}
	return value{}, false
}

func indexOf(members []member, name string) int {
	for i := range members {
		if members[i].name == name {
			return i
		}
	}
	return -1
}

// arrayIndex returns the index that a path segment stands for, or -1. Only the usual spelling
// counts: "01" is a name.
func arrayIndex(name string) int {
	if name == "" || len(name) > 9 || (name[0] == '0' && len(name) > 1) {
		return -1
	}
	n := 0
	for i := range len(name) {
		if name[i] < '0' || name[i] > '9' {
			return -1
		}
		n = n*10 + int(name[i]-'0')
	}
	return n
}

// appendCanonical appends the value as canonical JSON. It sorts the members of objects in place.
func appendCanonical(dst []byte, v value) []byte {
	switch v.kind {
	case kindFalse:
		return append(dst, "false"...)
	case kindTrue:
		return append(dst, "true"...)
	case kindNumber:
		return append(dst, v.text...)
	case kindString:
		return appendString(dst, v.text)
	case kindArray:
		dst = append(dst, '[')
		for i, element := range v.children {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = appendCanonical(dst, element.value)
		}
		return append(dst, ']')
	case kindObject:
		sortMembers(v.children)
		dst = append(dst, '{')
		for i, m := range v.children {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(appendString(dst, m.name), ':')
			dst = appendCanonical(dst, m.value)
		}
		return append(dst, '}')
	default:
		return append(dst, "null"...)
	}
}

func sortMembers(members []member) {
	byName := func(a, b member) int { return cmp.Compare(a.name, b.name) }
	if !slices.IsSortedFunc(members, byName) {
		slices.SortFunc(members, byName)
	}
}

// appendString appends a JSON string with the escapes that JSON demands and no other. What is
// not valid UTF-8 is copied as it is: the limits refuse it before it is sent.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	copied := 0
	for i := range len(s) {
		c := s[i]
		if !escaped[c] {
			continue
		}
		dst = append(dst, s[copied:i]...)
		dst = appendEscape(dst, c)
		copied = i + 1
	}
	dst = append(dst, s[copied:]...)
	return append(dst, '"')
}

// escaped are the bytes that JSON demands an escape for.
var escaped = func() (table [256]bool) {
	for c := range byte(' ') {
		table[c] = true
	}
	table['"'], table['\\'] = true, true
	return table
}()

func appendEscape(dst []byte, c byte) []byte {
	const hex = "0123456789abcdef"
	switch c {
	case '"', '\\':
		return append(dst, '\\', c)
	case '\b':
		return append(dst, '\\', 'b')
	case '\f':
		return append(dst, '\\', 'f')
	case '\n':
		return append(dst, '\\', 'n')
	case '\r':
		return append(dst, '\\', 'r')
	case '\t':
		return append(dst, '\\', 't')
	default:
		return append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
	}
}

// segment is the text of the i-th child in a path: its name, or its index in an array.
func (v value) segment(i int) string {
	if v.kind == kindArray {
		return strconv.Itoa(i)
	}
	return v.children[i].name
}
