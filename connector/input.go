package connector

import (
	"context"
	"io"
	"log/slog"
	"time"

	"golang.org/x/sync/errgroup"

	"destination-astra/document"
	"destination-astra/internal/tally"
	"destination-astra/protocol"
)

// input is the way of a write's input to its sink: messages are read ahead, records are built
// on several cores, and the batcher puts everything in order. Close it when done.
type input struct {
	streams *streams
	reader  *protocol.Reader
	intake  *intake
	batcher *batcher
	ledger  *ledger
}

// inputOptions are what an input is made of. Without emit no state goes out, and without
// flushInterval a batch waits until it is full.
type inputOptions struct {
	from          io.Reader
	streams       *streams
	builder       *document.Builder
	memoryBytes   int64
	flushInterval time.Duration
	emit          func(*protocol.State, *protocol.DestinationStats) error
	usage         func() usage
	log           *slog.Logger
}

func newInput(o inputOptions) *input {
	memory := newBudget(o.memoryBytes)
	l := newLedger(o.emit, o.usage, memory)
	in := newIntake(o.streams, o.builder, memory, workers())
	return &input{
		streams: o.streams, intake: in, ledger: l,
		reader: protocol.NewReader(o.from, protocol.ReaderOptions{Reserve: in.reserve}),
		batcher: &batcher{
			streams: o.streams, ledger: l, memory: memory, ordinals: tally.NewFor(o.memoryBytes),
			flushInterval: o.flushInterval, log: o.log,
			flights: newFlights(), open: newBatch(), strangers: newStrangers(o.streams, l),
			renamed: map[renamedField]bool{}, keyless: map[protocol.StreamDescriptor]int64{},
		},
	}
}

// run hands everything to the sink until the input or stop ends, and returns when all of it has
// landed. What ended the input before its end is ended; err is what failed on the way.
func (in *input) run(ctx, stop context.Context, to sink) (ended, err error) {
	group, ctx := errgroup.WithContext(ctx)
	stop, halt := context.WithCancel(stop)
	defer halt()
	in.batcher.sink = to
	in.intake.start(stop, in.reader)
	group.Go(func() error {
		ended = in.intake.build(ctx, stop)
		return nil // what came before the end lands first, whatever ended it
	})
	group.Go(func() error { return in.batcher.run(ctx, in.intake.ordered) })
	err = group.Wait()
	return ended, err
}

// rehearse hands the whole input to a sink that stores nothing, and judges it.
func (in *input) rehearse(ctx context.Context, to sink) error {
	ended, err := in.run(ctx, ctx, to)
	switch {
	case err != nil:
		return err
	case ended != nil:
		return ended
	default:
		return in.judge()
	}
}

// judge says whether what was read to its end was an input for this catalog.
func (in *input) judge() error {
	if err := in.reader.Judge(); err != nil {
		return err
	}
	return in.batcher.strangers.judge()
}

// counted is what became of the stream's records so far.
func (in *input) counted(s *stream) counts { return in.ledger.of(s.Descriptor) }

// skipped are the lines that are no messages.
func (in *input) skipped() int64 { return in.reader.Skipped() }

// unknown are the records of streams that the catalog lacks, by stream; nil when there are none.
func (in *input) unknown() map[string]int64 { return in.batcher.strangers.byName() }

// report logs what was skipped and what looks odd, and returns how many records of streams
// that the catalog lacks there were.
func (in *input) report(log *slog.Logger) (unknown int64) {
	if n := in.skipped(); n > 0 {
		log.Warn("lines that are no Airbyte messages were skipped", "lines", n)
	}
	if n := in.reader.Misspelt(); n > 0 {
		log.Warn("some of them have a type that is not in capital letters, such as RECORD", "lines", n)
	}
	unknown = in.batcher.strangers.report(log)
	for stream, n := range in.batcher.keyless {
		log.Warn("records have no value for the primary key, so that no newer version replaces them: "+
			"check the stream's primary_key", "stream", stream, "records", n)
	}
	return unknown
}

// close removes the temporary files.
func (in *input) close() error { return in.batcher.ordinals.Close() }
