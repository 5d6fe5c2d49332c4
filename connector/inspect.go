package connector

import (
	"context"
	"fmt"
	"log/slog"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/internal/intake"
)

// sampleDocuments is how many documents of a stream are looked at where the
// database cannot search for those of another embedder. Keyed streams look at
// each document that they replace anyway.
const sampleDocuments = 200

// inspector looks at what the collection holds of the streams before the first
// record is written.
type inspector struct {
	collection clients.Finder
	embedder   string // of this configuration
	log        *slog.Logger
}

// inspect marks the streams that the collection holds nothing of, which need
// no reads, and refuses to add to one that holds vectors of another embedder.
func (i *inspector) inspect(ctx context.Context, all *intake.Streams, created bool) error {
	for _, s := range all.List {
		if created {
			s.Fresh = true
			continue
		}
		if err := i.stream(ctx, s); err != nil {
			return fmt.Errorf("stream %q: %w", s.Descriptor, err)
		}
	}
	return nil
}

// Stream looks at one stream. A job that is stale from the start, because a newer generation is
// there, is a [StaleJobError].
func (i *inspector) stream(ctx context.Context, s *intake.Stream) error {
	first, err := i.find(ctx, s, nil, 1)
	if err != nil || len(first) == 0 {
		s.Fresh = err == nil
		return err
	}
	var sample []stored // read once, where the database does not answer the questions
	look := func(query astra.FindQuery) ([]stored, error) {
		found, err := i.read(ctx, query)
		if !clients.IsRefusedFilter(err) {
			return found, err
		}
		if sample != nil {
			return sample, nil
		}
		sample, err = i.find(ctx, s, nil, sampleDocuments)
		return sample, err
	}
	if s.Numbered {
		newer, err := look(newerThan(s))
		if err != nil {
			return err
		}
		for _, d := range append(newer, first...) {
			if err := mayFinalise(s, d); err != nil {
				return err
			}
		}
	}
	if s.Replacing {
		return nil // what another embedder left is replaced
	}
	others, err := look(i.query(s, map[string]any{"$exists": true, "$ne": i.embedder}, 1))
	if err != nil {
		return err
	}
	return i.judge(s, append(others, first...))
}

// find returns up to limit documents of the stream, with a condition on their
// embedder or without.
func (i *inspector) find(ctx context.Context, s *intake.Stream, embedder any, limit int) ([]stored, error) {
	return i.read(ctx, i.query(s, embedder, limit))
}

func (i *inspector) query(s *intake.Stream, embedder any, limit int) astra.FindQuery {
	filter := map[string]any{document.FieldStream: s.Name()}
	if embedder != nil {
		filter[document.FieldEmbedder] = embedder
	}
	return astra.FindQuery{Filter: filter, Limit: limit}
}

func (i *inspector) read(ctx context.Context, query astra.FindQuery) (found []stored, err error) {
	err = eachStored(ctx, i.collection, query, func(d stored) error {
		found = append(found, d)
		return nil
	})
	return found, err
}
