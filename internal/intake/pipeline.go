package intake

import (
	"context"
	"errors"
	"io"

	"golang.org/x/sync/errgroup"

	"destination-astra/document"
	"destination-astra/internal/failure"
	"destination-astra/protocol"
)

// A slab is the unit of work of the stage that builds documents: enough
// messages to make a hand-over cheap, few enough to keep all cores busy.
const (
	slabMessages = 64
	slabBytes    = 1 << 20
)

// recordOverhead is the memory that a record in flight costs beside its text:
// its vector, its share of buffers and of the request that carries it.
const recordOverhead = 24 << 10

// chunkOverhead is what each further chunk of a record costs beside its text: its
// document, its hashes, and its places in the diff.
const chunkOverhead = 1 << 10

// stateOverhead is what a state costs beside its text: its counts and its place in the
// ledger.
const stateOverhead = 1 << 10

// item is one message on its way, with what was made of it.
type item struct {
	message protocol.Message
	stream  *Stream // nil: the catalog lacks the stream, or it is no record
	record  *document.Record
	err     error // of document.Build
	bytes   int64 // held of the memory budget
}

// slab is a run of messages in input order. ready is closed when its records
// are built.
type slab struct {
	items []item
	bytes int
	ready chan struct{}
}

// pipeline is the front half of the pipeline: it reads messages ahead, turns
// records into documents on several cores, and hands the results on in input
// order.
type pipeline struct {
	streams *Streams
	builder *document.Builder
	memory  *budget
	workers int

	messages chan item
	ordered  chan *slab
	stop     context.Context // ends reading
	reserved int64           // of the memory budget, for a long line that is being read
	reader   errgroup.Group  // not waited for: a read of stdin cannot be interrupted
	readErr  error           // set before messages is closed
}

func newPipeline(s *Streams, b *document.Builder, memory *budget, workers int) *pipeline {
	return &pipeline{
		streams: s, builder: b, memory: memory, workers: workers,
		messages: make(chan item),
		ordered:  make(chan *slab, 2*workers),
	}
}

// start begins to read. The reading goroutine ends with the input, or at its
// next message after stop ended.
func (in *pipeline) start(stop context.Context, r *protocol.Reader) {
	in.stop = stop
	in.reader.Go(func() error {
		defer close(in.messages)
		for {
			m, err := r.Next()
			if err != nil {
				if !errors.Is(err, io.EOF) {
					in.readErr = err
				}
				return nil
			}
			it := in.weigh(m)
			err = in.reserve(int(it.bytes - in.reserved))
			in.reserved = 0
			if err == nil {
				err = send(stop, in.messages, it)
			}
			if err != nil {
				in.readErr = failure.ErrInterrupted // a closed channel must not look like the end of the input
				return nil
			}
		}
	})
}

// reserve takes memory for the message that is being read, or gives some back.
func (in *pipeline) reserve(bytes int) error {
	if in.memory.take(in.stop, int64(bytes), in.reserved) != nil {
		return failure.ErrInterrupted
	}
	in.reserved += int64(bytes)
	return nil
}

// build runs until the input ends or stop does; then it closes ordered and
// returns why: nil at the end of the input, [failure.ErrInterrupted], or the error of
// the line that could not be read. Everything before that is handed on.
func (in *pipeline) build(ctx, stop context.Context) error {
	defer close(in.ordered)
	work := make(chan *slab)
	group, gctx := errgroup.WithContext(ctx)
	for range in.workers {
		group.Go(func() error {
			for s := range work {
				in.buildSlab(s)
			}
			return nil
		})
	}
	reason := in.dispatch(gctx, stop, work)
	close(work)
	if err := group.Wait(); err != nil {
		return err
	}
	return reason
}

// dispatch cuts the messages into slabs. A slab goes out when it is full or
// when no further message is there yet: a slow source waits for nothing.
func (in *pipeline) dispatch(ctx, stop context.Context, work chan<- *slab) error {
	for {
		first, ok, err := in.next(ctx, stop)
		switch {
		case err != nil:
			return err
		case !ok:
			return in.readErr // not before messages is closed: it belongs to the reading goroutine
		}
		s := &slab{ready: make(chan struct{})}
		s.add(first)
		in.fill(s)
		if err := send(ctx, in.ordered, s); err != nil {
			return err
		}
		if err := send(ctx, work, s); err != nil {
			return err
		}
	}
}

// next waits for a message; ok is false at the end of the input.
func (in *pipeline) next(ctx, stop context.Context) (it item, ok bool, err error) {
	select {
	case it, ok = <-in.messages:
		return it, ok, nil
	case <-stop.Done():
		return it, false, failure.ErrInterrupted
	case <-ctx.Done():
		return it, false, ctx.Err()
	}
}

// fill adds the messages that are there. It never waits: what a waiting slab holds
// could be what the reader waits for.
func (in *pipeline) fill(s *slab) {
	for len(s.items) < slabMessages && s.bytes < slabBytes {
		select {
		case it, ok := <-in.messages:
			if !ok {
				return
			}
			s.add(it)
		default:
			return
		}
	}
}

func (s *slab) add(it item) {
	if it.message.Record != nil {
		s.bytes += len(it.message.Record.Data)
	}
	s.items = append(s.items, it)
}

// weigh decides on the message's share of the memory budget.
func (in *pipeline) weigh(m protocol.Message) item {
	it := item{message: m}
	switch {
	case m.State != nil:
		it.bytes = int64(len(m.State.Raw)) + stateOverhead
	case m.Record == nil:
	case in.streams.byName[m.Record.Stream] == nil:
		m.Record.Data = nil // it is only counted
	default:
		it.stream = in.streams.byName[m.Record.Stream]
		it.bytes = 4*int64(len(m.Record.Data)) + recordOverhead
	}
	it.bytes = min(it.bytes, in.memory.size)
	return it
}

func (in *pipeline) buildSlab(s *slab) {
	defer close(s.ready)
	for i := range s.items {
		it := &s.items[i]
		if it.stream == nil {
			continue
		}
		it.record, it.err = in.builder.Build(&it.stream.Stream, it.message.Record)
		it.message.Record.Data = nil // the documents hold what is needed of it
		if it.record != nil {
			held := weightOf(it.record)
			in.memory.correct(held - it.bytes)
			it.bytes = held
		}
	}
}

// weightOf is what a record holds once it is built: its text and what its documents
// share, beside the request that carries it, and what each document costs.
func weightOf(r *document.Record) int64 {
	bytes := 0
	for i := range r.Documents {
		bytes += len(r.Documents[i].Text)
	}
	documents := len(r.Documents)
	if documents > 0 {
		bytes += r.Bytes / documents
	}
	return recordOverhead + 2*int64(bytes) + int64(max(documents-1, 0))*chunkOverhead
}

func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
