package connector

import (
	"context"
	"encoding/json"
	"fmt"

	"destination-astra/astra"
)

// Hit is a document that a search found.
type Hit struct {
	// Similarity is from 0 to 1; for the metric cosine it is (1 + cosine) / 2.
	Similarity float64
	Stream     string // _ab_stream
	RecordID   string // _ab_record_id; empty in streams that do not deduplicate
	Text       string // empty with omit_raw_text
	Document   json.RawMessage
}

// Search embeds the query with the configured embedder and returns the documents
// nearest to it, best first, at most limit (1 to 1000, the Data API's limit).
// Vectors are left out.
func (c *Connector) Search(ctx context.Context, query string, limit int) ([]Hit, error) {
	if c.embedder == nil {
		return nil, &ConfigError{Reason: "embedding.mode from_field: there is no embedder for a query"}
	}
	vectors, err := c.embedder.Embed(ctx, []string{query})
	if err != nil {
		return nil, err
	}
	page, err := c.database.Collection(c.config.Indexing.Collection).Find(ctx, astra.FindQuery{
		Sort:              map[string]any{"$vector": vectors[0]},
		Projection:        map[string]any{"$vector": 0},
		Limit:             limit,
		IncludeSimilarity: true,
	})
	if err != nil {
		return nil, err
	}
	hits := make([]Hit, 0, len(page.Documents))
	for _, raw := range page.Documents {
		var d struct {
			Similarity float64 `json:"$similarity"`
			Stream     string  `json:"_ab_stream"`
			RecordID   string  `json:"_ab_record_id"`
			Text       string  `json:"text"`
		}
		if err := json.Unmarshal(raw, &d); err != nil {
			return nil, fmt.Errorf("search: document %.200s: %w", raw, err)
		}
		hits = append(hits, Hit{Similarity: d.Similarity, Stream: d.Stream, RecordID: d.RecordID, Text: d.Text, Document: raw})
	}
	return hits, nil
}
