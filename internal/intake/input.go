package intake

import (
	"context"
	"io"
	"log/slog"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"destination-astra/document"
	"destination-astra/internal/tally"
	"destination-astra/protocol"
)

// Input is the way of a write's input to its sink: messages are read ahead, records are built
// on several cores, and the batcher puts everything in order. Close it when done.
type Input struct {
	Streams  *Streams
	reader   *protocol.Reader
	pipeline *pipeline
	batcher  *batcher
	Ledger   *Ledger
}

// Options are what an input is made of. Without Emit no state goes out, and without
// FlushInterval a batch waits until it is full.
type Options struct {
	From          io.Reader
	Streams       *Streams
	Builder       *document.Builder
	MemoryBytes   int64
	FlushInterval time.Duration
	Emit          func(*protocol.State, *protocol.DestinationStats) error
	Usage         func() Usage
	Log           *slog.Logger
}

// New makes the input of a command. Nothing is read before [Input.Run].
func New(o Options) *Input {
	memory := newBudget(o.MemoryBytes)
	l := newLedger(o.Emit, o.Usage, memory)
	in := newPipeline(o.Streams, o.Builder, memory, workers())
	return &Input{
		Streams: o.Streams, pipeline: in, Ledger: l,
		reader: protocol.NewReader(o.From, protocol.ReaderOptions{Reserve: in.reserve}),
		batcher: &batcher{
			streams: o.Streams, ledger: l, memory: memory, ordinals: tally.NewFor(o.MemoryBytes),
			flushInterval: o.FlushInterval, log: o.Log,
			flights: newFlights(), open: NewBatch(), strangers: newStrangers(o.Streams, l),
			renamed: map[renamedField]bool{}, repeated: map[protocol.StreamDescriptor]bool{}, keyless: map[protocol.StreamDescriptor]int64{},
		},
	}
}

// Run hands everything to the sink until the input or stop ends, and returns when all of it has
// landed. What ended the input before its end is ended; err is what failed on the way.
func (in *Input) Run(ctx, stop context.Context, to Sink) (ended, err error) {
	group, ctx := errgroup.WithContext(ctx)
	stop, halt := context.WithCancel(stop)
	defer halt()
	in.batcher.sink = to
	in.pipeline.start(stop, in.reader)
	group.Go(func() error {
		ended = in.pipeline.build(ctx, stop)
		return nil // what came before the end lands first, whatever ended it
	})
	group.Go(func() error { return in.batcher.run(ctx, in.pipeline.ordered) })
	err = group.Wait()
	return ended, err
}

// Rehearse hands the whole input to a sink that stores nothing, and judges it.
func (in *Input) Rehearse(ctx context.Context, to Sink) error {
	ended, err := in.Run(ctx, ctx, to)
	switch {
	case err != nil:
		return err
	case ended != nil:
		return ended
	default:
		return in.Judge()
	}
}

// Judge says whether what was read to its end was an input for this catalog.
func (in *Input) Judge() error {
	if err := in.reader.Judge(); err != nil {
		return err
	}
	return in.batcher.strangers.judge()
}

// StatusSeen reports whether any STREAM_STATUS came.
func (in *Input) StatusSeen() bool { return in.batcher.statusSeen }

// Counted is what became of the stream's records so far.
func (in *Input) Counted(s *Stream) Counts { return in.Ledger.of(s.Descriptor) }

// Skipped are the lines that are no messages.
func (in *Input) Skipped() int64 { return in.reader.Skipped() }

// Unknown are the records of streams that the catalog lacks, by stream; nil when there are none.
func (in *Input) Unknown() map[string]int64 { return in.batcher.strangers.byName() }

// Report logs what was skipped and what looks odd, and returns how many records of streams
// that the catalog lacks there were.
func (in *Input) Report(log *slog.Logger) (unknown int64) {
	if n := in.Skipped(); n > 0 {
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

// Close removes the temporary files.
func (in *Input) Close() error { return in.batcher.ordinals.Close() }

// workers is how many goroutines build documents.
func workers() int { return runtime.GOMAXPROCS(0) }
