package document

import "strings"

// The names of a document's own fields. A source field never has one of them.
const (
	FieldID           = "_id"
	FieldText         = "text"
	FieldStream       = "_ab_stream"
	FieldRecordID     = "_ab_record_id"
	FieldGenerationID = "_ab_generation_id"
	FieldAttempt      = "_ab_attempt"
	FieldChunkIndex   = "_ab_chunk_index"
	FieldTextHash     = "_ab_text_hash"
	FieldEmbedder     = "_ab_embedder"
	FieldLong         = "_ab_long"
)

// escapePrefix begins the name of a source field that could not keep its own.
const escapePrefix = "_ab_field_"

// reservedName reports whether a top-level source field must be renamed because the name is
// one of the document's own. Whether the field is written this time does not matter: a name
// that depended on the options would be two names.
func reservedName(name string) bool {
	switch name {
	case FieldID, FieldText, FieldStream, FieldRecordID, FieldGenerationID, FieldAttempt,
		FieldChunkIndex, FieldTextHash, FieldEmbedder, FieldLong:
		return true
	}
	return false
}

// oddName reports whether a name cannot stay at any depth: the Data API refuses empty names and
// those that start with "$" (v1.0.51, observed: SHRED_BAD_FIELD_NAME), and a name with the
// prefix of renamed fields must not look like one.
func oddName(name string) bool {
	return name == "" || name[0] == '$' || strings.HasPrefix(name, escapePrefix)
}

// EscapeName returns the name under which a source field is stored that cannot keep its own:
// "_ab_field_" and the name with "$" as "_S" and "_" as "__", or "_ab_field__E" for the empty
// name. Different names stay different, and [UnescapeName] gives the name back.
func EscapeName(name string) string {
	if name == "" {
		return escapePrefix + "_E"
	}
	out := make([]byte, 0, len(escapePrefix)+len(name)+4)
	out = append(out, escapePrefix...)
	for i := range len(name) {
		switch c := name[i]; c {
		case '$':
			out = append(out, "_S"...)
		case '_':
			out = append(out, "__"...)
		default:
			out = append(out, c)
		}
	}
	return string(out)
}

// UnescapeName returns the source's name of a field that [EscapeName] renamed. It reports false
// for a name that EscapeName does not make; such a field kept the source's name.
func UnescapeName(name string) (string, bool) {
	rest, found := strings.CutPrefix(name, escapePrefix)
	if !found || rest == "" {
		return "", false
	}
	if rest == "_E" {
		return "", true
	}
	out := make([]byte, 0, len(rest))
	for i := 0; i < len(rest); i++ {
		switch c := rest[i]; {
		case c == '$':
			return "", false
		case c != '_':
			out = append(out, c)
		case strings.HasPrefix(rest[i:], "__"):
			out = append(out, '_')
			i++
		case strings.HasPrefix(rest[i:], "_S"):
			out = append(out, '$')
			i++
		default:
			return "", false
		}
	}
	return string(out), true
}

// renamer gives the fields of one record names that can be stored, and remembers which of the
// source's it changed.
type renamer struct {
	renamed []string // by path, without array indexes
	known   map[string]bool
}

// fields renames top-level fields in place, and what is odd inside them if deep is set.
func (r *renamer) fields(fields []member, deep bool) {
	for i := range fields {
		f := &fields[i]
		source := f.name
		if oddName(f.name) || reservedName(f.name) {
			f.name = r.escape(f.name, source)
		}
		if deep {
			f.value = r.inside(f.value, source)
		}
	}
}

// inside returns the value with the odd names in it escaped. It copies what it changes, because
// two selected fields may share a part of the record.
func (r *renamer) inside(v value, path string) value {
	if !v.isContainer() {
		return v
	}
	children := make([]member, len(v.children))
	for i, m := range v.children {
		below := path
		if v.kind == kindObject {
			below = path + "." + m.name
			if oddName(m.name) {
				m.name = r.escape(m.name, below)
			}
		}
		children[i] = member{m.name, r.inside(m.value, below)}
	}
	v.children = children
	return v
}

func (r *renamer) escape(name, path string) string {
	if !r.known[path] {
		if r.known == nil {
			r.known = map[string]bool{}
		}
		r.known[path] = true
		r.renamed = append(r.renamed, path)
	}
	return EscapeName(name)
}
