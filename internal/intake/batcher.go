package intake

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"destination-astra/document"
	"destination-astra/internal/quote"
	"destination-astra/internal/tally"
	"destination-astra/internal/wait"
	"destination-astra/protocol"
)

// Sink is what becomes of the ordered input: a write stores it, plan and verify compare it with
// what is stored. Its methods are called from one goroutine, in the input's order; the input ends
// with their errors.
type Sink interface {
	// Reject takes note of a record, on that line of the input, that cannot be stored.
	Reject(s *Stream, line int64, r *document.RejectError) error
	// Batch takes what goes together, and calls landed when it is done with it: before it returns, or
	// later, from any goroutine. Until then it gets no other batch with one of these keys.
	Batch(ctx context.Context, b *Batch, landed func() error) error
	// Complete: all of the stream came, and has landed. It replaces what was there.
	Complete(s *Stream)
}

// batcher is the ordered middle of the pipeline: one goroutine that numbers
// equal records, gathers records into batches for the sink and queues states in the
// ledger. Everything that depends on the input's order happens here.
type batcher struct {
	sink          Sink
	streams       *Streams
	ledger        *Ledger
	memory        *budget
	ordinals      *tally.Tally
	flights       *flights
	flushInterval time.Duration // 0: a batch waits until it is full
	log           *slog.Logger

	open       *Batch
	statusSeen bool
	strangers  *strangers
	renamed    map[renamedField]bool
	repeated   map[protocol.StreamDescriptor]bool  // that was said
	keyless    map[protocol.StreamDescriptor]int64 // records without their primary key
}

type renamedField struct {
	stream protocol.StreamDescriptor
	name   string
}

// run takes slabs until there are no more, then sends what is left and waits
// for all of it.
func (b *batcher) run(ctx context.Context, slabs <-chan *slab) error {
	tick := time.NewTicker(time.Second)
	defer tick.Stop()
	for {
		s, ok, err := b.next(ctx, slabs, tick.C)
		if err != nil {
			return err
		}
		if !ok {
			break
		}
		if err := b.take(ctx, s); err != nil {
			return errors.Join(err, b.drain(ctx)) // after the sink's own error nothing is open
		}
	}
	return b.drain(ctx)
}

// next returns the next slab. While there is none it sends a batch that is old
// enough, or one whose memory the intake waits for.
func (b *batcher) next(ctx context.Context, slabs <-chan *slab, tick <-chan time.Time) (*slab, bool, error) {
	for {
		if err := b.resume(ctx); err != nil {
			return nil, false, err
		}
		select {
		case s, ok := <-slabs:
			return s, ok, nil
		default:
		}
		if b.memory.starved.Load() {
			if err := b.flush(ctx); err != nil {
				return nil, false, err
			}
		}
		select {
		case s, ok := <-slabs:
			return s, ok, nil
		case <-b.memory.wake:
		case <-b.flights.landed:
		case now := <-tick:
			if err := b.tick(ctx, now); err != nil {
				return nil, false, err
			}
		case <-ctx.Done():
			return nil, false, ctx.Err()
		}
	}
}

// tick keeps the promise that no state waits longer than the flush interval
// for a batch to fill.
func (b *batcher) tick(ctx context.Context, now time.Time) error {
	if b.flushInterval > 0 && !b.open.empty() && now.Sub(b.open.opened) >= b.flushInterval {
		return b.flush(ctx)
	}
	return nil
}

// take handles a slab's messages in order.
func (b *batcher) take(ctx context.Context, s *slab) error {
	if err := wait.Until(ctx, s.ready); err != nil {
		return err
	}
	for i := range s.items {
		it := &s.items[i]
		var err error
		switch m := it.message; {
		case m.Record != nil:
			err = b.record(ctx, it)
		case m.State != nil:
			b.streams.sawState(m.State)
			err = b.state(m.State, it.bytes)
		case m.Status != nil:
			err = b.status(ctx, m.Status)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// state queues a state behind what came before it.
func (b *batcher) state(s *protocol.State, bytes int64) error {
	if err := b.strangers.state(s); err != nil {
		return err
	}
	if b.strangers.doubt() {
		// Only more input ends the doubt: it must not have to wait for this memory.
		b.memory.free(bytes)
		bytes = 0
	}
	return b.ledger.state(s, bytes)
}

func (b *batcher) record(ctx context.Context, it *item) error {
	if it.stream == nil {
		b.strangers.add(&it.message)
		return nil
	}
	if err := b.strangers.meet(it.stream.Descriptor); err != nil {
		return err
	}
	it.stream.sawRecord()
	var reject *document.RejectError
	if errors.As(it.err, &reject) {
		return b.reject(ctx, it, reject)
	}
	if it.err != nil {
		return fmt.Errorf("stream %q: %w", it.stream.Descriptor, it.err)
	}
	b.warnRenamed(it)
	b.warnRepeated(it)
	if it.record.Keyless && !it.record.Deleted {
		b.keyless[it.stream.Descriptor]++
	}
	t := b.ledger.open(it.stream.Descriptor, it.message.Line)
	if it.record.Deleted && !it.stream.Dedup {
		b.memory.free(it.bytes)
		return b.ledger.done(t, Counts{Received: 1, Dropped: 1})
	}
	if err := b.number(it); err != nil {
		return err
	}
	return b.add(ctx, newVersion(it.stream, Submission{Record: it.record, Ticket: t}, it.bytes))
}

// reject tells the sink of a record that cannot be stored. In a stream that is replaced
// it goes through a batch all the same when it has a key, so that what is stored of it stays.
func (b *batcher) reject(ctx context.Context, it *item, reject *document.RejectError) error {
	if err := b.sink.Reject(it.stream, it.message.Line, reject); err != nil {
		return err
	}
	t := b.ledger.open(it.stream.Descriptor, it.message.Line)
	if it.record == nil || !it.stream.Replacing {
		b.memory.free(it.bytes)
		return b.ledger.done(t, Counts{Rejected: 1})
	}
	one := Submission{Record: it.record, Ticket: t, Rejected: reject, Reported: true}
	return b.add(ctx, newVersion(it.stream, one, it.bytes))
}

// add puts a version into the open batch, or holds it back while its key is in flight.
func (b *batcher) add(ctx context.Context, v *Version) error {
	now := time.Now()
	if b.flights.hold(v, now) {
		return nil
	}
	return b.place(ctx, v, now)
}

// resume takes up what was held for batches that have landed since.
func (b *batcher) resume(ctx context.Context) error {
	for _, held := range b.flights.land() {
		for _, v := range held.Versions {
			if err := b.place(ctx, v, held.opened); err != nil {
				return err
			}
		}
	}
	return nil
}

// place puts a version into the open batch and sends that when it is full, or before
// when the version would not fit.
func (b *batcher) place(ctx context.Context, v *Version, came time.Time) error {
	if !b.open.takes(v) {
		if err := b.flush(ctx); err != nil {
			return err
		}
	}
	b.open.add(v, came)
	if b.open.full() {
		return b.flush(ctx)
	}
	return nil
}

// warnRenamed says once per stream and name that a source field is stored
// under another name.
func (b *batcher) warnRenamed(it *item) {
	for _, renamed := range it.record.Renamed {
		key := renamedField{stream: it.stream.Descriptor, name: renamed.Field}
		if b.renamed[key] {
			continue
		}
		b.renamed[key] = true
		b.log.Warn("a source field cannot keep its name and is stored under another one",
			"stream", it.stream.Descriptor, "field", quote.Brief(renamed.Field), "stored_as", quote.Brief(renamed.StoredAs))
	}
}

// warnRepeated says once per stream that a record has so many documents that its metadata
// counts.
func (b *batcher) warnRepeated(it *item) {
	r := it.record
	if len(r.FirstOnly) == 0 && r.Repeated <= document.MaxRepeatedBytes || b.repeated[it.stream.Descriptor] {
		return
	}
	b.repeated[it.stream.Descriptor] = true
	line := []any{"stream", it.stream.Descriptor, "record", quote.Brief(r.RecordID), "chunks", len(r.Documents)}
	if len(r.FirstOnly) == 0 {
		b.log.Warn("each chunk of a record repeats what processing.metadata_fields names; leave long fields out",
			append(line, "repeated_bytes", r.Repeated)...)
		return
	}
	b.log.Warn("a record has too many chunks to repeat all of its fields: the largest are in its first document only; "+
		"name those that each chunk needs in processing.metadata_fields",
		append(line, "fields", quote.Brief(strings.Join(r.FirstOnly, ", ")))...)
}

// status tells the sink when the COMPLETE of a replacing stream arrives: everything
// before it lands first.
func (b *batcher) status(ctx context.Context, status *protocol.StreamStatus) error {
	b.statusSeen = true
	if err := b.strangers.meet(status.Stream); err != nil {
		return err
	}
	s := b.streams.byName[status.Stream]
	if s == nil || status.Status != protocol.StatusComplete || s.Completed {
		return nil
	}
	s.Completed = true
	if !s.Replacing {
		return nil
	}
	if err := b.drain(ctx); err != nil {
		return err
	}
	b.sink.Complete(s)
	return nil
}

// flush hands the open batch to the sink.
func (b *batcher) flush(ctx context.Context) error {
	if b.open.empty() {
		return nil
	}
	full := b.open
	b.open = NewBatch()
	if err := b.sink.Batch(ctx, full, func() error { return b.close(full) }); err != nil {
		return err
	}
	b.flights.add(full)
	return nil
}

// close settles the tickets of a batch that the sink is done with and gives its memory back.
// It is safe for concurrent use.
func (b *batcher) close(full *Batch) error {
	for _, v := range full.Versions {
		b.memory.free(v.bytes)
		for i, s := range v.Submissions {
			if err := b.ledger.done(s.Ticket, v.outcome(i)); err != nil {
				return err
			}
		}
	}
	b.flights.touchDown(full)
	return nil
}

// drain sends the open batch and what is held, and waits until nothing is in flight.
func (b *batcher) drain(ctx context.Context) error {
	for !b.open.empty() || !b.flights.idle() {
		if err := b.flush(ctx); err != nil {
			return err
		}
		if err := b.flights.wait(ctx); err != nil {
			return err
		}
		if err := b.resume(ctx); err != nil {
			return err
		}
	}
	return nil
}
