package reading

import (
	"context"
	"encoding/json"
	"fmt"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/embed"
	"destination-astra/internal/clients"
	"destination-astra/internal/failure"
	"destination-astra/internal/quote"
	"destination-astra/spec"
)

// MaxSearchLimit is the most hits of one search.
const MaxSearchLimit = astra.MaxVectorSearch

// Hit is a document that a search found.
type Hit struct {
	// Similarity is from 0 to 1; for the metric cosine it is (1 + cosine) / 2.
	Similarity float64
	Stream     string // _ab_stream
	RecordID   string // _ab_record_id; empty in streams that do not deduplicate
	ID         string // _id; its JSON text when it is no string
	Text       string // empty with omit_raw_text
	Document   json.RawMessage
}

// Query says what to search for. Only Text is needed.
type Query struct {
	Text   string
	Stream string // an _ab_stream; "" searches in all streams
	Limit  int    // 1 to MaxSearchLimit; 0 means 10
	// Filter is a filter of the Data API, an object; nil matches everything.
	Filter json.RawMessage
}

// Search embeds the query with the configured embedder and returns the documents
// nearest to it, best first, without their vectors. A database that refuses a filter
// beside the sort by vector is asked for the nearest documents of all streams, and those
// of other streams are left out, so that there may be fewer hits than there could be; a
// WARN says so. A Filter it cannot apply is an error.
func Search(ctx context.Context, c *clients.Clients, q Query) ([]Hit, error) {
	if q.Limit == 0 {
		q.Limit = 10
	}
	filter, err := q.filter()
	if err != nil {
		return nil, err
	}
	sort, err := sortBy(ctx, c, q.Text)
	if err != nil {
		return nil, err
	}
	find := astra.FindQuery{
		Sort:              sort,
		Projection:        map[string]any{"$vector": 0},
		Limit:             q.Limit,
		IncludeSimilarity: true,
	}
	if filter != nil {
		find.Filter = filter
	}
	collection := c.Database.Collection(c.Config.Indexing.Collection)
	page, err := collection.Find(ctx, find)
	if filter != nil && clients.IsRefusedFilter(err) {
		if q.Filter != nil {
			return nil, &failure.ConfigError{Err: err,
				Reason: "the database behind this Data API does not filter a vector search: search without a filter"}
		}
		c.Log.Warn("the database does not filter a vector search: the nearest documents of all streams are read, "+
			"and hits of the stream beyond them are missing", "documents", MaxSearchLimit)
		find.Filter, find.Limit = nil, MaxSearchLimit
		page, err = collection.Find(ctx, find)
	}
	if err != nil {
		return nil, err
	}
	hits, err := q.hits(page.Documents)
	if err == nil && len(hits) == 0 && q.Stream != "" {
		err = requireStream(ctx, c, q.Stream)
	}
	return hits, err
}

// requireStream tells a search without hits from one in a stream that does not exist.
func requireStream(ctx context.Context, c *clients.Clients, name string) error {
	page, err := c.Database.Collection(c.Config.Indexing.Collection).Find(ctx, astra.FindQuery{
		Filter: map[string]any{document.FieldStream: name}, Projection: map[string]any{"_id": 1}, Limit: 1,
		ShortFields: true,
	})
	if err != nil || len(page.Documents) > 0 {
		return err
	}
	return &failure.ConfigError{Reason: fmt.Sprintf("search: the collection %q holds no document of a stream %q: "+
		"discover lists the streams", c.Config.Indexing.Collection, quote.Brief(name))}
}

// filter joins the stream and the filter; nil when there is neither.
func (q *Query) filter() (map[string]any, error) {
	if q.Limit < 1 || q.Limit > MaxSearchLimit {
		return nil, &failure.ConfigError{Reason: fmt.Sprintf("search: the limit is %d; use 1 to %d", q.Limit, MaxSearchLimit)}
	}
	var members map[string]json.RawMessage
	if q.Filter != nil && (json.Unmarshal(q.Filter, &members) != nil || members == nil) {
		return nil, &failure.ConfigError{Reason: `search: the filter is not a JSON object such as {"country": "GB"}`}
	}
	switch {
	case q.Stream == "" && len(members) == 0:
		return nil, nil
	case q.Stream == "":
		return map[string]any{"$and": []any{members}}, nil
	case len(members) == 0:
		return map[string]any{document.FieldStream: q.Stream}, nil
	}
	return map[string]any{"$and": []any{map[string]any{document.FieldStream: q.Stream}, members}}, nil
}

// sortBy is by nearness to the text: by its vector, or by the text itself where the
// server embeds.
func sortBy(ctx context.Context, c *clients.Clients, text string) (map[string]any, error) {
	switch {
	case c.Config.Embedding.Mode == spec.ModeAstraVectorize:
		return map[string]any{"$vectorize": text}, nil
	case c.Embedder == nil:
		return nil, &failure.ConfigError{Reason: "embedding.mode from_field: there is no embedder for a query"}
	}
	vector, err := embed.EmbedQuery(ctx, c.Embedder, text)
	return map[string]any{"$vector": vector}, err
}

// hits decodes what was found, leaves out other streams' and cuts at the limit.
func (q *Query) hits(documents []json.RawMessage) ([]Hit, error) {
	hits := make([]Hit, 0, min(len(documents), q.Limit))
	for _, raw := range documents {
		var d struct {
			Similarity float64         `json:"$similarity"`
			ID         json.RawMessage `json:"_id"`
			Stream     string          `json:"_ab_stream"`
			RecordID   string          `json:"_ab_record_id"`
			Text       string          `json:"text"`
		}
		if err := json.Unmarshal(raw, &d); err != nil {
			return nil, fmt.Errorf("search: document %.200s: %w", raw, err)
		}
		if len(hits) == q.Limit || q.Stream != "" && d.Stream != q.Stream {
			continue
		}
		h := Hit{Similarity: d.Similarity, Stream: d.Stream, RecordID: d.RecordID, Text: d.Text, Document: raw}
		if json.Unmarshal(d.ID, &h.ID) != nil {
			h.ID = string(d.ID)
		}
		hits = append(hits, h)
	}
	return hits, nil
}
