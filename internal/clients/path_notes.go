package clients

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"destination-astra/spec"
)

// PathNotes say which configured paths cannot be what was meant: they are taken as they
// are, because a record may have such a name, but most often they select nothing, and a
// sync would store records without their text.
func PathNotes(config *spec.Config) []string {
	p := config.Processing
	var notes []string
	for _, setting := range []struct {
		name  string
		paths []string
	}{
		{"processing.text_fields", p.TextFields},
		{"processing.metadata_fields", p.MetadataFields},
		{"processing.exclude_fields", p.ExcludeFields},
		{"embedding.field_name", fieldName(config)},
	} {
		for _, path := range setting.paths {
			if oddity := oddPath(path); oddity != "" {
				notes = append(notes, fmt.Sprintf("%s: %q %s.", setting.name, path, oddity))
			}
		}
	}
	if excludesText(p) {
		notes = append(notes, "processing.exclude_fields leaves out every field that is to be embedded: "+
			"no record has a text then, and each is rejected.")
	}
	return notes
}

func fieldName(config *spec.Config) []string {
	if name := config.Embedding.FieldName; name != "" {
		return []string{name}
	}
	return nil
}

// oddPath says what is odd about a path, or nothing.
func oddPath(path string) string {
	switch {
	case strings.TrimSpace(path) != path:
		return "begins or ends with white space, which is taken as part of the name; most often it is a typing error"
	case strings.HasPrefix(path, "$."), strings.HasPrefix(path, "/"):
		return "looks like a JSONPath or a JSON pointer; write names separated by dots, such as user.name"
	case slices.Contains(strings.Split(strings.TrimLeft(path, "."), "."), ""):
		return "has an empty name between or behind its dots, which only a field without a name matches"
	}
	return ""
}

// excludesText reports whether the excluded fields cover all that is to be embedded.
func excludesText(p spec.Processing) bool {
	if len(p.TextFields) == 0 {
		return slices.Contains(p.ExcludeFields, "*") || slices.Contains(p.ExcludeFields, "**")
	}
	for _, field := range p.TextFields {
		if !slices.ContainsFunc(p.ExcludeFields, func(e string) bool { return covers(e, field) }) {
			return false
		}
	}
	return true
}

// covers reports whether excluding one path leaves nothing of the other: it is the same
// one, or one above it, name by name.
func covers(excluded, field string) bool {
	if excluded == "**" {
		return true
	}
	names := strings.Split(strings.TrimLeft(field, "."), ".")
	outer := strings.Split(strings.TrimLeft(excluded, "."), ".")
	if len(outer) > len(names) {
		return false
	}
	for i, pattern := range outer {
		if matched, err := path.Match(pattern, names[i]); pattern != names[i] && (err != nil || !matched) {
			return false
		}
	}
	return true
}
