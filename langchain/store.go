package langchain

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/tmc/langchaingo/embeddings"
	"github.com/tmc/langchaingo/schema"
	"github.com/tmc/langchaingo/vectorstores"

	"destination-astra/astra"
)

// DefaultStream is the stream of documents that a Store without one adds.
const DefaultStream = "langchain"

// Options are what a [Store] is made of. Collection and Embedder are needed.
type Options struct {
	Collection *astra.Collection
	Embedder   embeddings.Embedder
	// Stream is the _ab_stream that is searched, and that added documents get: the
	// namespace and the name of an Airbyte stream joined by "_". Empty means that all
	// streams are searched and that documents are added to DefaultStream.
	// vectorstores.WithNameSpace replaces it for one call.
	Stream string
}

// Store is a vectorstores.VectorStore in an Astra DB collection. It is safe for
// concurrent use.
type Store struct {
	collection *astra.Collection
	embedder   embeddings.Embedder
	stream     string
}

var _ vectorstores.VectorStore = (*Store)(nil)

// NewStore returns a Store. It asks the server nothing.
func NewStore(o Options) (*Store, error) {
	if o.Collection == nil || o.Embedder == nil {
		return nil, errors.New("langchain: a store needs a Collection and an Embedder")
	}
	return &Store{collection: o.Collection, embedder: o.Embedder, stream: o.Stream}, nil
}

// AddDocuments embeds and stores the documents that the Deduplicater does not say true
// of, and returns their ids in order. An id is a hash of the stream and the document, so
// adding a document again stores nothing. Metadata becomes the document's fields; names
// of the connector's own fields and those that begin with "$" are refused.
//
// An error that wraps an [astra.BatchError] tells each document's fate; the ids are then
// those that were asked for. Do not add to a stream that the connector writes: a refresh
// deletes what it did not write.
func (s *Store) AddDocuments(
	ctx context.Context, docs []schema.Document, options ...vectorstores.Option,
) ([]string, error) {
	o := s.options(options)
	if o.NameSpace == "" {
		o.NameSpace = DefaultStream
	}
	var all []document
	var texts []string
	for _, d := range docs {
		if o.Deduplicater != nil && o.Deduplicater(ctx, d) {
			continue
		}
		added, err := newDocument(o.NameSpace, d)
		if err != nil {
			return nil, err
		}
		all = append(all, added)
		texts = append(texts, d.PageContent)
	}
	if len(all) == 0 {
		return nil, nil
	}
	vectors, err := o.Embedder.EmbedDocuments(ctx, texts)
	if err != nil {
		return nil, fmt.Errorf("langchain: embed documents: %w", err)
	}
	if len(vectors) != len(texts) {
		return nil, fmt.Errorf("langchain: %d vectors for %d documents", len(vectors), len(texts))
	}
	ids := make([]string, len(all))
	for i := range all {
		all[i].vector, ids[i] = vectors[i], all[i].id
	}
	return ids, s.insert(ctx, all)
}

// insert stores documents in calls that stay under the server's limits.
func (s *Store) insert(ctx context.Context, all []document) error {
	for len(all) > 0 {
		var part []astra.Document
		size := 0
		for i := range all {
			size += len(all[i].fields) + 6*len(all[i].vector)
			if len(part) == astra.MaxInsertDocuments || len(part) > 0 && size > astra.MaxRequestBytes {
				break
			}
			part = append(part, &all[i])
		}
		if _, err := s.collection.InsertMany(ctx, part); err != nil {
			return fmt.Errorf("langchain: add documents: %w", err)
		}
		all = all[len(part):]
	}
	return nil
}

// SimilaritySearch returns the numDocuments (1 to [astra.MaxVectorSearch]) documents nearest to the query,
// best first, without those whose similarity is below the ScoreThreshold. Score is the
// Data API's $similarity, from 0 to 1: for the metric cosine (1 + cosine) / 2. Filters
// is a filter of the Data API, anything that encodes as a JSON object.
//
// PageContent is the stored text, empty where the connector wrote with omit_raw_text.
// Metadata holds all other fields but the vector, the connector's own included.
func (s *Store) SimilaritySearch(
	ctx context.Context, query string, numDocuments int, options ...vectorstores.Option,
) ([]schema.Document, error) {
	o := s.options(options)
	if numDocuments < 1 || numDocuments > astra.MaxVectorSearch {
		return nil, fmt.Errorf("langchain: search for %d documents: use 1 to %d", numDocuments, astra.MaxVectorSearch)
	}
	if o.ScoreThreshold < 0 || o.ScoreThreshold > 1 {
		return nil, fmt.Errorf("langchain: score threshold %g: use 0 to 1", o.ScoreThreshold)
	}
	filter, err := newFilter(o)
	if err != nil {
		return nil, err
	}
	vector, err := o.Embedder.EmbedQuery(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("langchain: embed query: %w", err)
	}
	page, err := s.collection.Find(ctx, astra.FindQuery{
		Filter: filter, Sort: map[string]any{"$vector": binary(vector)}, Limit: numDocuments,
		Projection: map[string]any{"$vector": 0}, IncludeSimilarity: true,
	})
	if err != nil {
		return nil, fmt.Errorf("langchain: search: %w", err)
	}
	found := make([]schema.Document, 0, len(page.Documents))
	for _, raw := range page.Documents {
		d, err := decode(raw)
		if err != nil {
			return nil, err
		}
		if d.Score >= o.ScoreThreshold {
			found = append(found, d)
		}
	}
	return found, nil
}

// options applies a call's options over the store's own.
func (s *Store) options(options []vectorstores.Option) vectorstores.Options {
	o := vectorstores.Options{NameSpace: s.stream, Embedder: s.embedder}
	for _, option := range options {
		option(&o)
	}
	if o.Embedder == nil {
		o.Embedder = s.embedder
	}
	return o
}

// newFilter joins the stream and the filters.
func newFilter(o vectorstores.Options) (any, error) {
	var all []any
	if o.NameSpace != "" {
		all = append(all, map[string]any{fieldStream: o.NameSpace})
	}
	if o.Filters != nil {
		text, err := json.Marshal(o.Filters)
		if err != nil {
			return nil, fmt.Errorf("langchain: filters: %w", err)
		}
		var members map[string]json.RawMessage
		if err := json.Unmarshal(text, &members); err != nil {
			return nil, fmt.Errorf("langchain: filters: not a JSON object such as map[string]any{%q: %q}: %w",
				"country", "GB", err)
		}
		if len(members) > 0 {
			all = append(all, members)
		}
	}
	switch len(all) {
	case 0:
		return nil, nil
	case 1:
		return all[0], nil
	}
	return map[string]any{"$and": all}, nil
}
