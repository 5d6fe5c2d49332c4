package connector

import (
	"context"
	"errors"
	"io"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"

	"destination-astra/document"
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

// item is one message on its way, with what was made of it.
type item struct {
	message protocol.Message
	stream  *stream // nil: the catalog lacks the stream, or it is no record
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

// intake is the front half of the pipeline: it reads messages ahead, turns
// records into documents on several cores, and hands the results on in input
// order.
type intake struct {
	streams *streams
	builder *document.Builder
	memory  *budget
	workers int

	messages chan protocol.Message
	held     *protocol.Message // read, but no memory was free for it yet
	ordered  chan *slab
	reader   errgroup.Group // not waited for: a read of stdin cannot be interrupted
	readErr  error          // set before messages is closed
}

func newIntake(s *streams, b *document.Builder, memory *budget, workers int) *intake {
	return &intake{
		streams: s, builder: b, memory: memory, workers: workers,
		messages: make(chan protocol.Message),
		ordered:  make(chan *slab, 2*workers),
	}
}

// start begins to read. The reading goroutine ends with the input, or at its
// next message after stop ended.
func (in *intake) start(stop context.Context, r *protocol.Reader) {
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
			select {
			case in.messages <- m:
			case <-stop.Done():
				in.readErr = ErrInterrupted // a closed channel must not look like the end of the input
				return nil
			}
		}
	})
}

// build runs until the input ends or stop does; then it closes ordered and
// returns why: nil at the end of the input, [ErrInterrupted], or the error of
// the line that could not be read. Everything before that is handed on.
func (in *intake) build(ctx, stop context.Context) error {
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
func (in *intake) dispatch(ctx, stop context.Context, work chan<- *slab) error {
	for {
		first, ok, err := in.next(ctx, stop)
		switch {
		case err != nil:
			return err
		case !ok:
			return in.readErr // not before messages is closed: it belongs to the reading goroutine
		}
		s := &slab{ready: make(chan struct{})}
		if err := in.memory.take(ctx, in.weight(first)); err != nil {
			return err
		}
		in.add(s, first)
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
func (in *intake) next(ctx, stop context.Context) (m protocol.Message, ok bool, err error) {
	if in.held != nil {
		m, in.held = *in.held, nil
		return m, true, nil
	}
	select {
	case m, ok = <-in.messages:
		return m, ok, nil
	case <-stop.Done():
		return m, false, ErrInterrupted
	case <-ctx.Done():
		return m, false, ctx.Err()
	}
}

// fill adds the messages that are there and for which memory is free. It never
// waits: what a waiting slab holds could be what it waits for.
func (in *intake) fill(s *slab) {
	for len(s.items) < slabMessages && s.bytes < slabBytes {
		select {
		case m, ok := <-in.messages:
			if !ok {
				return
			}
			if !in.memory.tryTake(in.weight(m)) {
				in.held = &m
				return
			}
			in.add(s, m)
		default:
			return
		}
	}
}

func (in *intake) add(s *slab, m protocol.Message) {
	it := item{message: m, bytes: in.weight(m)}
	if m.Record != nil {
		it.stream = in.streams.byName[m.Record.Stream]
		s.bytes += len(m.Record.Data)
	}
	s.items = append(s.items, it)
}

// weight is the message's share of the memory budget.
func (in *intake) weight(m protocol.Message) int64 {
	if m.Record == nil || in.streams.byName[m.Record.Stream] == nil {
		return 0
	}
	return min(4*int64(len(m.Record.Data))+recordOverhead, in.memory.size)
}

func (in *intake) buildSlab(s *slab) {
	defer close(s.ready)
	for i := range s.items {
		it := &s.items[i]
		if it.stream == nil {
			continue
		}
		it.record, it.err = in.builder.Build(&it.stream.Stream, it.message.Record)
		it.message.Record.Data = nil // the documents hold what is needed of it
	}
}

func send[T any](ctx context.Context, to chan<- T, v T) error {
	select {
	case to <- v:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// budget bounds the bytes in flight. When it is used up, starved says so, so
// that the batcher sends the batch that it would otherwise wait to fill.
type budget struct {
	size    int64
	weights *semaphore.Weighted
	starved atomic.Bool
	wake    chan struct{}
}

func newBudget(bytes int64) *budget {
	return &budget{size: bytes, weights: semaphore.NewWeighted(bytes), wake: make(chan struct{}, 1)}
}

// take waits until n bytes are free. n must not exceed the budget's size.
func (b *budget) take(ctx context.Context, n int64) error {
	if b.tryTake(n) {
		return nil
	}
	b.starved.Store(true)
	defer b.starved.Store(false)
	select {
	case b.wake <- struct{}{}:
	default:
	}
	return b.weights.Acquire(ctx, n)
}

func (b *budget) tryTake(n int64) bool { return n == 0 || b.weights.TryAcquire(n) }

func (b *budget) free(n int64) {
	if n > 0 {
		b.weights.Release(n)
	}
}
