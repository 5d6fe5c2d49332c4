package connector

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"destination-astra/chunk"
	"destination-astra/document"
	"destination-astra/internal/clients"
	"destination-astra/internal/failure"
	"destination-astra/internal/intake"
	"destination-astra/internal/tally"
)

// planner is the sink that makes a [Plan].
type planner struct {
	plan    *Plan
	lookup  *lookup
	finds   *countedFinds // what the lookup and the inspector read
	embeds  bool          // texts are embedded here
	log     *slog.Logger
	counter chunk.Counter
	texts   *tally.Tally // hashes of texts that the run needs a vector of
	planned *tally.Tally // _ids of documents that are going to be written or raised
	calls   callCounter
	streams map[*intake.Stream]*StreamPlan
	rejects *intake.Rejects
	explain func(error) string // why the write would fail, for people
}

var _ intake.Sink = (*planner)(nil)

// run plans the whole input.
func (p *planner) run(ctx context.Context, in *intake.Input) error {
	if err := p.probe(ctx); err != nil {
		return err
	}
	for _, s := range in.Streams.List {
		p.addStream(s)
		if err := p.inspect(ctx, s); err != nil {
			return err
		}
	}
	if err := in.Rehearse(ctx, p); err != nil {
		return err
	}
	for _, s := range in.Streams.List {
		if err := p.compareGuesses(ctx, s); err != nil {
			return err
		}
	}
	p.finish(in)
	return nil
}

// close removes the temporary files.
func (p *planner) close() error {
	return errors.Join(p.lookup.close(), p.texts.Close(), p.planned.Close())
}

// addStream keeps the catalog's order in the plan.
func (p *planner) addStream(s *intake.Stream) {
	one := &StreamPlan{Stream: s.Descriptor.String(), watch: newFieldWatch()}
	p.streams[s] = one
	p.plan.Streams = append(p.plan.Streams, one)
}

// probe asks what write asks of a collection first: whether the database answers its filters.
// What does not exist yet cannot be asked.
func (p *planner) probe(ctx context.Context) error {
	if !p.plan.Exists {
		p.finds.pages++
		return nil
	}
	_, err := clients.ProveFilters(ctx, p.finds)
	return err
}

// inspect looks whether there is anything to compare the stream with. What would stop
// the write is noted; the stream then counts as new.
func (p *planner) inspect(ctx context.Context, s *intake.Stream) error {
	if !p.plan.Exists {
		s.Fresh = true
		return nil
	}
	look := &inspector{collection: p.finds, embedder: p.lookup.embedder, log: p.log}
	err := look.stream(ctx, s)
	if p.stops(s, err) {
		return nil
	}
	return err
}

// stops notes an error that would end the write at this stream.
func (p *planner) stops(s *intake.Stream, err error) bool {
	var config *failure.ConfigError
	var stale *failure.StaleJobError
	if !errors.As(err, &config) && !errors.As(err, &stale) {
		return false
	}
	p.fail(p.explain(err))
	s.Fresh = true
	return true
}

// fail keeps the first reason: the write would stop there.
func (p *planner) fail(reason string) {
	if p.plan.WouldFail == "" {
		p.plan.WouldFail = reason
	}
}

// Reject notes where the write would stop; the plan goes on.
func (p *planner) Reject(s *intake.Stream, line int64, r *document.RejectError) error {
	p.streams[s].reasons.add(r)
	if err := p.rejects.Add(line, r); err != nil {
		p.fail(p.explain(err))
	}
	return nil
}

// Complete counts nothing: what finalising deletes depends on time.
func (p *planner) Complete(*intake.Stream) {}

// Batch compares what write would apply together and counts what that means. What came
// before in the run counts as done, although nothing was stored.
func (p *planner) Batch(ctx context.Context, b *intake.Batch, landed func() error) error {
	d, found, err := p.compare(ctx, b)
	if err != nil {
		return err
	}
	work := map[*intake.Version]*planWork{}
	for _, v := range b.Versions {
		work[v] = &planWork{}
	}
	reusable := map[string]bool{}
	for _, c := range d.stale {
		work[c.version].stale = append(work[c.version].stale, c)
		reusable[c.stored.TextHash] = true
	}
	if err := p.raises(d.raise, work); err != nil {
		return err
	}
	missing, err := p.inserts(d.insert, reusable, work)
	if err != nil {
		return err
	}
	if err := p.embedding(ctx, missing, work); err != nil {
		return err
	}
	for _, v := range b.Versions {
		p.count(v, work[v], len(found[v.Key()]) > 0)
		if work[v].insert == 0 {
			continue
		}
		if err := p.guess(v); err != nil {
			return err
		}
	}
	if err := p.writtenAgain(b); err != nil {
		return err
	}
	p.calls.close()
	if err := p.watchFields(ctx, b, work); err != nil {
		return err
	}
	return landed()
}

// raises counts the documents that are to be raised, each once a run.
func (p *planner) raises(raise []change, work map[*intake.Version]*planWork) error {
	for _, c := range raise {
		again, err := p.planned.Take(tally.HashOf(c.id))
		if err != nil {
			return err
		}
		if again == 0 {
			work[c.version].raise++
		}
	}
	return nil
}

// inserts counts the documents that are to be inserted, each once a run, and returns those whose
// text needs a vector that no stale document of the batch has.
func (p *planner) inserts(
	insert []change, reusable map[string]bool, work map[*intake.Version]*planWork,
) (missing []change, err error) {
	for _, c := range insert {
		again, err := p.planned.Take(tally.HashOf(c.id))
		if err != nil {
			return nil, err
		}
		if again > 0 {
			continue // a record that came before, unchanged
		}
		w := work[c.version]
		w.insert++
		w.bytes += int64(c.document.Size() + vectorBytes(max(p.lookup.dimension, len(c.document.Vector))))
		unseen, err := p.unseen(c)
		switch {
		case err != nil:
			return nil, err
		case unseen && reusable[c.document.TextHash]:
			w.vectors++
		case unseen:
			missing = append(missing, c)
		}
	}
	return missing, nil
}

// writtenAgain counts the keys of streams that were empty which an earlier batch has: write
// reads those.
func (p *planner) writtenAgain(b *intake.Batch) error {
	for _, v := range b.Versions {
		if !v.Stream.Dedup || !v.Stream.Fresh {
			continue
		}
		n, err := p.planned.Take(tally.HashOf(v.Key()))
		if err != nil {
			return err
		}
		if n > 0 {
			p.calls.again++
		}
	}
	return nil
}

// planWork is what a write would do for one version.
type planWork struct {
	insert, raise, embed int64
	vectors              int64 // to read of stored documents
	tokens, bytes        int64 // tokens to embed, bytes to insert
	texts                []string
	stale                []change
}

// compare reads what is stored. A stream that the write may not touch is set aside, and
// the rest compared.
func (p *planner) compare(ctx context.Context, b *intake.Batch) (*diff, map[string][]stored, error) {
	for {
		found, err := p.lookup.read(ctx, b, false)
		if err != nil {
			return nil, nil, err
		}
		d, err := newDiff(b, found, p.lookup.embedder)
		if err == nil {
			return d, found, nil
		}
		s := blamed(b, err)
		if s == nil || !p.stops(s, err) {
			return nil, nil, err
		}
	}
}

// blamed is the stream of the batch that the error names.
func blamed(b *intake.Batch, err error) *intake.Stream {
	var config *failure.ConfigError
	var stale *failure.StaleJobError
	for _, v := range b.Versions {
		switch {
		case v.Stream.Fresh:
		case errors.As(err, &config) && config.Stream != nil && *config.Stream == v.Stream.Descriptor,
			errors.As(err, &stale) && stale.Stream == v.Stream.Descriptor:
			return v.Stream
		}
	}
	return nil
}

// unseen reports whether the document's text needs a vector for the first time in this run.
func (p *planner) unseen(c change) (bool, error) {
	if !p.embeds {
		return false, nil
	}
	hash, ok := tally.KeyFromHex(c.document.TextHash)
	if !ok {
		return false, fmt.Errorf("plan: text hash %q", c.document.TextHash)
	}
	n, err := p.texts.Take(hash)
	return n == 0, err
}

// embedding counts the texts of missing documents that would be embedded: those that no stored
// document has which write looks at.
func (p *planner) embedding(ctx context.Context, missing []change, work map[*intake.Version]*planWork) error {
	for s, changes := range byStream(missing) {
		hashes := make([]string, len(changes))
		for i, c := range changes {
			hashes[i] = c.document.TextHash
		}
		found, err := p.lookup.searchTexts(ctx, s, hashes)
		if err != nil {
			return err
		}
		for _, c := range changes {
			w := work[c.version]
			if found[c.document.TextHash] != nil {
				w.vectors++
				continue
			}
			w.embed++
			w.texts = append(w.texts, c.document.Text)
			w.tokens += p.tokens(c.document.Text)
		}
	}
	return nil
}

// tokens counts as the embedding service does, as far as its tokenizer is known: that is what
// it charges for.
func (p *planner) tokens(text string) int64 {
	if p.calls.embedder == nil {
		return int64(p.counter.Count(text))
	}
	f := p.calls.embedder.Forecast([]string{text})
	p.plan.Estimated = p.plan.Estimated || !f.Exact
	return f.Tokens
}

// count adds one version. In a keyed stream "changed" is a record of which something else
// is stored; elsewhere a changed record is a new one.
func (p *planner) count(v *intake.Version, w *planWork, wasThere bool) {
	one := p.streams[v.Stream]
	docs := v.Documents()
	for i := range docs {
		tokens := p.counter.Count(docs[i].Text)
		one.Tokens += int64(tokens)
		one.lengths.add(tokens)
	}
	if len(v.Record.FirstOnly) > 0 {
		one.FirstOnly++
	}
	chunks := int64(len(docs))
	stale := int64(len(w.stale))
	switch {
	case v.Kept():
	case v.Record.Deleted:
		one.Deleted++
	case w.insert == 0 && stale == 0:
		one.Unchanged++
	case wasThere && v.Stream.Dedup:
		one.Changed++
	default:
		one.New++
	}
	one.Chunks += chunks
	one.ChunksUnchanged += chunks - w.insert
	one.ChunksToWrite += w.insert
	one.ChunksToEmbed += w.embed
	one.TokensToEmbed += w.tokens
	one.DocumentsToDelete += stale
	one.DocumentsToRaise += w.raise
	p.calls.add(w)
}

// finish closes the counts.
func (p *planner) finish(in *intake.Input) {
	for i, s := range in.Streams.List {
		one := p.plan.Streams[i]
		c := in.Counted(s)
		one.Records, one.Rejected, one.Dropped, one.Replaced = c.Received+c.Rejected, c.Rejected, c.Dropped, c.Replaced
		one.ChunkLengths = one.lengths.list()
		one.Rejects = one.reasons.list
		one.Compared, one.Changing = one.watch.result()
		one.Reordered = one.watch.reordered
		if one.Unchanged > 0 {
			one.Changing = nil // a field that differs by itself would have changed these too
		}
		p.plan.Total.add(&one.PlanCounts)
	}
	p.plan.Calls = p.calls.calls
	p.plan.Calls.Find += p.finds.pages
	p.plan.SkippedLines = in.Skipped()
	p.plan.UnknownStreamRecords = in.Unknown()
}
