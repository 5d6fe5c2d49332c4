package protocol

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"destination-astra/internal/jsonscan"
)

// ParseCatalog parses a ConfiguredAirbyteCatalog. Its error is a *CatalogError with every
// problem found. Unknown members are ignored, a null counts as absent.
func ParseCatalog(data []byte) (*Catalog, error) {
	p := &catalogParser{}
	catalog := p.catalog(data)
	if len(p.problems) > 0 {
		return nil, &CatalogError{Problems: p.problems}
	}
	return catalog, nil
}

// catalogParser collects problems while it walks over the catalog.
type catalogParser struct {
	problems []CatalogProblem
}

// node is a value of the catalog and its path; raw is empty when it is absent or null.
type node struct {
	path string
	raw  json.RawMessage
}

// fail notes a problem of a node.
func (p *catalogParser) fail(n node, format string, args ...any) {
	p.problems = append(p.problems, CatalogProblem{n.path, fmt.Sprintf(format, args...)})
}

func (p *catalogParser) catalog(data []byte) *Catalog {
	// encoding/json would mend invalid UTF-8 silently, and a mended name matches no record.
	if !utf8.Valid(data) {
		p.fail(node{}, "invalid UTF-8 at byte %d", invalidUTF8(data))
		return nil
	}
	s := jsonscan.New(data)
	err := s.Skip()
	if err == nil {
		err = s.End()
	}
	if err != nil {
		p.fail(node{}, "invalid JSON: %s", err)
		return nil
	}
	top := p.object(node{raw: bytes.TrimSpace(data)})
	if top == nil {
		return nil
	}
	list := p.list(top.required(p, "streams"))
	catalog := &Catalog{Streams: make([]ConfiguredStream, 0, len(list))}
	first := make(map[StreamDescriptor]string, len(list))
	for _, n := range list {
		c := p.configuredStream(n)
		d := c.Stream.StreamDescriptor
		if other, ok := first[d]; ok && d.Name != "" {
			p.fail(node{path: n.path + ".stream"}, "%q is also %s.stream", d, other)
		} else {
			first[d] = n.path
		}
		catalog.Streams = append(catalog.Streams, c)
	}
	return catalog
}

// configuredStream reads one member of streams. Whether the connector supports its mode is the
// connector's to say.
func (p *catalogParser) configuredStream(n node) ConfiguredStream {
	m := p.object(n)
	if m == nil {
		return ConfiguredStream{}
	}
	c := ConfiguredStream{
		Stream: p.stream(m.required(p, "stream")),
		SyncMode: oneOf(p, m.required(p, "sync_mode"),
			FullRefresh, Incremental),
		DestinationSyncMode: oneOf(p, m.required(p, "destination_sync_mode"),
			Append, Overwrite, AppendDedup, Update, SoftDelete),
		CursorField:         p.strings(m.member("cursor_field")),
		PrimaryKey:          p.paths(m.member("primary_key")),
		GenerationID:        p.integer(m.member("generation_id")),
		MinimumGenerationID: p.integer(m.member("minimum_generation_id")),
		SyncID:              p.integer(m.member("sync_id")),
	}
	p.numbers(m, &c)
	return c
}

// numbers refuses what no caller can mean: a negative number, and a minimum above the
// generation, which would delete what this very sync writes.
func (p *catalogParser) numbers(m *members, c *ConfiguredStream) {
	for _, one := range []struct {
		name  string
		value *int64
	}{{"generation_id", c.GenerationID}, {"minimum_generation_id", c.MinimumGenerationID}, {"sync_id", c.SyncID}} {
		if one.value != nil && *one.value < 0 {
			p.fail(m.member(one.name), "is %d, but cannot be negative", *one.value)
		}
	}
	if c.GenerationID != nil && c.MinimumGenerationID != nil && *c.MinimumGenerationID > *c.GenerationID {
		p.fail(m.member("minimum_generation_id"), "is %d, more than generation_id, which is %d",
			*c.MinimumGenerationID, *c.GenerationID)
	}
}

// stream reads an AirbyteStream. Only the name is required of it: the rest tells about the
// source, and callers other than the platform leave it out.
func (p *catalogParser) stream(n node) Stream {
	m := p.object(n)
	if m == nil {
		return Stream{}
	}
	s := Stream{
		JSONSchema:              m.member("json_schema").raw,
		DefaultCursorField:      p.strings(m.member("default_cursor_field")),
		SourceDefinedPrimaryKey: p.paths(m.member("source_defined_primary_key")),
		IsResumable:             p.boolean(m.member("is_resumable")),
	}
	s.Name = p.text(m.required(p, "name"))
	s.Namespace = p.text(m.member("namespace"))
	if name := m.member("name"); string(name.raw) == `""` {
		p.fail(name, "is empty")
	}
	p.object(m.member("json_schema"))
	if defined := p.boolean(m.member("source_defined_cursor")); defined != nil {
		s.SourceDefinedCursor = *defined
	}
	// What the source supports decides nothing here, so a newer mode is no problem.
	for _, mode := range p.strings(m.member("supported_sync_modes")) {
		s.SupportedSyncModes = append(s.SupportedSyncModes, SyncMode(mode))
	}
	return s
}

// members are the members of an object at a path; the last of duplicates counts.
type members struct {
	path   string
	values map[string]json.RawMessage
}

// member returns a member that may be absent.
func (m *members) member(name string) node {
	n := node{path: strings.TrimPrefix(m.path+"."+name, "."), raw: m.values[name]}
	if isAbsent(n.raw) {
		n.raw = nil
	}
	return n
}

// required returns a member, and notes a problem when it is absent.
func (m *members) required(p *catalogParser, name string) node {
	n := m.member(name)
	if n.raw == nil {
		p.fail(n, "is missing")
	}
	return n
}

// object returns the members of an object; nil when there is none.
func (p *catalogParser) object(n node) *members {
	m := &members{path: n.path}
	if !decode(p, n, "an object", &m.values) || m.values == nil {
		return nil
	}
	return m
}

// list returns the items of a list, none for an absent one.
func (p *catalogParser) list(n node) []node {
	var raw []json.RawMessage
	decode(p, n, "a list", &raw)
	nodes := make([]node, len(raw))
	for i := range raw {
		nodes[i] = node{path: n.path + "[" + strconv.Itoa(i) + "]", raw: raw[i]}
	}
	return nodes
}

// strings returns a list of strings, nil for an absent or empty one.
func (p *catalogParser) strings(n node) []string {
	var texts []string
	for _, item := range p.list(n) {
		texts = append(texts, p.text(item))
	}
	return texts
}

// paths returns a list of paths into a record, none of which may be empty.
func (p *catalogParser) paths(n node) [][]string {
	var paths [][]string
	for _, item := range p.list(n) {
		path := p.strings(item)
		if len(path) == 0 && string(item.raw) == "[]" {
			p.fail(item, "is an empty path")
		}
		paths = append(paths, path)
	}
	return paths
}

// text returns "" for an absent string.
func (p *catalogParser) text(n node) string {
	var text string
	decode(p, n, "a string", &text)
	return text
}

// integer returns nil for an absent number, which is different from 0.
func (p *catalogParser) integer(n node) *int64 {
	var value *int64
	decode(p, n, "an integer", &value)
	return value
}

// boolean returns nil for an absent value.
func (p *catalogParser) boolean(n node) *bool {
	var value *bool
	decode(p, n, "true or false", &value)
	return value
}

// oneOf returns a string of an enumeration.
func oneOf[T ~string](p *catalogParser, n node, allowed ...T) T {
	problems := len(p.problems)
	value := T(p.text(n))
	if n.raw == nil || len(p.problems) > problems || slices.Contains(allowed, value) {
		return value
	}
	names := make([]string, len(allowed))
	for i, a := range allowed {
		names[i] = string(a)
	}
	p.fail(n, "%q is not one of %s", string(value), strings.Join(names, ", "))
	return value
}

// decode decodes a value that is present, and notes a problem when it is not what is wanted.
func decode(p *catalogParser, n node, wanted string, into any) bool {
	if n.raw == nil {
		return false
	}
	if err := json.Unmarshal(n.raw, into); err != nil || isAbsent(n.raw) {
		p.fail(n, "is not %s", wanted)
		return false
	}
	return true
}
