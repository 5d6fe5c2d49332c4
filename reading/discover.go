package reading

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/protocol"
)

// schemaSample is how many documents of a stream its schema is inferred from. The
// server returns them in the order of a hash of their _id, so they are no worse than
// random ones.
const schemaSample = 200

// FieldVector is the name under which [Read] prints $vector, which cannot be
// the name of a field elsewhere.
const FieldVector = "_vector"

// Discover describes the streams that the keyspace's collections hold: one for each
// _ab_stream. Those of the configured collection have no namespace; those of another
// collection have its name as theirs. Schemas and keys come from a sample of
// [schemaSample] documents a stream. Documents without _ab_stream belong to no stream.
//
// Finding n streams takes n+1 calls where the server answers $nin; where it does not,
// every document is paged through (without its content).
func Discover(ctx context.Context, c *clients.Clients) ([]protocol.Stream, error) {
	all, err := c.Database.FindCollections(ctx)
	if err != nil {
		return nil, err
	}
	found := []protocol.Stream{}
	for i := range all {
		streams, err := discoverCollection(ctx, c, &all[i])
		if err != nil {
			return nil, fmt.Errorf("discover: collection %q: %w", all[i].Name, err)
		}
		found = append(found, streams...)
	}
	slices.SortFunc(found, func(a, b protocol.Stream) int {
		return slices.Compare([]string{a.Namespace, a.Name}, []string{b.Namespace, b.Name})
	})
	return found, nil
}

// discoverCollection describes the streams of one collection. Without an index on
// _ab_stream its streams cannot be asked for.
func discoverCollection(
	ctx context.Context, c *clients.Clients, d *astra.CollectionDescriptor,
) ([]protocol.Stream, error) {
	if !clients.IndexingOf(d).Indexes(document.FieldStream) {
		c.Log.Info("the collection does not index "+document.FieldStream+" and is left out", "collection", d.Name)
		return nil, nil
	}
	coll := c.Database.Collection(d.Name)
	names, err := streamNames(ctx, coll)
	if err != nil {
		return nil, err
	}
	streams := make([]protocol.Stream, 0, len(names))
	for _, name := range names {
		docs, err := sampleStream(ctx, coll, name)
		if err != nil {
			return nil, fmt.Errorf("stream %q: %w", name, err)
		}
		descriptor := protocol.StreamDescriptor{Name: name}
		if d.Name != c.Config.Indexing.Collection {
			descriptor.Namespace = d.Name
		}
		resumable := true
		streams = append(streams, protocol.Stream{
			StreamDescriptor: descriptor, JSONSchema: inferSchema(docs, d.Options.Vector != nil),
			SupportedSyncModes:      []protocol.SyncMode{protocol.FullRefresh},
			SourceDefinedPrimaryKey: inferKey(name, docs), IsResumable: &resumable,
		})
	}
	return streams, nil
}

// sampleStream reads the first documents of a stream, without their vectors.
func sampleStream(ctx context.Context, coll clients.Finder, name string) ([]clients.Fields, error) {
	var docs []clients.Fields
	query := astra.FindQuery{
		Filter:     map[string]any{document.FieldStream: name},
		Projection: map[string]any{"$vector": 0},
		Limit:      schemaSample,
	}
	err := coll.FindAll(ctx, query, func(raw json.RawMessage) error {
		var d clients.Fields
		if err := json.Unmarshal(raw, &d); err != nil {
			return fmt.Errorf("find: document %.200s: %w", raw, err)
		}
		docs = append(docs, d)
		return nil
	})
	return docs, err
}

// streamNames returns each text that is an _ab_stream of the collection, sorted. It
// asks for one document of a stream that it does not know yet, until there is none.
func streamNames(ctx context.Context, coll clients.Finder) ([]string, error) {
	var values []json.RawMessage // of any type: what other writers left is passed over too
	for {
		value, err := otherStream(ctx, coll, values)
		switch {
		case clients.IsRefusedFilter(err):
			return allStreamNames(ctx, coll)
		case err != nil:
			return nil, err
		case value == nil:
			return texts(values), nil
		}
		values = append(values, value)
	}
}

// otherStream returns the _ab_stream of a document with one that is not known, or nil.
func otherStream(ctx context.Context, coll clients.Finder, known []json.RawMessage) (value json.RawMessage, err error) {
	query := astra.FindQuery{Filter: notIn(known), Projection: map[string]any{document.FieldStream: 1}, Limit: 1,
		ShortFields: true}
	err = coll.FindAll(ctx, query, func(raw json.RawMessage) error {
		value, err = streamOf(raw)
		return err
	})
	return value, err
}

// notIn matches documents with another _ab_stream than those known. A $nin takes at
// most [astra.MaxInValues] values.
func notIn(known []json.RawMessage) map[string]any {
	all := []any{map[string]any{document.FieldStream: map[string]any{"$exists": true}}}
	for part := range slices.Chunk(known, astra.MaxInValues) {
		all = append(all, map[string]any{document.FieldStream: map[string]any{"$nin": part}})
	}
	return map[string]any{"$and": all}
}

// allStreamNames looks at every document, which every database answers.
func allStreamNames(ctx context.Context, coll clients.Finder) ([]string, error) {
	seen := map[string]bool{}
	query := astra.FindQuery{Projection: map[string]any{document.FieldStream: 1}, ShortFields: true}
	err := coll.FindAll(ctx, query, func(raw json.RawMessage) error {
		value, err := streamOf(raw)
		seen[string(value)] = true
		return err
	})
	values := make([]json.RawMessage, 0, len(seen))
	for value := range seen {
		values = append(values, json.RawMessage(value))
	}
	return texts(values), err
}

// streamOf is a document's _ab_stream, of whatever type.
func streamOf(raw json.RawMessage) (json.RawMessage, error) {
	var d struct {
		Stream json.RawMessage `json:"_ab_stream"`
	}
	if err := json.Unmarshal(raw, &d); err != nil {
		return nil, fmt.Errorf("find: document %.200s: %w", raw, err)
	}
	return d.Stream, nil
}

// texts are the values that are texts and not empty, sorted.
func texts(values []json.RawMessage) []string {
	var all []string
	for _, value := range values {
		var text string
		if json.Unmarshal(value, &text) == nil && text != "" {
			all = append(all, text)
		}
	}
	slices.Sort(all)
	return all
}
