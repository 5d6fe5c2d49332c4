package reading

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/internal/failure"
	"destination-astra/protocol"
)

// readPlace says where a configured stream is stored and what of it is wanted.
type readPlace struct {
	descriptor protocol.StreamDescriptor
	collection string
	stream     string   // _ab_stream
	fields     []string // as in a record, sorted; nil for every stored field but $vector
}

// readPlaces finds the catalog's streams: a namespace that is the name of a collection
// means that collection, as discover prints it; any other one is part of _ab_stream, as
// write stores it, so the catalog of a write reads what that wrote.
func readPlaces(ctx context.Context, c *clients.Clients, catalog *protocol.Catalog) ([]readPlace, error) {
	all, err := c.Database.FindCollections(ctx)
	if err != nil {
		return nil, err
	}
	byName := map[string]*astra.CollectionDescriptor{}
	for i := range all {
		byName[all[i].Name] = &all[i]
	}
	places := make([]readPlace, 0, len(catalog.Streams))
	for i := range catalog.Streams {
		s := &catalog.Streams[i]
		p := readPlace{descriptor: s.Stream.Descriptor(), collection: c.Config.Indexing.Collection}
		p.stream = document.Stream{Descriptor: p.descriptor}.Name()
		if byName[p.descriptor.Namespace] != nil {
			p.collection, p.stream = p.descriptor.Namespace, p.descriptor.Name
		}
		d := byName[p.collection]
		if d == nil {
			return nil, &failure.ConfigError{Reason: fmt.Sprintf(
				"the collection %q does not exist: check indexing.collection and indexing.astra_db_keyspace, "+
					"or write to it first", p.collection)}
		}
		if !clients.IndexingOf(d).Indexes(document.FieldStream) {
			return nil, &failure.ConfigError{Reason: fmt.Sprintf(
				"the collection %q does not index %s, so its streams cannot be told apart",
				p.collection, document.FieldStream)}
		}
		if p.fields, err = selectedFields(s); err != nil {
			return nil, err
		}
		places = append(places, p)
	}
	return places, nil
}

// selectedFields are the names in the stream's json_schema.
func selectedFields(s *protocol.ConfiguredStream) ([]string, error) {
	var schema struct {
		Properties map[string]json.RawMessage `json:"properties"`
	}
	if len(s.Stream.JSONSchema) == 0 {
		return nil, nil // callers other than the platform leave it out
	}
	if err := json.Unmarshal(s.Stream.JSONSchema, &schema); err != nil {
		d := s.Stream.Descriptor()
		return nil, &failure.ConfigError{Stream: &d, Reason: fmt.Sprintf("stream %q: json_schema", d), Err: err}
	}
	return slices.Sorted(maps.Keys(schema.Properties)), nil
}

// filter matches the stream's documents.
func (p *readPlace) filter() map[string]any { return map[string]any{document.FieldStream: p.stream} }

// projection asks for the selected fields. _ab_stream is always among them: without the
// name of a plain field the server sends the whole document (Data API v1.0.51, observed).
func (p *readPlace) projection() map[string]any {
	if p.fields == nil {
		return map[string]any{"$vector": 0}
	}
	asked := map[string]any{document.FieldID: 1, document.FieldStream: 1}
	for _, name := range p.fields {
		if name == FieldVector {
			asked["$vector"] = 1
		} else if stored := storedField(name); stored != "" && stored[0] != '$' {
			asked[astra.EscapePath(stored)] = 1
		}
	}
	return asked
}

// decode splits a page's documents into their fields, whose values stay as they came:
// a number must not lose digits on its way through.
func (p *readPlace) decode(raw []json.RawMessage) ([]clients.Fields, error) {
	docs := make([]clients.Fields, len(raw))
	for i := range raw {
		if err := json.Unmarshal(raw[i], &docs[i]); err != nil {
			return nil, fmt.Errorf("find: document %.200s: %w", raw[i], err)
		}
	}
	return docs, nil
}

// record is a document's selected fields as a record's data; those that it lacks are
// left out.
func (p *readPlace) record(d clients.Fields) (json.RawMessage, error) {
	data := make(map[string]json.RawMessage, len(d))
	if p.fields == nil {
		for name, value := range d {
			if name != "$vector" {
				data[recordField(name)] = value
			}
		}
	}
	for _, name := range p.fields {
		value, ok := d[storedField(name)]
		if !ok {
			continue
		}
		if name == FieldVector {
			vector, err := astra.VectorFrom(value)
			if err != nil {
				return nil, fmt.Errorf("document %s: %w", d[document.FieldID], err)
			}
			if value, err = json.Marshal(vector); err != nil {
				return nil, fmt.Errorf("document %s: $vector: %w", d[document.FieldID], err)
			}
		}
		data[name] = value
	}
	return json.Marshal(data)
}
