package intake

import (
	"log/slog"

	"destination-astra/protocol"
)

// seen is what an input has shown of one stream.
type seen struct {
	record bool // one came, also if it was rejected
	state  bool // one came that names the stream
	open   bool // a record came after the last state
}

// sawState notes a state. A LEGACY state names no stream: it speaks for a stream
// that is alone in its catalog.
func (all *Streams) sawState(s *protocol.State) {
	if s.Type == protocol.StateLegacy && len(all.List) == 1 {
		all.List[0].sawState()
		return
	}
	if !all.endDecides {
		return // nobody asks, and a GLOBAL state can be large
	}
	for _, d := range s.Streams() {
		if one := all.byName[d]; one != nil {
			one.sawState()
		}
	}
}

func (s *Stream) sawState() {
	s.seen.state, s.seen.open = true, false
}

func (s *Stream) sawRecord() {
	s.seen.record, s.seen.open = true, true
}

// CompletedByEnd decides, when the input has ended without a single STREAM_STATUS,
// whether a stream that its caller overwrites without numbers was complete: what a
// caller too old for statuses cannot say itself (ADR 0018). Only what came of this
// very stream counts. The log says what was decided, and why.
func (s *Stream) CompletedByEnd(onPlatform, allowEmpty bool, log *slog.Logger) bool {
	switch {
	case !s.seen.record && !s.seen.state && !allowEmpty:
		log.Warn("nothing came of the stream: its older data is kept; "+
			"set processing.allow_empty_overwrite to have it deleted", "stream", s.Descriptor)
		return false
	case s.seen.open && s.seen.state:
		log.Warn("the input ended behind records that no state covers, as that of a source that failed does: "+
			"the stream's older data is kept", "stream", s.Descriptor)
		return false
	case s.seen.open && onPlatform:
		log.Warn("no state and no stream status came of the stream, so that it cannot be told whether its source "+
			"failed: the stream's older data is kept", "stream", s.Descriptor)
		return false
	}
	log.Warn("the input ended without a stream status: its end is taken as the stream's completion",
		"stream", s.Descriptor)
	return true
}
