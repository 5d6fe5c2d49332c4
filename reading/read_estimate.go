package reading

import (
	"context"

	"destination-astra/internal/clients"
	"destination-astra/protocol"
)

// estimate prints how much the stream holds, once, with the first page. Up to 1,000
// documents the server counts them; of more it knows only about how many the whole
// collection holds, which is the most that the stream can have.
func (r *streamReader) estimate(ctx context.Context, docs []clients.Fields) error {
	if r.estimated || len(docs) == 0 {
		return nil
	}
	r.estimated = true
	rows, more, err := r.collection.CountDocuments(ctx, r.place.filter())
	if err == nil && more {
		var estimated int
		estimated, err = r.collection.EstimatedDocumentCount(ctx)
		rows = max(rows, estimated)
	}
	if err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.log.Info("the stream's size is not known", "stream", r.place.descriptor, "error", err)
		return nil
	}
	size := 0
	for _, d := range docs {
		data, err := r.place.record(d)
		if err != nil {
			return err
		}
		size += len(data)
	}
	return r.writer.Estimate(protocol.Estimate{
		Stream: r.place.descriptor, Rows: int64(rows), Bytes: int64(size) * int64(rows) / int64(len(docs))})
}
