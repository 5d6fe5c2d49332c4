package connector

import (
	"context"
	"encoding/json"

	"destination-astra/astra"
	"destination-astra/embed"
	"destination-astra/internal/clients"
	"destination-astra/internal/intake"
)

// forecaster is an embedder that knows what its requests would be.
type forecaster interface {
	Forecast(texts []string) embed.Forecast
}

// PlanCalls are the calls of a write: of the Data API by command, and of the embedding
// service, without those of finalising, of the marks of a sync (ADR 0017) and of repeats, which
// depend on time. They are those of full batches, each of which is stored before the next
// one has a newer version of one of its records: a source that is slower than the flush interval
// makes smaller batches, and a record that comes again while its older version is in flight
// waits, and is stored with others than planned.
type PlanCalls struct {
	Find              int64 `json:"find"`
	InsertMany        int64 `json:"insertMany"`
	UpdateMany        int64 `json:"updateMany"`
	DeleteMany        int64 `json:"deleteMany"`
	EmbeddingRequests int64 `json:"embedding_requests"`
}

// callCounter counts the calls of each batch. The reads that plan makes as write does are
// counted where they are made ([countedFinds]).
type callCounter struct {
	embedder forecaster // nil when there is no embedding service
	calls    PlanCalls

	again, vectors      int64 // of the open batch: keys written before in this run, vectors to read
	insert, insertBytes int64
	raise, stale        int64
	texts               []string // to embed
}

// add counts what a write does for one version of the open batch.
func (c *callCounter) add(w *planWork) {
	c.insert += w.insert
	c.insertBytes += w.bytes
	c.vectors += w.vectors
	if c.embedder != nil {
		c.texts = append(c.texts, w.texts...)
	}
	c.raise += w.raise
	c.stale += int64(len(w.stale))
}

// close counts the open batch's calls. What goes by _id is answered a hundred at a time.
func (c *callCounter) close() {
	c.calls.Find += ceil(c.again, keysPerGet) + ceil(c.vectors, vectorsPerGet)
	c.calls.InsertMany += max(ceil(c.insert, intake.MaxBatchDocuments), ceil(c.insertBytes, maxCallBytes))
	c.calls.UpdateMany += ceil(c.raise, astra.MaxInValues)
	c.calls.DeleteMany += ceil(c.stale, astra.MaxDeleteDocuments)
	if c.embedder != nil && len(c.texts) > 0 {
		c.calls.EmbeddingRequests += c.embedder.Forecast(c.texts).Requests
	}
	*c = callCounter{embedder: c.embedder, calls: c.calls}
}

func ceil(n, by int64) int64 { return (n + by - 1) / by }

// countedFinds counts the pages that are read of a collection.
type countedFinds struct {
	clients.Finder
	pages int64
}

// Find implements finder.
func (c *countedFinds) Find(ctx context.Context, q astra.FindQuery) (astra.Page, error) {
	c.pages++
	return c.Finder.Find(ctx, q)
}

// FindAll implements finder by Find.
func (c *countedFinds) FindAll(ctx context.Context, q astra.FindQuery, each func(json.RawMessage) error) error {
	for paging := new(astra.Paging); ; {
		page, err := c.Find(ctx, q)
		if err != nil {
			return err
		}
		for _, document := range page.Documents {
			if err := each(document); err != nil {
				return err
			}
		}
		more, err := paging.Next(ctx, page.NextPageState, len(page.Documents))
		if err != nil || !more {
			return err
		}
		q.PageState = page.NextPageState
	}
}
