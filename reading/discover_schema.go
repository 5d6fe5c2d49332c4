package reading

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"

	"destination-astra/document"
	"destination-astra/internal/clients"
)

// maxShapeFields bounds the fields that a nested object's schema lists. An object with
// more is a map rather than a structure, and its keys say nothing about other records.
const maxShapeFields = 200

// shape is what the values seen at one place look like.
type shape struct {
	types  map[string]bool // JSON schema's names, without "null", which is always there
	fields map[string]*shape
	items  *shape
}

// inferSchema is the schema of a stream of which docs are a sample. Every type allows
// null and further fields are allowed, because other documents may differ.
func inferSchema(docs []clients.Fields, vectors bool) json.RawMessage {
	fields := map[string]*shape{}
	for _, d := range docs {
		for name, raw := range d {
			name = recordField(name)
			if fields[name] == nil {
				fields[name] = &shape{}
			}
			fields[name].add(raw)
		}
	}
	properties := map[string]any{}
	for name, s := range fields {
		properties[name] = s.schema()
	}
	if vectors {
		properties[FieldVector] = map[string]any{
			"type": []string{"array", "null"}, "items": map[string]any{"type": "number"}}
	}
	// A map's keys are encoded in order, so equal samples give equal text; it holds nothing
	// that cannot be encoded.
	text, _ := json.Marshal(map[string]any{
		"$schema": "http://json-schema.org/draft-07/schema#", "type": "object",
		"additionalProperties": true, "properties": properties,
	})
	return text
}

// add takes one value. The Data API returns valid JSON, so decoding cannot fail.
func (s *shape) add(raw json.RawMessage) {
	raw = bytes.TrimSpace(raw)
	switch {
	case len(raw) == 0 || raw[0] == 'n':
	case raw[0] == '{':
		s.see("object")
		s.addObject(raw)
	case raw[0] == '[':
		s.see("array")
		var items []json.RawMessage
		_ = json.Unmarshal(raw, &items)
		for _, item := range items {
			if s.items == nil {
				s.items = &shape{}
			}
			s.items.add(item)
		}
	case raw[0] == '"':
		s.see("string")
	case raw[0] == 't' || raw[0] == 'f':
		s.see("boolean")
	case strings.ContainsAny(string(raw), ".eE"):
		s.see("number")
	default:
		s.see("integer")
	}
}

// addObject takes an object's members.
func (s *shape) addObject(raw json.RawMessage) {
	var members map[string]json.RawMessage
	_ = json.Unmarshal(raw, &members)
	if s.fields == nil {
		s.fields = map[string]*shape{}
	}
	for name, value := range members {
		if s.fields[name] == nil {
			s.fields[name] = &shape{}
		}
		s.fields[name].add(value)
	}
}

func (s *shape) see(name string) {
	if s.types == nil {
		s.types = map[string]bool{}
	}
	s.types[name] = true
}

// schema describes what was seen. A whole number is a number too, so "number" covers both.
func (s *shape) schema() map[string]any {
	if len(s.types) == 0 {
		return map[string]any{} // only null was seen: anything may come
	}
	types := slices.Sorted(maps.Keys(s.types))
	if s.types["number"] {
		types = slices.DeleteFunc(types, func(t string) bool { return t == "integer" })
	}
	schema := map[string]any{"type": append(types, "null")}
	if len(s.fields) > 0 && len(s.fields) <= maxShapeFields {
		properties := map[string]any{}
		for name, field := range s.fields {
			properties[name] = field.schema()
		}
		schema["properties"] = properties
	}
	if s.items != nil {
		schema["items"] = s.items.schema()
	}
	return schema
}

// recordField is the name that a stored field has in a record that is read, and
// storedField the way back. Only a stored field that has the vector's name gets another
// one, in the way in which the document's layout renames fields; such a name is never
// stored, because a source field that has it is renamed itself.
func recordField(stored string) string {
	if stored == FieldVector {
		return document.EscapeName(FieldVector)
	}
	return stored
}

func storedField(name string) string {
	switch name {
	case FieldVector:
		return "$vector"
	case document.EscapeName(FieldVector):
		return FieldVector
	}
	return name
}
