package connector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/embed"
	"destination-astra/internal/clients"
	"destination-astra/internal/intake"
)

// collection is what the pipeline needs of the Data API.
type collection interface {
	clients.Finder
	InsertMany(ctx context.Context, docs []astra.Document) (astra.InsertResult, error)
	UpdateMany(ctx context.Context, filter, update any) (astra.UpdateResult, error)
	DeleteMany(ctx context.Context, filter any) (int, error)
}

var _ collection = (*astra.Collection)(nil)

// applier stores batches: it reads what is there, embeds and inserts what is
// not, and deletes what is stale, in this order, so that a reader always finds
// one version of a record. It is safe for concurrent use by batches that share
// no key.
type applier struct {
	lookup     *lookup
	collection collection
	embedder   embed.Embedder // nil when the vectors are in the records (from_field)
	rejects    *intake.Rejects
	memory     int64 // of the sync
	cache      *vectorCache
	fence      *fence
	settle     time.Duration
	log        *slog.Logger
}

// maxRounds bounds how often a batch is compared again with the collection.
// Each round after the first answers a write of unknown outcome, or a document
// that somebody else deleted in between. Those that store an older record in the
// place of a rejected one come on top: they end with the records.
const maxRounds = 20

// apply brings the collection in line with the batch. Applying it again, after an
// error say, is harmless.
func (a *applier) apply(ctx context.Context, b *intake.Batch) error {
	for round, most := 1, maxRounds; ; round++ {
		done, fellBack, err := a.round(ctx, b, round > 1)
		if fellBack {
			most++
		}
		switch {
		case err != nil && partial(b):
			return errors.Join(err, a.fence.leave(ctx))
		case err != nil:
			return err
		case done:
			return a.conclude(b)
		case round >= most:
			return fmt.Errorf("%d documents are not as written after %d attempts: somebody else writes to the collection",
				b.Documents, round)
		}
	}
}

// round is one pass over the batch. It is not done when what it wrote may not
// be what is there: then the next round looks again, once a write of unknown
// outcome can no longer be applied.
func (a *applier) round(ctx context.Context, b *intake.Batch, again bool) (done, fellBack bool, err error) {
	var w watch
	ctx = w.watched(ctx)
	found, err := a.lookup.read(ctx, b, again)
	if err != nil {
		return false, false, err
	}
	d, err := newDiff(b, found, a.lookup.embedder)
	if err != nil {
		return false, false, err
	}
	if err := a.insert(ctx, b, d); err != nil {
		return false, false, err
	}
	raised, err := a.raise(ctx, d)
	if err != nil {
		return false, false, err
	}
	if err := a.deleteStale(ctx, d); err != nil {
		return false, false, err
	}
	rejected, fellBack := fallBack(b)
	waited, err := w.settled(ctx, a.settle, rejected || keyed(b))
	return err == nil && !waited && raised && !fellBack, fellBack, err
}

// insert embeds and stores the missing documents. When the server refuses a
// document its record is rejected whole.
func (a *applier) insert(ctx context.Context, b *intake.Batch, d *diff) error {
	for missing := range a.parts(d.insert) {
		if err := a.insertPart(ctx, d, missing); err != nil {
			return err
		}
	}
	return a.withdraw(ctx, b, d)
}

// insertPart embeds and stores some of the missing documents. Nothing of an older
// version goes before all are stored.
func (a *applier) insertPart(ctx context.Context, d *diff, missing []change) error {
	all, err := a.vectors(ctx, &diff{insert: missing, stale: d.stale})
	if err != nil {
		return err
	}
	for part := range insertCalls(all) {
		docs := make([]astra.Document, len(part))
		for i := range part {
			docs[i] = &part[i]
			part[i].version.Tried[part[i].id] = true
		}
		result, err := a.collection.InsertMany(ctx, docs)
		if err := a.refused(err, part); err != nil {
			return err
		}
		d.raiseExisting(part, result.Existing)
	}
	return nil
}

// raise marks unchanged documents as ones of this generation and attempt, as long as they are
// what they were when they were read: a raise that is applied late must not undo another one. It
// is false when one of them is no longer there, or has changed.
func (a *applier) raise(ctx context.Context, d *diff) (bool, error) {
	all := true
	for key, changes := range byStamp(d.raise) {
		s := key.stream
		set := map[string]any{document.FieldGenerationID: *s.GenerationID}
		if s.Attempt != "" {
			set[document.FieldAttempt] = s.Attempt
		}
		for part := range slices.Chunk(changes, astra.MaxInValues) {
			filter := part[0].stored.unchanged()
			filter["_id"] = map[string]any{"$in": ids(part)}
			result, err := a.collection.UpdateMany(ctx, filter, map[string]any{"$set": set})
			if err != nil {
				return false, fmt.Errorf("stream %q: %w", s.Descriptor, err)
			}
			all = all && result.MatchedCount == len(part) && !result.MoreData
		}
	}
	return all, nil
}

// stamped is a stream and what its documents were last confirmed by.
type stamped struct {
	stream *intake.Stream
	stamp  string
}

func byStamp(changes []change) map[stamped][]change {
	all := map[stamped][]change{}
	for _, c := range changes {
		key := stamped{c.version.Stream, c.stored.stamp()}
		all[key] = append(all[key], c)
	}
	return all
}

// deleteStale removes the documents of older versions, now that the new ones
// are stored.
func (a *applier) deleteStale(ctx context.Context, d *diff) error {
	deleted, err := a.deleteIDs(ctx, d.stale)
	for v, n := range deleted {
		v.Counts.Deleted += n
	}
	return err
}

// deleteIDs deletes documents by _id and _ab_stream and returns how many were
// asked for of each version.
func (a *applier) deleteIDs(ctx context.Context, changes []change) (map[*intake.Version]int64, error) {
	asked := map[*intake.Version]int64{}
	for s, all := range byStream(changes) {
		for part := range slices.Chunk(all, astra.MaxInValues) {
			filter := map[string]any{
				"_id":                map[string]any{"$in": ids(part)},
				document.FieldStream: s.Name(),
			}
			if _, err := a.collection.DeleteMany(ctx, filter); err != nil {
				return asked, fmt.Errorf("stream %q: %w", s.Descriptor, err)
			}
			for _, c := range part {
				asked[c.version]++
			}
		}
	}
	return asked, nil
}

// conclude reports what was refused on the way, and notes what is stored.
func (a *applier) conclude(b *intake.Batch) error {
	for _, v := range b.Versions {
		for _, s := range v.Submissions {
			if s.Rejected == nil || s.Reported {
				continue
			}
			if err := a.rejects.Add(s.Ticket.Line, rejection(v, s.Rejected)); err != nil {
				return err
			}
		}
	}
	return a.lookup.wrote(b)
}

// partial reports whether a record of several documents may be stored in part.
func partial(b *intake.Batch) bool {
	for _, v := range b.Versions {
		if len(v.Tried) > 0 && len(v.Record.Documents) > 1 {
			return true
		}
	}
	return false
}

// keyed reports whether the batch may delete: only records with a key have older
// versions, and only there can a write that is applied late undo a later one.
func keyed(b *intake.Batch) bool {
	return slices.ContainsFunc(b.Versions, (*intake.Version).Replaces)
}
