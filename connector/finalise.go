package connector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"golang.org/x/sync/errgroup"

	"destination-astra/astra"
	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/internal/failure"
	"destination-astra/internal/intake"
	"destination-astra/internal/retry"
)

// Bounds of finalising.
const (
	// deletesAtATime bounds the calls; how many of them there are in fact is the pace's.
	deletesAtATime = maxInFlight
	// sweepIDs bounds what a sweep remembers of its first look at the stream.
	sweepIDs = 100_000
	// maxIdlePasses is how often what was to be deleted may be there again, with
	// nothing deleted in between.
	maxIdlePasses = 8
)

// finaliser deletes what a replacing stream has replaced.
type finaliser struct {
	collection collection
	ledger     *intake.Ledger
	pace       *pace
	embedder   string // what _ab_embedder of this run's documents holds
	settle     time.Duration
	log        *slog.Logger
}

// finalise deletes the stream's documents of another generation or without one, those of
// another embedder, and of a stream that cannot be resumed also those that this attempt did not
// confirm; of numbered streams never those of a newer generation, which end it with a
// [StaleJobError] before anything is deleted. It ends with a read that finds nothing left, or
// with [failure.ErrInterrupted] soon after stop has ended.
func (f *finaliser) finalise(ctx, stop context.Context, s *intake.Stream) error {
	job := &finalising{finaliser: f, stop: stop, stream: s, reported: time.Now()}
	err := job.run(ctx)
	if err != nil {
		return fmt.Errorf("finalise stream %q: %w", s.Descriptor, err)
	}
	deleted := job.deleted.Load()
	f.ledger.Note(s.Descriptor, intake.Counts{Deleted: deleted})
	f.log.Info("stream replaced", "stream", s.Descriptor, "generation_id", *s.GenerationID, "deleted", deleted)
	return nil
}

// finalising is the finalising of one stream.
type finalising struct {
	*finaliser
	stop     context.Context
	stream   *intake.Stream
	deleted  atomic.Int64
	reported time.Time
}

// run goes by filter where the server answers it, else document by document. A delete that may
// still be applied is waited for: the next sync could store such a document again.
func (f *finalising) run(ctx context.Context) error {
	var w watch
	watched := w.watched(ctx)
	err := f.byFilter(watched)
	if clients.IsRefusedFilter(err) {
		err = f.sweep(watched)
	}
	if err == nil {
		_, err = w.settled(ctx, f.settle, true)
	}
	return err
}

// byFilter deletes by what documents lack or hold.
func (f *finalising) byFilter(ctx context.Context) error {
	if err := f.checkNewer(ctx); err != nil {
		return err
	}
	for _, filter := range f.outdated() {
		err := f.repeat(ctx, func() (int64, error) {
			return f.pass(ctx, filter, func(stored) (bool, error) { return true, nil })
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// outdated are the filters that together match what finalising deletes.
func (f *finalising) outdated() []map[string]any {
	s := f.stream
	where := func(field string, condition any) map[string]any {
		return map[string]any{document.FieldStream: s.Name(), field: condition}
	}
	ours := func(field string, condition any) map[string]any {
		filter := where(field, condition)
		filter[document.FieldGenerationID] = *s.GenerationID
		return filter
	}
	filters := []map[string]any{
		where(document.FieldGenerationID, map[string]any{"$lt": *s.GenerationID}),
		where(document.FieldGenerationID, map[string]any{"$exists": false}),
		ours(document.FieldEmbedder, map[string]any{"$ne": f.embedder}),
	}
	if !s.Numbered {
		filters = append(filters, where(document.FieldGenerationID, map[string]any{"$gt": *s.GenerationID}))
	}
	if s.Attempt != "" {
		filters = append(filters,
			ours(document.FieldAttempt, map[string]any{"$ne": s.Attempt}),
			ours(document.FieldAttempt, map[string]any{"$exists": false}))
	}
	return filters
}

// checkNewer looks for documents that a newer job wrote.
func (f *finalising) checkNewer(ctx context.Context) error {
	if !f.stream.Numbered {
		return nil
	}
	return eachStored(ctx, f.collection, newerThan(f.stream), func(d stored) error { return mayFinalise(f.stream, d) })
}

// sweep looks at every document of the stream, page by page, which every database answers:
// first at all of them, before anything is deleted, and then again until nothing is left.
func (f *finalising) sweep(ctx context.Context) error {
	whole := map[string]any{document.FieldStream: f.stream.Name()}
	var first []stored
	err := eachStored(ctx, f.collection, astra.FindQuery{Filter: whole}, func(d stored) error {
		outdated, err := f.isOutdated(d)
		if outdated && len(first) < sweepIDs {
			first = append(first, d)
		}
		return errors.Join(err, f.progress())
	})
	if err != nil || len(first) == 0 {
		return err
	}
	deletes := f.deletes(ctx, whole)
	for _, d := range first {
		deletes.add(d)
	}
	if err := deletes.wait(); err != nil {
		return err
	}
	return f.repeat(ctx, func() (int64, error) { return f.pass(ctx, whole, f.isOutdated) })
}

func (f *finalising) isOutdated(d stored) (bool, error) {
	return mustRaise(f.stream, d) || d.Embedder != f.embedder, mayFinalise(f.stream, d)
}

// repeat runs passes until one finds nothing. A pass that finds what it cannot delete is
// followed by a pause, and a few of them by an error.
func (f *finalising) repeat(ctx context.Context, pass func() (int64, error)) error {
	for idle := 0; ; {
		before := f.deleted.Load()
		found, err := pass()
		switch {
		case err != nil || found == 0:
			return err
		case f.deleted.Load() > before:
			idle = 0
			continue
		}
		if idle++; idle == maxIdlePasses {
			return fmt.Errorf("%d documents are there again each time that they are deleted", found)
		}
		if err := retry.Sleep(ctx, time.Second<<idle); err != nil {
			return err
		}
	}
}

// pass pages through what the filter matches and deletes what is outdated, while it reads on.
func (f *finalising) pass(
	ctx context.Context, filter map[string]any, outdated func(stored) (bool, error),
) (found int64, err error) {
	deletes := f.deletes(ctx, filter)
	err = eachStored(deletes.ctx, f.collection, astra.FindQuery{Filter: filter}, func(d stored) error {
		is, err := outdated(d)
		if is && err == nil {
			found++
			deletes.add(d)
		}
		return errors.Join(err, f.progress())
	})
	if failed := deletes.wait(); failed != nil {
		return found, failed // what the reading failed of
	}
	return found, err
}

// progress logs how far it is, now and then, and ends an interrupted run.
func (f *finalising) progress() error {
	if f.stop.Err() != nil {
		return failure.ErrInterrupted
	}
	if now := time.Now(); now.Sub(f.reported) >= progressInterval {
		f.reported = now
		f.log.Info("replacing the stream", "stream", f.stream.Descriptor, "deleted", f.deleted.Load())
	}
	return nil
}

// deletes are the calls that delete what a pass finds, several at a time.
type deletes struct {
	job    *finalising
	filter map[string]any // what the documents were found by
	group  *errgroup.Group
	ctx    context.Context
	open   map[string][]stored // by what their deletion depends on
}

func (f *finalising) deletes(ctx context.Context, filter map[string]any) *deletes {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(deletesAtATime)
	return &deletes{job: f, filter: filter, group: group, ctx: ctx, open: map[string][]stored{}}
}

// add takes one document, and waits while enough calls are under way.
func (d *deletes) add(one stored) {
	key := one.stamp()
	d.open[key] = append(d.open[key], one)
	if len(d.open[key]) == astra.MaxDeleteDocuments {
		d.send(key)
	}
}

func (d *deletes) send(key string) {
	part := d.open[key]
	delete(d.open, key)
	d.group.Go(func() error {
		if d.job.stop.Err() != nil {
			return failure.ErrInterrupted
		}
		if err := d.job.pace.acquireAside(d.ctx); err != nil {
			return err
		}
		n, err := d.job.collection.DeleteMany(d.ctx, d.conditionally(part))
		d.job.pace.releaseAside()
		d.job.deleted.Add(int64(n))
		return err
	})
}

// wait sends what is left and returns when all calls have ended.
func (d *deletes) wait() error {
	for key := range d.open {
		d.send(key)
	}
	return d.group.Wait()
}

// conditionally matches the documents as long as they are what they were when they were read:
// another attempt may have confirmed one of them since.
func (d *deletes) conditionally(part []stored) map[string]any {
	filter := part[0].unchanged()
	for field, condition := range d.filter {
		if filter[field] == nil {
			filter[field] = condition
		}
	}
	all := make([]any, len(part))
	for i := range part {
		all[i] = part[i].rawID()
	}
	filter["_id"] = map[string]any{"$in": all}
	return filter
}
