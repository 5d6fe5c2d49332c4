package connector

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strconv"
	"time"

	"golang.org/x/sync/errgroup"

	"destination-astra/internal/clients"
	"destination-astra/internal/failure"
	"destination-astra/internal/intake"
	"destination-astra/internal/tally"
	"destination-astra/internal/wait"
	"destination-astra/protocol"
	"destination-astra/spec"
)

// Summary is what a write did.
type Summary struct {
	Records, Rejected, States          int64
	Chunks, Embedded, Reused, Deleted  int64
	SkippedLines, UnknownStreamRecords int64
	Duration                           time.Duration
}

// Write reads Airbyte messages from in until it ends and stores the records of
// the catalog's streams. Each state goes to the Writer once everything before
// it is stored. When ctx ends first, what is in flight is stored and
// acknowledged within Timing.Grace, nothing is finalised, and the error wraps
// [failure.ErrInterrupted]. After any error what was acknowledged is stored, and a
// second attempt doubles nothing.
func (c *Connector) Write(ctx context.Context, catalog *protocol.Catalog, in io.Reader) (summary Summary, err error) {
	started := time.Now()
	r, err := c.prepare(ctx, catalog, in, started)
	if err != nil {
		return Summary{}, failure.Interruption(ctx, err)
	}
	defer func() { err = errors.Join(err, r.fence.release(ctx, err == nil), r.close()) }()
	work, cancel := wait.Grace(r.fence.guarded(ctx), c.Options.Timing.Grace)
	defer cancel()
	err = r.pipeline(work, ctx)
	if err == nil {
		err = r.judge()
	}
	if err == nil {
		err = r.atEnd(work, ctx)
	}
	return r.report(started), failure.Interruption(ctx, err)
}

// prepare does what comes before the first record. It holds nothing that an
// interruption would have to store first.
func (c *Connector) prepare(
	ctx context.Context, catalog *protocol.Catalog, from io.Reader, started time.Time,
) (*run, error) {
	facts := intake.CallFacts{JobID: c.Options.JobID, Started: started, Nonce: rand.Text()}
	all, err := intake.NewStreams(catalog, facts, c.Log)
	if err != nil {
		return nil, err
	}
	indexing, created, err := c.EnsureCollection(ctx)
	if err != nil {
		return nil, err
	}
	builder, err := c.NewBuilder(indexing)
	if err != nil {
		return nil, err
	}
	collection := c.Database.Collection(c.Config.Indexing.Collection)
	fence := newFence(collection, all, facts, c.settleOthers(), c.Log)
	if err := fence.take(ctx); err != nil {
		return nil, err
	}
	look := &inspector{collection: collection, embedder: c.Fingerprint(), log: c.Log}
	if err := look.inspect(ctx, all, created); err != nil {
		return nil, errors.Join(err, fence.release(ctx, false))
	}
	c.Log.Info("begin writing", "streams", len(all.List), "collection", c.Config.Indexing.Collection,
		"embedder", c.Fingerprint())
	in := intake.New(intake.Options{
		From: from, Streams: all, Builder: builder, MemoryBytes: c.Options.MemoryBytes,
		FlushInterval: c.Config.Processing.FlushInterval, Emit: c.Options.Writer.State, Usage: c.usage, Log: c.Log,
	})
	return c.newRun(in, collection, fence), nil
}

// run is one write.
type run struct {
	connector *Connector
	input     *intake.Input
	sink      *storing
	fence     *fence
	log       *slog.Logger
}

func (c *Connector) newRun(in *intake.Input, coll collection, f *fence) *run {
	rejects := c.newRejects(c.Log)
	return &run{
		connector: c, input: in, fence: f, log: c.Log,
		sink: &storing{
			pace: c.pace, rejects: rejects,
			applier: &applier{
				lookup: c.newLookup(coll, in.Streams), collection: coll, embedder: c.Embedder, rejects: rejects,
				memory: c.Options.MemoryBytes, fence: f, settle: c.settle(), log: c.Log,
				cache: newVectorCache(cachedVectors(c.Options.MemoryBytes, c.Config.EmbedderDimension())),
			},
			finaliser: &finaliser{
				collection: coll, ledger: in.Ledger, pace: c.pace, embedder: c.Fingerprint(), settle: c.settle(), log: c.Log,
			},
		},
	}
}

// newRejects is for one run.
func (c *Connector) newRejects(log *slog.Logger) *intake.Rejects {
	rejected := c.Config.Processing.RejectedRecords
	return &intake.Rejects{Skip: rejected.Mode == spec.ModeSkip, Limit: int64(rejected.MaxRecords), Log: log}
}

// newLookup is for the streams of one run.
func (c *Connector) newLookup(coll clients.Finder, all *intake.Streams) *lookup {
	return &lookup{
		collection: coll, embedder: c.Fingerprint(), dimension: c.vectorSize(), ours: newOurs(all),
		written: tally.NewFor(c.Options.MemoryBytes), recordIDs: newRecordIDs(tally.NewFor(c.Options.MemoryBytes), c.Log),
	}
}

// vectorSize is the dimension of the vectors that the connector makes; 0 where it makes none.
func (c *Connector) vectorSize() int {
	if c.Embedder == nil {
		return 0
	}
	return c.Embedder.Dimension()
}

// close removes the run's temporary files.
func (r *run) close() error { return errors.Join(r.input.Close(), r.sink.applier.lookup.close()) }

// pipeline runs all stages until the input or stop ends, everything read is
// stored, or something fails.
func (r *run) pipeline(ctx, stop context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	stop, halt := context.WithCancel(stop)
	defer halt()
	r.sink.group, r.sink.ctx, r.sink.stop = group, ctx, stop
	busy, idle := context.WithCancel(ctx)
	var ended error
	group.Go(func() (err error) {
		defer idle()
		ended, err = r.input.Run(ctx, stop, r.sink)
		return err
	})
	group.Go(func() error {
		logProgress(busy, r.input.Ledger, r.log)
		return nil
	})
	if err := group.Wait(); err != nil {
		return err
	}
	return ended
}

// judge says whether what was read to its end was an input for this catalog. Nothing at all is
// one: a source may have had nothing to say.
func (r *run) judge() error {
	err := r.input.Judge()
	var unusable *protocol.InputError
	switch {
	case !errors.As(err, &unusable):
		return err
	case unusable.Lines > 0:
		return fmt.Errorf("write: %w", err)
	default:
		return nil
	}
}

// atEnd finalises, at the end of an input without any STREAM_STATUS, the
// streams of callers too old to send one: wire overwrite of a catalog that
// numbers nothing.
func (r *run) atEnd(ctx, stop context.Context) error {
	onPlatform, allowEmpty := r.connector.Options.JobID != "", r.connector.Config.Processing.AllowEmptyOverwrite
	for _, s := range r.input.Streams.List {
		switch {
		case !s.Replacing || s.Completed:
		case !s.Overwrite || r.input.Streams.Numbered || r.input.StatusSeen():
			r.log.Warn("the stream did not complete: nothing of its older data is deleted", "stream", s.Descriptor)
		case s.CompletedByEnd(onPlatform, allowEmpty, r.log):
			if err := r.sink.finaliser.finalise(ctx, stop, s); err != nil {
				return err
			}
		}
	}
	return nil
}

// report logs what was skipped and what was done.
func (r *run) report(started time.Time) Summary {
	unknown := r.input.Report(r.log)
	total, states := r.input.Ledger.Totals()
	s := Summary{
		Records: total.Received, Rejected: total.Rejected, States: states,
		Chunks: total.Chunks, Embedded: total.Embedded, Reused: total.Reused, Deleted: total.Deleted,
		SkippedLines: r.input.Skipped(), UnknownStreamRecords: unknown, Duration: time.Since(started),
	}
	if total.Dropped > 0 {
		r.log.Info("deletions of streams that do not deduplicate were dropped", "records", total.Dropped)
	}
	used := r.connector.usage()
	r.log.Info("writing ended", "records", s.Records, "rejected", s.Rejected, "chunks", s.Chunks,
		"embedded", s.Embedded, "reused", s.Reused, "deleted", s.Deleted, "states", s.States,
		"tokens", used.Tokens, "retries", used.Retries, "cost", r.connector.cost(used),
		"seconds", seconds(s.Duration))
	return s
}

// progressInterval is how often the totals are logged while a sync runs.
const progressInterval = 10 * time.Second

// logProgress logs the totals until ctx ends. It waits for nothing else, so that a sync whose
// slots are all busy, with a service that does not answer, still shows that it lives.
func logProgress(ctx context.Context, l *intake.Ledger, log *slog.Logger) {
	tick := time.NewTicker(progressInterval)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			total, states := l.Totals()
			log.Info("writing", "records", total.Received, "rejected", total.Rejected, "chunks", total.Chunks,
				"embedded", total.Embedded, "states", states)
		case <-ctx.Done():
			return
		}
	}
}

// seconds prints a duration to the millisecond.
func seconds(d time.Duration) string { return strconv.FormatFloat(d.Seconds(), 'f', 3, 64) }
