package localastra

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Limits of one document (document.limits.*, Data API v1.0.51).
const (
	maxDocumentChars   = 4_000_000 // UTF-16 units of the serialised document
	maxDepth           = 16        // objects and arrays, the root counted
	maxPathLength      = 1000      // names joined by dots
	maxStringBytes     = 8000      // of an indexed string
	maxObjectFields    = 1000      // of an indexed object
	maxDocumentFields  = 2000      // indexed, of the whole document
	maxArrayLength     = 1000      // of an indexed array
	maxVectorDimension = 4096
)

// shredded is a document that passed every check, ready to store.
type shredded struct {
	id     value
	fields value   // with $vector: true in place of a vector
	body   []byte  // the JSON text of fields
	vector *vector // nil: no vector, or the stored one stays
}

// shred checks a document and takes it apart. A document without _id gets one. The
// error names the document when its _id could be read.
func (c *collection) shred(document value) (*shredded, *apiError) {
	if document.kind != kindObject {
		return nil, errorf("SHRED_BAD_DOCUMENT_TYPE", "Bad document type to shred: document must be a JSON Object, "+
			"instead got a JSON %s.", document.typeName())
	}
	id, has := document.get("_id")
	if !has {
		id = c.options.newID()
	}
	if err := checkID(id); err != nil {
		return nil, err
	}
	d := &shredded{id: id, fields: idFirst(document, id)}
	if err := c.takeVector(d); err != nil {
		return nil, err.of(id)
	}
	if err := c.check(d); err != nil {
		return nil, err.of(id)
	}
	return d, nil
}

// idFirst puts _id before the other fields, as the real server does.
func idFirst(document, id value) value {
	fields := make([]field, 1, len(document.fields)+1)
	fields[0] = field{"_id", id}
	for _, f := range document.fields {
		if f.name != "_id" {
			fields = append(fields, f)
		}
	}
	return objectValue(fields...)
}

// takeVector moves the vector out of the fields. A $vector of true stands for the
// vector that is stored already; no request can bring one.
func (c *collection) takeVector(d *shredded) *apiError {
	given, has := d.fields.get(vectorField)
	if !has || given.kind == kindNull || given.kind == kindTrue {
		return nil
	}
	if n := len(given.items); n > maxVectorDimension {
		return limitError("number of elements Vector embedding (field '$vector') has (%d) exceeds maximum "+
			"allowed (%d)", n, maxVectorDimension)
	}
	v, err := parseVector(given)
	if err != nil {
		return err
	}
	if err := v.check(c); err != nil {
		return err
	}
	d.vector = v
	d.fields = d.fields.with(vectorField, value{kind: kindTrue})
	return nil
}

// check measures a document against the limits, in the order in which the Data API
// reports them: size first, then structure, then lexical content.
func (c *collection) check(d *shredded) *apiError {
	d.body = d.fields.appendJSON(make([]byte, 0, 512))
	if n := c.chars(d); n > maxDocumentChars {
		return limitError("document size (%d chars) exceeds maximum allowed (%d)", n, maxDocumentChars)
	}
	s := &shredder{options: &c.options}
	if err := s.object(d.fields, nil, 1); err != nil {
		return err
	}
	if s.fields > maxDocumentFields {
		return limitError("total number of indexed properties (%d) in document exceeds maximum allowed (%d)",
			s.fields, maxDocumentFields)
	}
	if s.halfSurrogate {
		return driverError("a string has half of a surrogate pair")
	}
	return c.checkLexical(d.fields)
}

// chars is the length of the document in UTF-16 units, its vector included. The limit
// of the real server counts the characters of Java, of which letters beyond the basic
// plane take two.
func (c *collection) chars(d *shredded) int {
	n := len(d.body)
	if d.vector != nil {
		n += max(len(d.vector.array), 6*len(d.vector.floats))
	}
	if n <= maxDocumentChars {
		return n
	}
	units := n - len(d.body)
	for _, r := range string(d.body) {
		units += utf16.RuneLen(r)
	}
	return units
}

// limitError says which limit a document breaks.
func limitError(format string, args ...any) *apiError {
	return newError("SHRED_DOC_LIMIT_VIOLATION", "Document size limitation violated: "+
		fmt.Sprintf(format, args...)+".")
}

// shredder walks a document and checks names and sizes.
type shredder struct {
	options       *collectionOptions
	fields        int // indexed ones
	halfSurrogate bool
}

// object walks the fields of an object. path leads to it and depth counts it in; the
// root has depth 1. Names are checked even where nothing is indexed.
func (s *shredder) object(v value, path []string, depth int) *apiError {
	if depth > maxDepth {
		return limitError("document depth exceeds maximum allowed (%d)", maxDepth)
	}
	indexed := 0
	for _, f := range v.fields {
		if err := checkName(f.name, depth); err != nil {
			return err
		}
		s.halfSurrogate = s.halfSurrogate || !utf8.ValidString(f.name)
		at := append(path[:len(path):len(path)], f.name)
		if n := pathLength(at); n > maxPathLength {
			return limitError("field path length (%d) exceeds maximum allowed (%d) (path ends with '%s')",
				n, maxPathLength, f.name)
		}
		if s.options.covers(at) {
			indexed++
		}
		if err := s.value(f.value, at, depth); err != nil {
			return err
		}
	}
	s.fields += indexed
	if indexed > maxObjectFields {
		return limitError("number of properties an indexable Object (field '%s') has (%d) exceeds maximum "+
			"allowed (%d)", lastName(path), indexed, maxObjectFields)
	}
	return nil
}

// checkName refuses empty names and those with a leading $, but the special ones at
// the top.
func checkName(name string, depth int) *apiError {
	if name == "" {
		return newError("SHRED_BAD_FIELD_NAME", "Document field name not valid: field name '' is empty.")
	}
	special := depth == 1 && (name == vectorField || name == lexicalField || name == vectorizeField)
	if strings.HasPrefix(name, "$") && !special {
		return errorf("SHRED_BAD_FIELD_NAME", "Document field name not valid: field name '%s' starts with '$'.", name)
	}
	return nil
}

// value walks one value. Strings are bounded in bytes, because the index stores bytes,
// and only where they are indexed.
func (s *shredder) value(v value, path []string, depth int) *apiError {
	switch v.kind {
	case kindString:
		s.halfSurrogate = s.halfSurrogate || !utf8.ValidString(v.text)
		if len(v.text) > maxStringBytes && s.options.covers(path) && path[0] != lexicalField {
			return limitError("indexed String value (field '%s') length (%d bytes) exceeds maximum allowed (%d bytes)",
				lastName(path), len(v.text), maxStringBytes)
		}
	case kindArray:
		return s.array(v, path, depth+1)
	case kindObject:
		if name, content, ok := v.extended(); ok {
			return checkExtended(name, content, path)
		}
		return s.object(v, path, depth+1)
	}
	return nil
}

// array walks the elements under the path of the array itself: positions are not part
// of indexing rules.
func (s *shredder) array(v value, path []string, depth int) *apiError {
	if depth > maxDepth {
		return limitError("document depth exceeds maximum allowed (%d)", maxDepth)
	}
	if n := len(v.items); n > maxArrayLength && s.options.covers(path) {
		return limitError("number of elements an indexable Array (field '%s') has (%d) exceeds maximum allowed (%d)",
			lastName(path), n, maxArrayLength)
	}
	for _, item := range v.items {
		if err := s.value(item, path, depth); err != nil {
			return err
		}
	}
	return nil
}

// checkExtended checks {"$date": milliseconds} and the like inside a document. Other
// names with a leading $ are refused as names. $binary is stored as it comes.
func checkExtended(name string, content value, path []string) *apiError {
	switch {
	case name == "$date" && content.kind != kindNumber:
		return errorf("SHRED_BAD_EJSON_VALUE", "Bad JSON Extension value to shred: Date ($date) needs to have Number "+
			"value, had %s (path '%s').", content.typeName(), joinPath(path))
	case name == "$uuid" && !isUUID(content) || name == "$objectId" && !isObjectID(content):
		return errorf("SHRED_BAD_EJSON_VALUE",
			"Bad JSON Extension value to shred: invalid '%s' value (%s) (path '%s').",
			name, content.json(), joinPath(path))
	}
	return nil
}

// pathLength counts characters, with a dot between names.
func pathLength(path []string) int {
	n := len(path) - 1
	for _, name := range path {
		n += utf8.RuneCountInString(name)
	}
	return n
}

// lastName is how limit messages name a path; the root is "null".
func lastName(path []string) string {
	if len(path) == 0 {
		return "null"
	}
	return path[len(path)-1]
}
