package intake

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"

	"destination-astra/internal/failure"
	"destination-astra/internal/quote"
	"destination-astra/protocol"
)

// Bounds of what is held back or kept of streams that the catalog lacks.
const (
	maxStrangers   = 1000
	maxDoubted     = 1000    // states
	maxDoubtedSize = 1 << 20 // bytes of their text
	namedStreams   = 5
)

// strangers are the records of streams that the catalog lacks. As long as the input has named
// no stream of the catalog, it may be the input of another catalog altogether: nothing of it
// is stored, so no state may say that it is. Its methods are for one goroutine.
type strangers struct {
	ledger  *Ledger
	streams *Streams
	records map[protocol.StreamDescriptor]int64
	others  int64 // records of streams beyond maxStrangers

	met    bool    // the input named a stream of the catalog
	ticket *ticket // holds back the states that follow the first stranger
	states int
	bytes  int
}

func newStrangers(all *Streams, l *Ledger) *strangers {
	return &strangers{ledger: l, streams: all, records: map[protocol.StreamDescriptor]int64{}}
}

// add counts a record of a stream that the catalog lacks.
func (s *strangers) add(m *protocol.Message) {
	d := m.Record.Stream
	if _, known := s.records[d]; !known && len(s.records) == maxStrangers {
		s.others++
		return
	}
	s.records[d]++
	if !s.met && s.ticket == nil {
		t := s.ledger.open(d, m.Line)
		s.ticket = &t
	}
}

// meet notes that the input names this stream; one of the catalog's ends the doubt.
func (s *strangers) meet(d protocol.StreamDescriptor) error {
	if s.met || s.streams.byName[d] == nil {
		return nil
	}
	s.met = true
	if s.ticket == nil {
		return nil
	}
	return s.ledger.done(*s.ticket, Counts{})
}

// state takes note of a state: it may name a stream, or be held back. The doubt lasts for so
// many states only, since they take memory.
func (s *strangers) state(m *protocol.State) error {
	if m.Type == protocol.StateStream {
		if err := s.meet(m.Stream); err != nil {
			return err
		}
	}
	if !s.doubt() {
		return nil
	}
	s.states++
	if s.bytes += len(m.Raw); s.states > maxDoubted || s.bytes > maxDoubtedSize {
		return s.judge()
	}
	return nil
}

// doubt reports whether states are held back, few of them and small ones, until the input
// names a stream of the catalog.
func (s *strangers) doubt() bool { return s.ticket != nil && !s.met }

// judge returns a [ConfigError] when records came and none of their streams, nor a status or a
// state, is of the catalog.
func (s *strangers) judge() error {
	if s.met || len(s.records) == 0 {
		return nil
	}
	var came, wanted []string
	for d, n := range s.records {
		came = append(came, fmt.Sprintf("%q (%d records)", quote.Brief(d.String()), n))
	}
	slices.Sort(came)
	for _, one := range s.streams.List {
		wanted = append(wanted, fmt.Sprintf("%q", quote.Brief(one.Descriptor.String())))
	}
	return &failure.ConfigError{Reason: fmt.Sprintf("the catalog names none of the input's streams: "+
		"the input has %s, the catalog %s; check the names and the namespaces of --catalog",
		firstOf(came), firstOf(wanted))}
}

// report logs what was skipped and returns how many records that were.
func (s *strangers) report(log *slog.Logger) (records int64) {
	for stream, n := range s.records {
		records += n
		log.Warn("records of a stream that the catalog lacks were skipped",
			"stream", quote.Brief(stream.String()), "records", n)
	}
	if s.others > 0 {
		log.Warn("records of further streams that the catalog lacks were skipped", "records", s.others)
	}
	return records + s.others
}

// byName are the counts as people read them; nil when there are none.
func (s *strangers) byName() map[string]int64 {
	if len(s.records) == 0 {
		return nil
	}
	names := map[string]int64{}
	for d, n := range s.records {
		names[d.String()] += n
	}
	if s.others > 0 {
		names["(further streams)"] = s.others
	}
	return names
}

// firstOf lists the first few.
func firstOf(names []string) string {
	if len(names) == 0 {
		return "no stream"
	}
	more := ""
	if n := len(names) - namedStreams; n > 0 {
		names, more = names[:namedStreams], fmt.Sprintf(" and %d more", n)
	}
	return strings.Join(names, ", ") + more
}
