package connector

// deletesPerCall is how many documents the server deletes in one deleteMany (Data API,
// operations.max-document-delete-count).
const deletesPerCall = 20

// PlanCalls are the calls of a write: of the Data API by command, and of the embedding
// service. They are counted from the batches that a write would make, and may be off by
// the few that depend on timing.
type PlanCalls struct {
	Find              int64 `json:"find"`
	InsertMany        int64 `json:"insertMany"`
	UpdateMany        int64 `json:"updateMany"`
	DeleteMany        int64 `json:"deleteMany"`
	EmbeddingRequests int64 `json:"embedding_requests"`
}

// callCounter fills batches as write does and counts the calls of each.
type callCounter struct {
	perRequest int64 // texts; 0 when there is no embedding service
	calls      PlanCalls

	versions, documents, bytes int64 // of the open batch
	keys, ids                  int64 // that it reads by
	insert, insertBytes, embed int64
	raise, stale               int64
}

// add puts a version into the open batch, and closes that when it is full ([batch.full]).
func (c *callCounter) add(v *version, w *planWork) {
	documents := int64(len(v.record.Documents))
	c.versions++
	c.documents += documents
	c.bytes += int64(v.record.Bytes)
	switch {
	case v.stream.fresh:
	case v.replaces():
		c.keys++
	default:
		c.ids += documents
	}
	c.insert += w.insert
	c.insertBytes += w.bytes
	c.embed += w.embed
	c.raise += w.raise
	c.stale += int64(len(w.stale))
	if c.documents >= maxBatchDocuments || c.versions >= maxBatchDocuments || c.bytes >= maxBatchBytes {
		c.close()
	}
}

// close counts the open batch's calls. A page of find holds half of what a read by _id
// asks for (Data API v1.0.51, operations.default-page-size 50).
func (c *callCounter) close() {
	c.calls.Find += ceil(c.keys, keysPerGet) + ceil(c.ids, maxIn/2)
	c.calls.InsertMany += max(ceil(c.insert, maxBatchDocuments), ceil(c.insertBytes, maxBatchBytes))
	c.calls.UpdateMany += ceil(c.raise, maxIn/2)
	c.calls.DeleteMany += ceil(c.stale, deletesPerCall)
	if c.perRequest > 0 {
		c.calls.EmbeddingRequests += ceil(c.embed, c.perRequest)
	}
	*c = callCounter{perRequest: c.perRequest, calls: c.calls}
}

// finish counts the last batch.
func (c *callCounter) finish() PlanCalls {
	c.close()
	return c.calls
}

func ceil(n, by int64) int64 { return (n + by - 1) / by }
