package document

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxIndexedStringBytes is what an indexed string may hold, in bytes of UTF-8 (Data API,
// document.limits.max-string-length-in-bytes).
const MaxIndexedStringBytes = 8000

// The limits of a document: defaults of Data API v1.0.51, each observed, but for the exponent
// (1e400 is stored, 1e999999999 ended the server).
const (
	maxDocumentChars    = 4_000_000 // UTF-16 units of the whole JSON, _id and $vector included
	maxDepth            = 16        // objects and arrays, the document itself counts
	maxPathChars        = 1000      // UTF-16 units, names joined by dots
	maxObjectProperties = 1000      // of one indexed object
	maxProperties       = 2000      // indexed ones of a document
	maxArrayLength      = 1000      // of an indexed array
	maxNumberDigits     = 100
	maxExponent         = 400 // either way; our own
)

// checker holds a document against the limits, member by member. It is used once.
type checker struct {
	// malformed: some string of the record is not valid UTF-8, so each has to be looked at.
	malformed  bool
	path       []string
	pathBytes  int
	properties int
}

// document checks the fields of a whole document. extra counts the top-level fields that are
// not among them.
func (c *checker) document(fields []member, at place, extra int) *RejectError {
	root := value{kind: kindObject, children: fields}
	if err := c.object(root, 1, at, extra); err != nil {
		return err
	}
	if c.properties > maxProperties {
		return reject("", fmt.Sprintf("the document would have %d indexed properties and %d are allowed: "+
			"list only what you need in processing.metadata_fields", c.properties, maxProperties))
	}
	return nil
}

func (c *checker) value(v value, depth int, at place) *RejectError {
	switch v.kind {
	case kindString:
		return c.str(v.text, at)
	case kindNumber:
		if reason := numberProblem(v.text); reason != "" {
			return c.reject(reason)
		}
	case kindObject:
		return c.object(v, depth, at, 0)
	case kindArray:
		return c.array(v, depth, at)
	}
	return nil
}

func (c *checker) object(v value, depth int, at place, extra int) *RejectError {
	if depth > maxDepth {
		return c.rejectDepth()
	}
	properties := extra
	for i := range v.children {
		m := &v.children[i]
		below := at.under(m.name)
		if below.counts(m.value) {
			properties++
		}
		if err := c.member(m, depth, below); err != nil {
			return err
		}
	}
	if properties > maxObjectProperties {
		return c.reject(fmt.Sprintf("an object with %d indexed properties where %d are allowed",
			properties, maxObjectProperties))
	}
	c.properties += properties
	return nil
}

func (c *checker) member(m *member, depth int, at place) *RejectError {
	c.path = append(c.path, m.name)
	c.pathBytes += len(m.name) + 1
	if c.pathBytes-1 > maxPathChars {
		if n := utf16Len(strings.Join(c.path, ".")); n > maxPathChars {
			err := c.reject(fmt.Sprintf("a field path of %d characters where %d are allowed", n, maxPathChars))
			err.Field = strings.ToValidUTF8(err.Field[:40], "") + "..."
			return err
		}
	}
	if c.malformed && !utf8.ValidString(m.name) {
		return c.reject(reasonMalformed)
	}
	if err := c.value(m.value, depth+1, at); err != nil {
		return err
	}
	c.path = c.path[:len(c.path)-1]
	c.pathBytes -= len(m.name) + 1
	return nil
}

func (c *checker) array(v value, depth int, at place) *RejectError {
	if depth > maxDepth {
		return c.rejectDepth()
	}
	if len(v.children) > maxArrayLength && at.counts(v) {
		return c.reject(fmt.Sprintf("an indexed array of %d elements where %d are allowed: "+
			"leave the field out with processing.exclude_fields", len(v.children), maxArrayLength))
	}
	for i := range v.children {
		if err := c.value(v.children[i].value, depth+1, at); err != nil {
			return err
		}
	}
	return nil
}

func (c *checker) str(s string, at place) *RejectError {
	if c.malformed && !utf8.ValidString(s) {
		return c.reject(reasonMalformed)
	}
	if at.indexed && len(s) > MaxIndexedStringBytes {
		if len(c.path) == 1 && reservedName(c.path[0]) { // it cannot be anywhere else
			return c.reject(fmt.Sprintf("%d bytes where the collection's index takes %d", len(s), MaxIndexedStringBytes))
		}
		return c.reject(longReason(len(s)))
	}
	return nil
}

func (c *checker) rejectDepth() *RejectError {
	return c.reject(fmt.Sprintf("nested deeper than %d levels, the document itself counted", maxDepth))
}

func (c *checker) reject(reason string) *RejectError {
	return reject(sourcePath(c.path), reason)
}

const reasonMalformed = "a string that is not valid Unicode (a lone surrogate)"

// longReason says what helps when an indexed string is too long and has nowhere to go.
func longReason(bytes int) string {
	return fmt.Sprintf("a string of %d bytes where the collection's index takes %d: delete the collection "+
		`and run a refresh (it is then created with "indexing": {"deny": ["text", "_ab_long"]}, which keeps `+
		"long strings), or leave the field out with processing.exclude_fields", bytes, MaxIndexedStringBytes)
}

// sourcePath is a path of stored names with the source's names.
func sourcePath(path []string) string {
	names := make([]string, len(path))
	for i, name := range path {
		names[i] = name
		if source, escaped := UnescapeName(name); escaped {
			names[i] = source
		}
	}
	return strings.ToValidUTF8(strings.Join(names, "."), "\uFFFD")
}

// numberProblem returns why the Data API would not store a number, or "".
func numberProblem(number string) string {
	if len(number) <= 3 { // too short for either
		return ""
	}
	mantissa, exponent := number, ""
	if e := strings.IndexAny(number, "eE"); e >= 0 {
		mantissa, exponent = number[:e], strings.TrimLeft(number[e+1:], "+-0")
	}
	digits := len(exponent)
	for i := range len(mantissa) {
		if mantissa[i] >= '0' && mantissa[i] <= '9' {
			digits++
		}
	}
	if digits > maxNumberDigits {
		return fmt.Sprintf("a number of %d digits where %d are allowed", digits, maxNumberDigits)
	}
	if n := arrayIndex(exponent); exponent != "" && (n < 0 || n > maxExponent) {
		return fmt.Sprintf("a number with an exponent beyond %d", maxExponent)
	}
	return ""
}

// utf16Len is the length of s in UTF-16 units, which the Data API counts.
func utf16Len(s string) int {
	n := 0
	for _, r := range s {
		n++
		if r >= 0x10000 {
			n++
		}
	}
	return n
}

// utf16LenBytes is utf16Len without a copy.
func utf16LenBytes(b []byte) int {
	n := 0
	for len(b) > 0 {
		r, size := utf8.DecodeRune(b)
		b = b[size:]
		n++
		if r >= 0x10000 {
			n++
		}
	}
	return n
}
