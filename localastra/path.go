package localastra

import (
	"fmt"
	"strconv"
	"strings"
)

// splitPath turns "a.b" into its names. "&." is a dot and "&&" an ampersand inside a
// name (Data API v1.0.51); problem says why a path is not valid.
func splitPath(path string) (names []string, problem string) {
	if path == "" {
		return nil, "path must be represented as a non-empty string"
	}
	var name strings.Builder
	for i := 0; i < len(path); i++ {
		switch c := path[i]; {
		case c == '.':
			names = append(names, name.String())
			name.Reset()
		case c != '&':
			name.WriteByte(c)
		case i+1 < len(path) && (path[i+1] == '&' || path[i+1] == '.'):
			i++
			name.WriteByte(path[i])
		default:
			return nil, fmt.Sprintf("The ampersand character '&' at position %d must be followed by either "+
				"'&' or '.' to form a valid escape sequence", i)
		}
	}
	names = append(names, name.String())
	for _, n := range names {
		if n == "" {
			return nil, "path has an empty name"
		}
	}
	return names, ""
}

// joinPath is the opposite of splitPath. It is the name under which indexes are kept,
// and what messages show.
func joinPath(names []string) string {
	if len(names) == 1 && !strings.ContainsAny(names[0], "&.") {
		return names[0]
	}
	escaped := make([]string, len(names))
	for i, n := range names {
		escaped[i] = strings.NewReplacer("&", "&&", ".", "&.").Replace(n)
	}
	return strings.Join(escaped, ".")
}

// lookupPath returns what a document has at a path; a number steps into an array. An
// extended value such as a date is an object here as well, so a path may lead into it,
// as in the Data API.
func lookupPath(document value, path []string) (value, bool) {
	v := document
	for _, name := range path {
		var ok bool
		if v, ok = step(v, name); !ok {
			return value{}, false
		}
	}
	return v, true
}

// step follows one name of a path. Into an array it takes a position, counted from 0; a
// name that is no number leads nowhere there.
func step(v value, name string) (value, bool) {
	if v.kind != kindArray {
		return v.get(name)
	}
	at, ok := position(name)
	if !ok || at >= len(v.items) {
		return value{}, false
	}
	return v.items[at], true
}

// position reads a name as a position in an array. There is one way to write each.
func position(name string) (int, bool) {
	at, err := strconv.Atoi(name)
	return at, err == nil && at >= 0 && strconv.Itoa(at) == name
}
