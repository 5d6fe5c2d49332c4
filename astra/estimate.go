package astra

import "context"

// EstimatedDocumentCount is what the server believes the whole collection holds. It
// counts flushed data only and is refreshed every 300 s: it was 0 for minutes after a
// load (Data API v1.0.51, observed).
func (c *Collection) EstimatedDocumentCount(ctx context.Context) (int, error) {
	k := c.call("estimatedDocumentCount")
	k.complete = func(r *reply) bool { return r.Status.Count != nil }
	r, err := c.execute(ctx, k, object{})
	if err != nil {
		return 0, err
	}
	return *r.Status.Count, nil
}
