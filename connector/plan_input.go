package connector

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"golang.org/x/sync/errgroup"

	"destination-astra/document"
	"destination-astra/protocol"
)

// dryRun turns the messages of a write into batches, as write does, and stores nothing.
// Its consumer gets everything in the input's order, from one goroutine.
type dryRun struct {
	streams  *streams
	builder  *document.Builder
	memory   int64
	consumer dryConsumer

	budget    *budget
	ordinals  *tally
	open      *batch
	older     map[*stream]int64
	strangers *strangers
	skipped   int64 // lines that are no messages
}

// dryConsumer is what a plan or a verify does with the input.
type dryConsumer interface {
	// rejected is a record, on that line of the input, that write would refuse.
	rejected(s *stream, line int64, r *document.RejectError)
	// dropped is a CDC delete in a stream that does not deduplicate.
	dropped(s *stream)
	// batch takes what write would apply together. The records that newer versions in the
	// batch replaced are counted in older.
	batch(ctx context.Context, b *batch, older map[*stream]int64) error
}

// read runs until the input ends.
func (d *dryRun) read(ctx context.Context, in io.Reader) (err error) {
	d.budget = newBudget(d.memory)
	d.open, d.older = newBatch(), map[*stream]int64{}
	d.strangers = newStrangers(d.streams, nil)
	defer func() { err = errors.Join(err, d.ordinals.close()) }()
	stop, halt := context.WithCancel(ctx)
	defer halt()
	intake := newIntake(d.streams, d.builder, d.budget, workers())
	reader := protocol.NewReader(in, protocol.ReaderOptions{Reserve: intake.reserve})
	group, gctx := errgroup.WithContext(ctx)
	intake.start(stop, reader)
	group.Go(func() error { return intake.build(gctx, stop) })
	group.Go(func() error { return d.take(gctx, intake.ordered) })
	err = group.Wait()
	d.skipped = reader.Skipped()
	if err == nil {
		err = reader.Judge()
	}
	if err == nil {
		err = d.strangers.judge()
	}
	return err
}

// take gathers batches. One goes on when it is full, or when the intake waits for the
// memory that it holds.
func (d *dryRun) take(ctx context.Context, slabs <-chan *slab) error {
	for {
		select {
		case s, ok := <-slabs:
			if !ok {
				return d.flush(ctx)
			}
			if err := d.slab(ctx, s); err != nil {
				return err
			}
		case <-d.budget.wake:
		case <-ctx.Done():
			return ctx.Err()
		}
		if d.budget.starved.Load() {
			if err := d.flush(ctx); err != nil {
				return err
			}
		}
	}
}

func (d *dryRun) slab(ctx context.Context, s *slab) error {
	if err := await(ctx, s.ready); err != nil {
		return err
	}
	for i := range s.items {
		it := &s.items[i]
		if it.message.Record == nil {
			if err := d.named(it.message); err != nil {
				return err
			}
			d.budget.free(it.bytes)
			continue
		}
		if err := d.strangers.meet(it.message.Record.Stream); err != nil {
			return err
		}
		if err := d.record(ctx, it); err != nil {
			return err
		}
	}
	return nil
}

// named takes note of the stream that a state or a status is about.
func (d *dryRun) named(m protocol.Message) error {
	if m.State != nil {
		return d.strangers.state(m.State)
	}
	return d.strangers.meet(m.Status.Stream)
}

// flush hands the open batch on and gives its memory back.
func (d *dryRun) flush(ctx context.Context) error {
	b, older := d.open, d.older
	if b.empty() {
		return nil
	}
	d.open, d.older = newBatch(), map[*stream]int64{}
	defer func() {
		for _, v := range b.versions {
			d.budget.free(v.bytes)
		}
	}()
	return d.consumer.batch(ctx, b, older)
}

// record puts a record into the open batch, or tells the consumer that it goes into none.
func (d *dryRun) record(ctx context.Context, it *item) error {
	var reject *document.RejectError
	switch {
	case it.stream == nil:
		d.strangers.add(&it.message)
		return nil
	case errors.As(it.err, &reject):
		d.budget.free(it.bytes)
		d.consumer.rejected(it.stream, it.message.Line, reject)
		return nil
	case it.err != nil:
		return fmt.Errorf("stream %q: %w", it.stream.Descriptor, it.err)
	case it.record.Deleted && !it.stream.Dedup:
		d.budget.free(it.bytes)
		d.consumer.dropped(it.stream)
		return nil
	}
	if it.stream.Identity != document.IdentityKey {
		n, err := d.ordinals.take(it.record.Identity)
		if err != nil {
			return err
		}
		it.record.SetOrdinal(n)
	}
	return d.place(ctx, newVersion(it.stream, submission{record: it.record}, it.bytes))
}

// place puts a version into the open batch, as a write's batcher does.
func (d *dryRun) place(ctx context.Context, v *version) error {
	if !d.open.takes(v) {
		if err := d.flush(ctx); err != nil {
			return err
		}
	}
	before := len(d.open.versions)
	d.open.add(v, time.Time{})
	if len(d.open.versions) == before {
		d.older[v.stream]++
	}
	if d.open.full() {
		return d.flush(ctx)
	}
	return nil
}

// keyFromHex is a hash of 32 hex digits.
func keyFromHex(digits string) (key tallyKey, ok bool) {
	n, err := hex.Decode(key[:], []byte(digits[:min(len(digits), 2*len(key))]))
	return key, err == nil && n == len(key)
}
