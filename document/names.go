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

// RenamedField is a source field that could not keep its name. Both are dotted paths without
// array indexes, as the source and as the document has them.
type RenamedField struct{ Field, StoredAs string }

// renamer gives the fields of one record names that can be stored, and remembers which of the
// source's it changed.
type renamer struct {
	renamed []RenamedField
	known   map[string]bool // by the source's path
}

// fields renames top-level fields in place, and what is odd inside them if deep is set.
func (r *renamer) fields(fields []member, deep bool) {
	for i := range fields {
		f := &fields[i]
		source := f.name
		if oddName(f.name) || reservedName(f.name) {
			f.name = EscapeName(f.name)
			r.note(source, f.name)
		}
		if deep {
			f.value = r.inside(f.value, source, f.name)
		}
	}
}

// inside returns the value with the odd names in it escaped. It copies what it changes, because
// two selected fields may share a part of the record.
func (r *renamer) inside(v value, source, stored string) value {
	if !v.isContainer() {
		return v
	}
	children := make([]member, len(v.children))
	for i, m := range v.children {
		from, to := source, stored
		if v.kind == kindObject {
			from = source + "." + m.name
			odd := oddName(m.name)
			if odd {
				m.name = EscapeName(m.name)
			}
			if to = stored + "." + m.name; odd {
				r.note(from, to)
			}
		}
		children[i] = member{m.name, r.inside(m.value, from, to)}
	}
	v.children = children
	return v
}

// note remembers a field once.
func (r *renamer) note(source, stored string) {
	if r.known[source] {
		return
	}
	if r.known == nil {
		r.known = map[string]bool{}
	}
	r.known[source] = true
	r.renamed = append(r.renamed, RenamedField{Field: source, StoredAs: stored})
}

// IsOwnField reports whether a field of a document is the layout's own and not the
// source's.
func IsOwnField(name string) bool { return name == "$vector" || reservedName(name) }
