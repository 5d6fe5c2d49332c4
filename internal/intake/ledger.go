package intake

import (
	"sync"

	"destination-astra/protocol"
)

// Counts is what happened to the records of one stream in one segment.
type Counts struct {
	Received int64 // records that count as written, also those that a later version replaced
	Rejected int64 // records that cannot be stored and were skipped
	Chunks   int64 // documents that belong to those received
	Embedded int64 // documents that were embedded and inserted
	Reused   int64 // documents that were inserted with a vector that was there already
	Deleted  int64 // documents of older versions that were asked to be deleted
	Replaced int64 // of those received, by a later version in the same batch
	Dropped  int64 // CDC deletes of a stream that does not deduplicate
}

// Usage is what the services have cost so far: tokens as the embedding service
// charges them, and repeated calls of either service. No record can be named
// for it, so a state reports what came up since the state before it.
type Usage struct{ Tokens, Retries int64 }

func (c *Counts) add(d Counts) {
	c.Received += d.Received
	c.Rejected += d.Rejected
	c.Chunks += d.Chunks
	c.Embedded += d.Embedded
	c.Reused += d.Reused
	c.Deleted += d.Deleted
	c.Replaced += d.Replaced
	c.Dropped += d.Dropped
}

// destinationStats are the counts in the form the platform sums up.
// recordCount plus rejectedRecordCount must equal what the source sent.
func (c Counts) destinationStats(u Usage) *protocol.DestinationStats {
	return &protocol.DestinationStats{
		RecordCount:         float64(c.Received),
		RejectedRecordCount: float64(c.Rejected),
		AdditionalStats: map[string]float64{
			"chunks":   float64(c.Chunks),
			"embedded": float64(c.Embedded),
			"reused":   float64(c.Reused),
			"deleted":  float64(c.Deleted),
			"tokens":   float64(u.Tokens),
			"retries":  float64(u.Retries),
		},
	}
}

// segment is the stretch of input between two states. Its state may go out
// when nothing in it, nor in a segment before it, is pending.
type segment struct {
	pending int
	state   *protocol.State // nil until the state that ends the segment came
	bytes   int64           // that the state holds of the memory budget
	counts  map[protocol.StreamDescriptor]*Counts
}

// Ledger decides when a state may go out: only after every record that came
// before it is stored and settled, and in the order in which the states came.
// That is one order for all streams: stricter than the protocol asks for
// STREAM states, and what it asks for GLOBAL ones. It is safe for concurrent
// use.
type Ledger struct {
	emit   func(*protocol.State, *protocol.DestinationStats) error // nil: states go nowhere
	usage  func() Usage
	memory *budget

	mu       sync.Mutex
	reported Usage      // in the states so far
	segments []*segment // oldest first; the last one is open
	since    map[protocol.StreamDescriptor]*Counts
	global   Counts // of all streams, since the last state that speaks for all
	settled  map[protocol.StreamDescriptor]*Counts
	states   int64
	err      error
}

func newLedger(
	emit func(*protocol.State, *protocol.DestinationStats) error, used func() Usage, memory *budget,
) *Ledger {
	return &Ledger{
		emit: emit, usage: used, memory: memory,
		segments: []*segment{newSegment()},
		since:    map[protocol.StreamDescriptor]*Counts{},
		settled:  map[protocol.StreamDescriptor]*Counts{},
	}
}

func newSegment() *segment {
	return &segment{counts: map[protocol.StreamDescriptor]*Counts{}}
}

// ticket stands for one record until it is done.
type ticket struct {
	segment *segment
	stream  protocol.StreamDescriptor
	Line    int64 // of the input, for messages
}

// open registers a record of the stream, from that line of the input, as pending.
func (l *Ledger) open(stream protocol.StreamDescriptor, line int64) ticket {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := l.segments[len(l.segments)-1]
	s.pending++
	return ticket{segment: s, stream: stream, Line: line}
}

// done closes the ticket with what happened to its record and emits each state
// that nothing precedes any more. It returns the first error of emit, and the
// same error from then on.
func (l *Ledger) done(t ticket, c Counts) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	t.segment.add(t.stream, c)
	t.segment.pending--
	return l.release()
}

// Note adds counts that belong to no single record, such as the documents that
// finalising deleted, to the open segment.
func (l *Ledger) Note(stream protocol.StreamDescriptor, c Counts) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.segments[len(l.segments)-1].add(stream, c)
}

// state queues a state behind everything that came before it. The bytes that it holds
// of the memory budget are given back when it went out.
func (l *Ledger) state(s *protocol.State, bytes int64) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := l.segments[len(l.segments)-1]
	last.state, last.bytes = s, bytes
	l.segments = append(l.segments, newSegment())
	return l.release()
}

// Totals returns what is done so far and how many states went out.
func (l *Ledger) Totals() (Counts, int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	var sum Counts
	for _, c := range l.settled {
		sum.add(*c)
	}
	for _, s := range l.segments {
		for _, c := range s.counts {
			sum.add(*c)
		}
	}
	return sum, l.states
}

// of returns what is done so far of one stream.
func (l *Ledger) of(stream protocol.StreamDescriptor) Counts {
	l.mu.Lock()
	defer l.mu.Unlock()
	var sum Counts
	if c := l.settled[stream]; c != nil {
		sum = *c
	}
	for _, s := range l.segments {
		if c := s.counts[stream]; c != nil {
			sum.add(*c)
		}
	}
	return sum
}

func (s *segment) add(stream protocol.StreamDescriptor, c Counts) { addTo(s.counts, stream, c) }

func addTo(sums map[protocol.StreamDescriptor]*Counts, stream protocol.StreamDescriptor, c Counts) {
	if sums[stream] == nil {
		sums[stream] = &Counts{}
	}
	sums[stream].add(c)
}

// release emits the states at the front of the queue that are free to go.
func (l *Ledger) release() error {
	for l.err == nil && len(l.segments) > 1 && l.segments[0].pending == 0 {
		s := l.segments[0]
		l.segments = l.segments[1:]
		l.settle(s)
		if l.emit != nil {
			l.err = l.emit(s.state, l.statsFor(s.state))
		}
		l.states++
		l.memory.free(s.bytes)
	}
	return l.err
}

// settle moves a finished segment's counts to the sums that the next states of
// its streams report.
func (l *Ledger) settle(s *segment) {
	for stream, c := range s.counts {
		addTo(l.since, stream, *c)
		addTo(l.settled, stream, *c)
		l.global.add(*c)
	}
}

// statsFor returns, and resets, the counts since the last state of that
// stream, or for a state that speaks for all streams (GLOBAL, LEGACY) since
// the last such state.
func (l *Ledger) statsFor(s *protocol.State) *protocol.DestinationStats {
	if s.Type != protocol.StateStream {
		c := l.global
		l.global = Counts{}
		return c.destinationStats(l.newUsage())
	}
	var c Counts
	if sum, ok := l.since[s.Stream]; ok {
		c = *sum
		delete(l.since, s.Stream)
	}
	return c.destinationStats(l.newUsage())
}

// newUsage returns, and marks as reported, what came up since the last state.
func (l *Ledger) newUsage() Usage {
	now := l.usage()
	since := Usage{Tokens: now.Tokens - l.reported.Tokens, Retries: now.Retries - l.reported.Retries}
	l.reported = now
	return since
}
