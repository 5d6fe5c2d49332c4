package connector

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"destination-astra/astra"
	"destination-astra/document"
)

// sweepIDs bounds the ids that a sweep holds in memory at a time.
const sweepIDs = 100_000

// finaliser deletes what a replacing stream has replaced.
type finaliser struct {
	collection collection
	ledger     *ledger
	embedder   string // what _ab_embedder of this run's documents holds
	settle     time.Duration
	log        *slog.Logger
}

// finalise deletes the stream's documents without a generation or of an older
// one, those of another embedder, and of a stream that cannot be resumed also
// those that this attempt did not confirm. Documents of a newer generation end it with a [StaleJobError]
// before anything is deleted. It ends with a read that finds nothing left.
func (f *finaliser) finalise(ctx context.Context, s *stream) error {
	deleted, err := f.delete(ctx, s)
	if err != nil {
		return fmt.Errorf("finalise stream %q: %w", s.Descriptor, err)
	}
	f.ledger.note(s.Descriptor, counts{deleted: int64(deleted)})
	f.log.Info("stream replaced", "stream", s.Descriptor, "generation_id", *s.GenerationID, "deleted", deleted)
	return nil
}

// delete goes by filter where the server answers it, else page by page. A
// delete that may still be applied is waited for: the next sync of the stream
// could store such a document again.
func (f *finaliser) delete(ctx context.Context, s *stream) (int, error) {
	var w watch
	watched := w.watched(ctx)
	deleted, err := f.byFilter(watched, s)
	if isRefusedFilter(err) {
		var swept int
		swept, err = f.sweep(watched, s)
		deleted += swept
	}
	if err == nil && w.unknown.Load() {
		err = sleep(ctx, f.settle)
	}
	return deleted, err
}

// isRefusedFilter reports whether the database behind the Data API does not
// answer such a filter (Data API v1.0.51 on Cassandra 5, observed).
func isRefusedFilter(err error) bool {
	var e *astra.Error
	return errors.As(err, &e) && e.HasCode("INVALID_DATABASE_QUERY", "UNSUPPORTED_DATABASE_QUERY")
}

// byFilter deletes by what documents lack or hold, until a read by each filter
// finds nothing.
func (f *finaliser) byFilter(ctx context.Context, s *stream) (deleted int, err error) {
	if err := f.checkNewer(ctx, s); err != nil {
		return 0, err
	}
	for {
		clean := true
		for _, filter := range f.outdated(s) {
			page, err := f.collection.Find(ctx, astra.FindQuery{Filter: filter, Projection: storedFields(), Limit: 1})
			if err != nil {
				return deleted, err
			}
			if len(page.Documents) == 0 {
				continue
			}
			clean = false
			n, err := f.collection.DeleteMany(ctx, filter)
			if err != nil {
				return deleted, err
			}
			deleted += n
		}
		if clean {
			return deleted, nil
		}
	}
}

// outdated are the filters that together match what finalising deletes.
func (f *finaliser) outdated(s *stream) []map[string]any {
	where := func(more map[string]any) map[string]any {
		more[document.FieldStream] = s.Name()
		return more
	}
	filters := []map[string]any{
		where(map[string]any{document.FieldGenerationID: map[string]any{"$lt": *s.GenerationID}}),
		where(map[string]any{document.FieldGenerationID: map[string]any{"$exists": false}}),
		where(map[string]any{document.FieldEmbedder: map[string]any{"$ne": f.embedder}}),
	}
	if s.numbered {
		filters = append(filters,
			where(map[string]any{document.FieldGenerationID: map[string]any{"$gte": firstTimestampGeneration}}))
	}
	if s.Attempt != "" {
		filters = append(filters,
			where(map[string]any{
				document.FieldGenerationID: *s.GenerationID, document.FieldAttempt: map[string]any{"$ne": s.Attempt}}),
			where(map[string]any{
				document.FieldGenerationID: *s.GenerationID, document.FieldAttempt: map[string]any{"$exists": false}}))
	}
	return filters
}

// checkNewer looks for documents that a newer job wrote.
func (f *finaliser) checkNewer(ctx context.Context, s *stream) error {
	newer := map[string]any{"$gt": *s.GenerationID}
	if s.numbered {
		newer["$lt"] = firstTimestampGeneration
	}
	page, err := f.collection.Find(ctx, astra.FindQuery{
		Filter:     map[string]any{document.FieldStream: s.Name(), document.FieldGenerationID: newer},
		Projection: storedFields(),
		Limit:      1,
	})
	if err != nil || len(page.Documents) == 0 {
		return err
	}
	d, err := decodeStored(page.Documents[0])
	if err != nil {
		return err
	}
	return s.mayFinalise(d)
}

// sweep looks at every document of the stream, page by page, which every
// database answers, and looks again until nothing is left to delete.
func (f *finaliser) sweep(ctx context.Context, s *stream) (deleted int, err error) {
	for {
		ids, err := f.outdatedIDs(ctx, s)
		if err != nil || len(ids) == 0 {
			return deleted, err
		}
		for part := range slices.Chunk(ids, maxIn) {
			filter := map[string]any{"_id": map[string]any{"$in": part}, document.FieldStream: s.Name()}
			n, err := f.collection.DeleteMany(ctx, filter)
			if err != nil {
				return deleted, err
			}
			deleted += n
		}
	}
}

// outdatedIDs returns the ids of up to [sweepIDs] documents to delete. Nothing
// is deleted while it pages.
func (f *finaliser) outdatedIDs(ctx context.Context, s *stream) ([]any, error) {
	query := astra.FindQuery{
		Filter:     map[string]any{document.FieldStream: s.Name()},
		Projection: storedFields(),
	}
	var ids []any
	for {
		page, err := f.collection.Find(ctx, query)
		if err != nil {
			return nil, err
		}
		for _, raw := range page.Documents {
			d, err := decodeStored(raw)
			if err != nil {
				return nil, err
			}
			if err := s.mayFinalise(d); err != nil {
				return nil, err
			}
			if s.mustRaise(d) || d.Embedder != f.embedder {
				ids = append(ids, d.rawID())
			}
		}
		query.PageState = page.NextPageState
		if query.PageState == "" || len(ids) >= sweepIDs {
			return ids, nil
		}
	}
}

// decodeStored reads a document that was projected onto [storedFields].
func decodeStored(raw json.RawMessage) (stored, error) {
	var d stored
	if err := json.Unmarshal(raw, &d); err != nil {
		return d, fmt.Errorf("find: document %.200s: %w", raw, err)
	}
	return d, nil
}
