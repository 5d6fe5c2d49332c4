package reading

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"time"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/internal/failure"
	"destination-astra/protocol"
)

// recordsPerState is how many records lie between two states of a read. The state after
// a stream's last record, or at an interruption, comes in addition.
const recordsPerState = 1000

// Summary is what a read did.
type Summary struct {
	Records  int64
	Streams  int // that were read to their end, in this or in an earlier attempt
	Duration time.Duration
}

// Read prints the documents of the catalog's streams as records, in the catalog's order
// and with the fields that each stream's json_schema names (all but the vector, when it
// names none). A record is a document, one chunk of a source record, and its fields have
// their stored names; $vector is printed as [FieldVector], as an array, only when it is
// named.
//
// It prints each stream's STREAM_STATUS, one ESTIMATE, and states that let a later Read
// go on after the last record printed. It holds one page of documents in memory. When
// ctx ends, the error wraps [failure.ErrInterrupted] and a last state says how far it came.
func Read(ctx context.Context, c *clients.Clients, catalog *protocol.Catalog, from State) (s Summary, err error) {
	started := time.Now()
	places, err := readPlaces(ctx, c, catalog)
	if err != nil {
		return s, err
	}
	for _, p := range places {
		r := &streamReader{
			place: p, collection: c.Database.Collection(p.collection), writer: c.Options.Writer, log: c.Log,
		}
		r.resume(from)
		err := r.read(ctx)
		s.Records += r.printed
		s.Duration = time.Since(started)
		if err != nil {
			return s, failure.Interruption(ctx, fmt.Errorf("read stream %q: %w", p.descriptor, err))
		}
		s.Streams++
	}
	c.Log.Info("reading ended", "records", s.Records, "streams", s.Streams,
		"seconds", strconv.FormatFloat(s.Duration.Seconds(), 'f', 3, 64))
	return s, nil
}

// streamReader reads one stream.
type streamReader struct {
	place      readPlace
	collection estimating
	writer     *protocol.Writer
	log        *slog.Logger

	at        readPosition
	resumed   bool  // at comes from a state, and no page was read with it yet
	printed   int64 // records, in this attempt
	unstated  int64 // of them since the last state
	estimated bool
}

// estimating is what a read needs of the Data API.
type estimating interface {
	Find(ctx context.Context, q astra.FindQuery) (astra.Page, error)
	CountDocuments(ctx context.Context, filter any) (count int, more bool, err error)
	EstimatedDocumentCount(ctx context.Context) (int, error)
}

var _ estimating = (*astra.Collection)(nil)

// resume goes on where a state says, if it is one of the same stream of the same
// collection.
func (r *streamReader) resume(from State) {
	at, ok := from[r.place.descriptor]
	switch {
	case !ok:
		r.at = readPosition{Collection: r.place.collection, Stream: r.place.stream}
	case at.Collection != r.place.collection || at.Stream != r.place.stream:
		r.log.Warn("the state is one of another collection: the stream is read from its start",
			"stream", r.place.descriptor, "collection", at.Collection)
		r.at = readPosition{Collection: r.place.collection, Stream: r.place.stream}
	default:
		r.at, r.resumed = at, true
	}
}

// read prints the stream between its statuses. However it ends, a state says how far
// it came: unless stdout is gone.
func (r *streamReader) read(ctx context.Context) error {
	if err := r.status(protocol.StatusStarted); err != nil {
		return err
	}
	err := r.pages(ctx)
	if err == nil {
		return errors.Join(r.state(), r.status(protocol.StatusComplete))
	}
	if errors.Is(err, protocol.ErrStdoutClosed) {
		return err
	}
	if r.unstated > 0 {
		err = errors.Join(err, r.state())
	}
	return errors.Join(err, r.status(protocol.StatusIncomplete))
}

// pages reads on until the last page is printed.
func (r *streamReader) pages(ctx context.Context) error {
	var paging astra.Paging
	for !r.at.Done {
		page, err := r.find(ctx)
		if err != nil {
			return err
		}
		if err := r.page(ctx, page); err != nil {
			return err
		}
		more, err := paging.Next(ctx, page.NextPageState, len(page.Documents))
		if err != nil {
			return err
		}
		r.at.Done = !more
		r.at.PageState, r.at.Position, r.at.LastID = page.NextPageState, 0, nil
		if r.unstated >= recordsPerState && !r.at.Done {
			if err := r.state(); err != nil {
				return err
			}
		}
	}
	return nil
}

// find reads the page at the current position. A server that no longer knows the page of
// a state is asked from the start: records may come twice, and none is left out.
func (r *streamReader) find(ctx context.Context) (astra.Page, error) {
	query := astra.FindQuery{
		Filter: r.place.filter(), Projection: r.place.projection(), PageState: r.at.PageState}
	page, err := r.findResumed(ctx, query)
	if r.resumed && r.at.PageState != "" && astra.HasCode(err, astra.CodeUnexpectedDriverError) {
		r.log.Warn("the server does not know the state's page any more: the stream is read from its start",
			"stream", r.place.descriptor)
		r.at = readPosition{Collection: r.place.collection, Stream: r.place.stream}
		query.PageState = ""
		page, err = r.collection.Find(ctx, query)
	}
	r.resumed = false
	return page, err
}

// resumePatience is how long a page of an earlier run is asked for: what a server says of
// one that it does not know, it also says when its database is out of order.
const resumePatience = 10 * time.Second

// findResumed gives up early on a page of an earlier run that fails, but not on one that
// is slow.
func (r *streamReader) findResumed(ctx context.Context, q astra.FindQuery) (astra.Page, error) {
	if r.resumed && q.PageState != "" {
		brief, cancel := context.WithTimeout(ctx, resumePatience)
		defer cancel()
		page, err := r.collection.Find(brief, q)
		if brief.Err() == nil {
			return page, err
		}
	}
	return r.collection.Find(ctx, q)
}

// page prints what the position says is left of a page.
func (r *streamReader) page(ctx context.Context, page astra.Page) error {
	docs, err := r.place.decode(page.Documents)
	if err != nil {
		return err
	}
	if err := r.estimate(ctx, docs); err != nil {
		return err
	}
	for i := r.at.skip(docs); i < len(docs); i++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		data, err := r.place.record(docs[i])
		if err != nil {
			return err
		}
		if err := r.writer.Record(&protocol.Record{Stream: r.place.descriptor, Data: data}); err != nil {
			return err
		}
		if r.printed == 0 {
			if err := r.status(protocol.StatusRunning); err != nil {
				return err
			}
		}
		r.printed++
		r.unstated++
		r.at.Records++
		r.at.Position, r.at.LastID = i+1, docs[i][document.FieldID]
	}
	return nil
}

func (r *streamReader) status(status string) error {
	return r.writer.StreamStatus(protocol.StreamStatus{Stream: r.place.descriptor, Status: status})
}

// state prints how far the read came.
func (r *streamReader) state() error {
	state, err := r.at.state(r.place.descriptor, r.unstated)
	if err != nil {
		return err
	}
	r.unstated = 0
	return r.writer.State(state, nil)
}
